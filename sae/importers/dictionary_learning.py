"""saprmarks' dictionary_learning: `ae.pt`, a state_dict, and the run's `config.json` beside it or one folder above.

Latents equal those of the library's own `encode` after its `load_dictionary`: BatchTopK and Matryoshka SAEs use
their threshold, Top-K SAEs do not, and AutoEncoder has decoder rows scaled to norm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from data.errors import UserError
from data.files import read_json
from sae.importers.named_tensors import autoencoder_of_names
from sae.importers.parts import Parts, decided, to_autoencoder, ungated, with_unit_decoder, without_centring
from sae.importers.tensors import Tensors, read_torch
from sae.model import SparseAutoencoder

ARCHITECTURES = {
    "AutoEncoder": "standard",
    "AutoEncoderNew": "standard",
    "AutoEncoderTopK": "topk",
    "BatchTopKSAE": "batchtopk",
    "MatryoshkaBatchTopKSAE": "matryoshka",
    "JumpReluAutoEncoder": "jumprelu",
    "GatedAutoEncoder": "gated",
}
LINEAR = {"encoder.weight", "encoder.bias", "decoder.weight"}


def read_file(path: Path, k: int | None = None) -> SparseAutoencoder:
    """The SAE of an `ae.pt`. k: latents per token, for a file whose tensors and configuration do not state it.

    A class other than ARCHITECTURES, or a missing k, raises a `UserError`.
    """
    tensors, beside = read_torch(path)
    config = _config(path)
    trainer = config.get("trainer", {})
    classes = [trainer["dict_class"]] if "dict_class" in trainer else _classes_of(set(tensors))
    if not classes:
        return autoencoder_of_names(tensors, beside, path, k)
    if classes[0] not in ARCHITECTURES:
        raise UserError(
            f"{path} holds a {classes[0]}, which cannot be loaded: expected one of {', '.join(ARCHITECTURES)}"
        )
    parts = _parts(classes[0], tensors, trainer.get("k", k), path)
    if len(classes) > 1:
        stated = int(tensors["k"]) if "k" in tensors else None
        chosen, threshold = decided(stated, _one_threshold(tensors, parts), k, path)
        parts = replace(parts, k=chosen, threshold=threshold)
        classes = classes[:1] if threshold is None else classes[1:]
    says = {
        "class": classes[0],
        "model": trainer.get("lm_name"),
        "layer": trainer.get("layer"),
        "hook_point": trainer.get("submodule_name"),
        "config": config or None,
    }
    says = {name: value for name, value in says.items() if value is not None}
    origin = {
        "training": {"architecture": ARCHITECTURES[classes[0]]},
        "imported": {"format": "dictionary_learning", "says": says},
    }
    return to_autoencoder(parts, origin)


def _config(path: Path) -> dict[str, Any]:
    for place in (path.parent, path.parent.parent):
        if (place / "config.json").is_file():
            config = read_json(place / "config.json")
            return config if isinstance(config, dict) and isinstance(config.get("trainer"), Mapping) else {}
    return {}


def _classes_of(names: set[str]) -> list[str]:
    """The classes whose tensors have these names: none, one, or both Top-K and BatchTopK, which share theirs."""
    if {"gate_bias", "r_mag", "mag_bias"} <= names:
        return ["GatedAutoEncoder"]
    if {"W_enc", "group_sizes"} <= names:
        return ["MatryoshkaBatchTopKSAE"]
    if names == {"W_enc", "b_enc", "W_dec", "b_dec", "threshold"}:
        return ["JumpReluAutoEncoder"]
    if names == LINEAR | {"bias"}:
        return ["AutoEncoder"]
    if names == LINEAR | {"decoder.bias"}:
        return ["AutoEncoderNew"]
    if LINEAR | {"b_dec"} <= names <= LINEAR | {"b_dec", "k", "threshold"}:
        return ["AutoEncoderTopK", "BatchTopKSAE"]
    return []


def _parts(name: str, tensors: Tensors, k: int | None, path: Path) -> Parts:
    """The weights of a class, with the equations of its `encode` converted to those of `sae.model`."""
    if name in ("JumpReluAutoEncoder", "MatryoshkaBatchTopKSAE"):
        W_enc, b_enc, W_dec, b_dec = tensors.weights("W_enc", "b_enc", "W_dec", "b_dec")
        parts = Parts(path, W_enc.transpose(0, -1), b_enc, W_dec, b_dec)
    elif name == "GatedAutoEncoder":
        W_enc, W_dec, b_dec = tensors.weights("encoder.weight", "decoder.weight", "decoder_bias")
        gates = tensors.weights("r_mag", "gate_bias", "mag_bias")
        return ungated(Parts(path, W_enc, torch.zeros(len(W_enc)), W_dec.transpose(0, -1), b_dec), *gates)
    else:
        bias = {"AutoEncoder": "bias", "AutoEncoderNew": "decoder.bias"}.get(name, "b_dec")
        W_enc, b_enc, W_dec, b_dec = tensors.weights("encoder.weight", "encoder.bias", "decoder.weight", bias)
        parts = Parts(path, W_enc, b_enc, W_dec.transpose(0, -1), b_dec)
    match name:
        case "AutoEncoder":
            return with_unit_decoder(replace(parts, threshold=torch.zeros(len(b_enc))))
        case "AutoEncoderNew":
            return without_centring(replace(parts, threshold=torch.zeros(len(b_enc))))
        case "AutoEncoderTopK":
            return replace(parts, k=int(tensors["k"]) if "k" in tensors else k)
        case "JumpReluAutoEncoder":
            return without_centring(replace(parts, threshold=tensors.weights("threshold")[0]))
    tensors["threshold"]  # required: without it, the library's latents depend on the other tokens of a batch
    return replace(parts, threshold=_one_threshold(tensors, parts))


def _one_threshold(tensors: Tensors, parts: Parts) -> torch.Tensor | None:
    """The one threshold of all latents, (n_latents,); -1, before training sets it, passes every latent above 0."""
    if "threshold" not in tensors:
        return None
    return tensors.weights("threshold")[0].expand(len(parts.b_enc))
