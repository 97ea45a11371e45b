"""The quality card: what an SAE is worth, before anything is read into its latents.

Each number stands beside two controls, which tell what the SAE learned from what any sparse code would show:

    sae                  the SAE on its encoder
    random_directions    as many latents, but W_dec_j random unit vectors, W_enc = W_dec, b_enc = 0, b_dec = the
                         mean state of a sample; Top-K with the SAE's k (its mean L0, where it has a threshold)
    random_encoder       the SAE on the states of its encoder's twin with random weights

Texts go by once for each encoder, in parts, whatever the number of SAEs that read them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from analyses.quality_column import HeldOut, Progress, lexical_numbers, measure_columns
from analyses.quality_reading import pooling_head
from analyses.quality_record import FORMAT, QualityCard, Variant, card_path
from data.activations import ActivationStore
from data.control_encoders import random_twin
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint, read_json, write_json
from retrieval.pipeline import check_encoder, versions
from retrieval.study import Study
from sae.metrics import l0
from sae.model import SparseAutoencoder

__all__ = ["QualityCard", "card_path", "quality_card", "random_directions"]

SAMPLE_DOCUMENTS = 256


def quality_card(
    sae: SparseAutoencoder,
    study: Study,
    *,
    encoder: Encoder,
    held_out: Sequence[str] | None = None,
    held_out_name: str = "given text",
    store: ActivationStore | None = None,
    twin: Encoder | None = None,
    seed: int = 0,
    path: Path | None = None,
    progress: Progress | None = None,
) -> QualityCard:
    """Measure an SAE on a study's texts and keep the card at `path` (None: `card_path`); that very card is reused.

    sae: the study's own, or any other that reads `encoder`. held_out: texts that the SAE has not read; without them
    the study's documents, if it was trained on another text, or else the study's queries. store: the encoder's
    states of exactly the study's documents, if they are kept. twin: the encoder with random weights; None loads it.
    progress: the stage, texts done, of all. An interrupted call leaves no card; the next one goes on with the
    encoder that was not finished.
    """
    check_encoder(sae, encoder)
    path = path or card_path(study, sae.fingerprint)
    chosen = choose_held_out(sae, study, held_out, held_out_name)
    twin_name = twin.config.model if twin else _twin_name(encoder)
    plan = fingerprint(
        {
            "format": FORMAT,
            "sae": sae.fingerprint,
            "study": study.manifest["fingerprint"],
            "encoder": encoder.describe(),
            "twin": [twin_name, twin.fingerprint if twin else ""],
            "held_out": asdict(chosen) if chosen else None,
            "seed": seed,
        }
    )
    if path.is_file() and read_json(path).get("plan") == plan:
        return QualityCard.open(path)
    work = _work_folder(path, plan)
    sae = sae.to(encoder.device)

    def columns_of(reader: Encoder, saes: dict[str, SparseAutoencoder]) -> list[Variant]:
        states = store if reader is encoder else None
        columns = measure_columns(study, reader, saes, chosen, work, states, progress)
        for column in columns:
            write_json(work / f"{column.name}.json", asdict(column))
        return columns

    columns = _finished(work, "sae", "random_directions")
    if not columns:
        control = random_directions(sae, _sample(study, encoder, seed), seed)
        columns = columns_of(encoder, {"sae": sae, "random_directions": control})
    if twin_name:
        columns += _finished(work, "random_encoder") or columns_of(
            twin or Encoder.load(replace(encoder.config, model=twin_name)), {"random_encoder": sae}
        )
    card = QualityCard(
        plan=plan,
        sae=_described(sae),
        encoder=encoder.describe(),
        twin=twin_name,
        study={
            "name": study.name,
            "fingerprint": study.manifest["fingerprint"],
            "collection": study.manifest["collection"]["name"],
            "pooling": study.pooling,
            "n_judged_queries": len(study.qrels),
        },
        texts=_texts(study, chosen, columns[0]),
        variants=tuple(columns),
        baselines=tuple(lexical_numbers(study)) if study.queries else (),
        notes=_notes(study, encoder, chosen, twin_name),
        seed=seed,
        versions=versions(),
    )
    card.save(path)
    shutil.rmtree(work)
    return QualityCard.open(path)


def choose_held_out(
    sae: SparseAutoencoder, study: Study, given: Sequence[str] | None, name: str
) -> HeldOut | None:
    """The given text; else the study's documents where the SAE was trained on another text; else its queries."""
    text, collection = sae.trained_on.get("text"), study.manifest["collection"]
    if given is not None:
        if not given:
            raise UserError("the held-out text is empty: give at least one text, or leave it out")
        return HeldOut("given", name, f"{name}; whether the SAE has read it is not checked.", tuple(given))
    if not isinstance(text, Mapping) or "fingerprint" not in text:
        why = "The study's documents; the SAE does not say what it was trained on, so this cannot be checked."
        return HeldOut("documents", collection["name"], why)
    if text["fingerprint"] != collection["fingerprint"]:
        why = f"The study's documents; the SAE was trained on {text.get('name', 'another text')}."
        return HeldOut("documents", collection["name"], why)
    if not study.queries:
        return None
    why = "The study's queries, which are short; the SAE was trained on the study's documents."
    return HeldOut("queries", f"queries of {collection['name']}", why)


