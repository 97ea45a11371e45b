"""An SAE on the Hugging Face hub: SAELens's layout, and a model card made from what was measured of it.

README.md                  the model card: trained on what, worth what, beside which controls, how to load it
cfg.json, sae_weights.safetensors, checksums.json
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyses.saes.card_record import QualityCard
from data.errors import UserError
from data.files import new_file
from sae.checkpoint import save_autoencoder
from sae.model import SparseAutoencoder
from workbench.findings.markdown_zip import plain, table_lines
from workbench.making.laboratory import card_rows

NAME = re.compile(r"hf:([\w.-]+/[\w.-]+)")
EMBEDDED, HUB_ID = "minilm", "sentence-transformers/all-MiniLM-L6-v2"


def write_release(
    sae: SparseAutoencoder,
    folder: Path,
    repository: str,
    licence: str,
    card: QualityCard | None,
) -> None:
    """Write what is uploaded into a new folder."""
    save_autoencoder(sae, folder)
    with new_file(folder / "README.md") as file:
        file.write_text(model_card(sae, repository, licence, card), encoding="utf-8")


def released(sae: SparseAutoencoder, encoder: str | None) -> SparseAutoencoder:
    """The SAE as others may read it: its encoder by a name of the hub.

    encoder: that name, where the SAE was trained on a folder of this machine, which is a `UserError` without it.
    """
    record = dict(sae.trained_on)
    described = dict(record.get("encoder") or {})
    config = dict(described.get("config") or {})
    model = str(config.get("model", ""))
    if encoder is None and Path(model).is_absolute():
        raise UserError(
            f"the SAE was trained on the encoder in {model}, a folder of this machine: say where others find it, "
            "with --encoder OWNER/NAME"
        )
    if not config:
        return sae
    name = encoder or (HUB_ID if model == EMBEDDED else model)
    return replace(sae, trained_on=record | {"encoder": described | {"config": config | {"model": name}}})


def model_card(
    sae: SparseAutoencoder,
    repository: str,
    licence: str,
    card: QualityCard | None,
) -> str:
    """The model card, Markdown with the hub's header."""
    trained = sae.trained_on
    config: Mapping[str, Any] = (trained.get("encoder") or {}).get("config") or {}
    text: Mapping[str, Any] = trained.get("text") or {}
    training: Mapping[str, Any] = trained.get("training") or {}
    lines = ["---", f"license: {licence}", "library_name: saelens", "tags:"]
    lines += ["- sparse-autoencoder", "- latent-terms", "- information-retrieval"]
    if model := config.get("model"):
        lines += [f"base_model: {plain(model)}"]
    lines += ["---", "", f"# {plain(repository.split('/')[1])}", ""]
    lines += [
        "A sparse autoencoder on a retriever's token states. Its latents are terms: BM25 over them ranks documents",
        "(Latent Terms, [arXiv 2605.29384](https://arxiv.org/abs/2605.29384)).",
        "",
        "## What it is",
        "",
    ]
    k = f", {sae.k} active on each token" if sae.threshold is None else ""
    facts = [("Architecture", f"{sae.architecture}, {sae.n_latents:,} latents of width {sae.d_model:,}{k}")]
    facts += [("Encoder", f"{config.get('model')}, {_layer(config)}")] if config else []
    facts += [("Trained on", str(text["name"]))] if text.get("name") else []
    facts += [("Tokens read", f"{training['n_tokens']:,}")] if training.get("n_tokens") else []
    lines += [f"- {name}: {plain(value)}" for name, value in facts]
    lines += ["", "## What it is worth", "", *_measured(card), "", "## How to load it", ""]
    lines += [
        "```python",
        "from sae_lens import SAE",
        "",
        f'sae = SAE.from_pretrained("{repository}", ".")',
        "```",
        "",
        "In the latent terms workbench:",
        "",
        "```sh",
        f"workbench index --sae hf:{repository} --collection PATH --out studies/mine",
        "```",
        "",
    ]
    return "\n".join(lines)


def push(folder: Path, repository: str, private: bool = False) -> str:
    """Upload a folder as a model repository, made if it is not there; returns its address.

    A hub that refuses or cannot be reached is a `UserError`.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    try:
        api = HfApi()
        api.create_repo(repository, private=private, exist_ok=True)
        done = api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Sparse autoencoder")
        return str(done.commit_url)
    except LocalTokenNotFoundError:
        raise UserError("the Hugging Face hub wants a login: `hf auth login`, or set HF_TOKEN") from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        what = (
            "wants a login: `hf auth login`, or set HF_TOKEN"
            if status in (401, 403)
            else f"refused ({error})"
        )
        raise UserError(f"the Hugging Face hub {what}; nothing of {repository} was changed") from None
    except Exception as error:  # network, proxy and name errors of several libraries
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the Hugging Face hub cannot be reached ({reason}): try again later") from None


def repository_of(target: str) -> str:
    """OWNER/NAME of hf:OWNER/NAME; anything else is a `UserError`."""
    match = NAME.fullmatch(target)
    if match is None:
        raise UserError(f"{target!r} names no repository to push to: expected hf:OWNER/NAME")
    return match[1]


def _measured(card: QualityCard | None) -> Sequence[str]:
    if card is None:
        return ["Not measured: no quality card was given (`workbench sae-card SAE --study STUDY`)."]
    lines = [
        f"On {plain(card.study.get('name', 'a study'))}, beside untrained random directions and the same SAE on an "
        "encoder with random weights:",
        "",
    ]
    return [
        *lines,
        *table_lines(card_rows(card).map(_shown)),
        "",
        *(f"- {plain(note)}" for note in card.notes),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value).replace("_", " ")


def _layer(config: Mapping[str, Any]) -> str:
    layer = config.get("layer")
    return "final hidden states" if layer is None else f"layer {layer}"