def random_directions(sae: SparseAutoencoder, states: NDArray[Any], seed: int) -> SparseAutoencoder:
    """An SAE as wide and as sparse with random directions; states: a sample of tokens, (n_tokens, d_model)."""
    k = sae.k
    if sae.threshold is not None:
        k = round(l0(sae.encode(torch.from_numpy(states).float().to(sae.device))[0]))
    drawn = drawn_directions(sae.n_latents, min(max(k, 1), sae.n_latents), states, seed)
    return replace(drawn, name=f"random directions for {sae.name}").to(sae.device)


def drawn_directions(n_latents: int, k: int, states: NDArray[Any], seed: int) -> SparseAutoencoder:
    """Top-K over directions of unit length drawn from the seed, about the mean of states, (n_tokens, d_model)."""
    sample = torch.from_numpy(states).float()
    generator = torch.Generator().manual_seed(seed)
    W = torch.nn.functional.normalize(torch.randn(n_latents, sample.shape[1], generator=generator), dim=1)
    return SparseAutoencoder(
        W_enc=W, b_enc=torch.zeros(n_latents), W_dec=W, b_dec=sample.mean(0), k=k, name="random directions"
    )


def _twin_name(encoder: Encoder) -> str:
    model = encoder.config.model
    return "" if random_twin(model) else f"random:{model}"


def _sample(study: Study, encoder: Encoder, seed: int) -> NDArray[np.float16]:
    """States of documents chosen by the seed, (n_tokens, d_model); the same whether or not a store is at hand."""
    rows = np.random.default_rng(seed).permutation(len(study.corpus))[:SAMPLE_DOCUMENTS]
    return encoder.encode([study.corpus.texts[int(row)] for row in rows]).states.values


def _work_folder(path: Path, plan: str) -> Path:
    """Where finished columns are kept until the card is whole; those of another plan are dropped."""
    work = path.with_name(f".{path.stem}.building")
    record = work / "plan.json"
    if not (record.is_file() and read_json(record) == plan):
        shutil.rmtree(work, ignore_errors=True)
        write_json(record, plan)
    return work


def _finished(work: Path, *names: str) -> list[Variant]:
    """The columns of these names that an earlier call finished: all of them or none."""
    files = [work / f"{name}.json" for name in names]
    return [Variant.from_dict(read_json(file)) for file in files] if all(map(Path.is_file, files)) else []


def _described(sae: SparseAutoencoder) -> dict[str, Any]:
    return {
        "name": sae.name,
        "fingerprint": sae.fingerprint,
        "architecture": sae.architecture,
        "n_latents": sae.n_latents,
        "d_model": sae.d_model,
        "k": sae.k,
        "trained_on": dict(sae.trained_on),
    }


def _texts(study: Study, held_out: HeldOut | None, column: Variant) -> dict[str, dict[str, Any]]:
    """What was read: name, number of texts and of tokens; of the held-out text its kind, and how far it is that."""
    n_tokens = {number.text: number.n for number in column.numbers if number.measure == "fvu"}
    texts = {
        "documents": {
            "name": study.manifest["collection"]["name"],
            "n_texts": len(study.corpus),
            "n_tokens": n_tokens["documents"],
        }
    }
    if held_out:
        n_texts = {
            "given": len(held_out.texts),
            "documents": len(study.corpus),
            "queries": len(study.queries),
        }
        texts["held_out"] = {
            "name": held_out.name,
            "n_texts": n_texts[held_out.kind],
            "n_tokens": n_tokens["held_out"],
            "kind": held_out.kind,
            "why": held_out.why,
        }
    return texts


def _notes(study: Study, encoder: Encoder, held_out: HeldOut | None, twin_name: str) -> tuple[str, ...]:
    """What the card does not show, and why."""
    notes = [pooling_head(encoder)[1]]
    if held_out is None:
        notes.append(
            "No text is held out: the SAE was trained on the study's documents, and the study has no queries."
        )
    if not study.queries:
        notes.append("Nothing is ranked: the study has no queries.")
    elif not study.qrels:
        notes.append("nDCG and recall are not measured: the study has no relevance judgements.")
    if not twin_name:
        notes.append("The encoder's weights are random already, so it has no twin to compare with.")
    return tuple(note for note in notes if note)
