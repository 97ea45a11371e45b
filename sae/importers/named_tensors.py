"""A plain file of named tensors, of no particular library: a .safetensors, or a state_dict in a .pt.

Encoder and decoder may be stored in either orientation: the lengths of the two biases tell which. The metadata of a
.safetensors (or plain values beside the tensors of a .pt) may state `k` and `apply_b_dec_to_input`. OpenAI's
sparse_autoencoder saves such a .pt (encoder.weight, decoder.weight, pre_bias, latent_bias).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from data.errors import UserError
from sae.importers.parts import Parts, decided, to_autoencoder, without_centring
from sae.importers.tensors import Tensors, read_safetensors
from sae.model import SparseAutoencoder

ALIASES = {
    "W_enc": ("W_enc", "encoder.weight"),
    "b_enc": ("b_enc", "encoder.bias", "latent_bias"),
    "W_dec": ("W_dec", "decoder.weight"),
    "b_dec": ("b_dec", "pre_bias", "bias", "decoder.bias"),
}


def read_file(path: Path, k: int | None = None) -> SparseAutoencoder:
    """The SAE of a .safetensors file. k: latents per token, for a file without k and without a threshold."""
    tensors, metadata = read_safetensors(path)
    return autoencoder_of_names(tensors, metadata, path, k)


def autoencoder_of_names(
    tensors: Tensors, beside: Mapping[str, Any], path: Path, k: int | None = None
) -> SparseAutoencoder:
    """The SAE of tensors under the names in ALIASES; `beside` holds the file's values other than tensors.

    Missing or ambiguous tensors, and a normalisation of single states, raise a `UserError`.
    """
    if beside.get("activation") == "TopK":
        raise UserError(
            f"{path} is a Top-K SAE of OpenAI's sparse_autoencoder, which divides each state by its own standard "
            "deviation, which no weights can do: it cannot be loaded"
        )
    names = {role: _name_of(role, tensors, path) for role in ALIASES}
    b_enc, b_dec = tensors.weights(names["b_enc"], names["b_dec"])
    W_enc, W_dec = (
        _rows_are_latents(tensors, names[role], len(b_enc), len(b_dec), path) for role in ("W_enc", "W_dec")
    )
    stated = tensors["k"] if "k" in tensors else beside.get("k")
    chosen, threshold = decided(
        _whole(stated, path), _threshold(tensors, len(b_enc), beside.get("activation")), k, path
    )
    parts = Parts(path, W_enc, b_enc, W_dec, b_dec, chosen, threshold)
    centring = beside.get("apply_b_dec_to_input")
    # A Linear decoder's bias is only added; a bias with a name of its own is usually subtracted from the state too.
    centred = names["b_dec"] != "decoder.bias" if centring is None else str(centring).lower() == "true"
    says = {
        "names": names,
        "b_dec": f"{'subtracted from' if centred else 'not subtracted from'} the state before encoding, "
        + ("as its name suggests" if centring is None else "as the file says"),
        "metadata": {name: value for name, value in beside.items() if isinstance(value, str | int | float)},
    }
    origin = {"imported": {"format": "named tensors", "says": says}}
    return to_autoencoder(parts if centred else without_centring(parts), origin)


def _name_of(role: str, tensors: Tensors, path: Path) -> str:
    names = [name for name in ALIASES[role] if name in tensors]
    if len(names) == 1:
        return names[0]
    if names:
        raise UserError(
            f"{path} holds both {' and '.join(names)}, and one {role} was expected: keep one of them"
        )
    held = ", ".join(sorted(tensors)[:8]) or "no tensors"
    raise UserError(
        f"{path} is no SAE that can be read: expected a tensor {role} (or {', '.join(ALIASES[role][1:])}), and it "
        f"holds {held}"
    )


def _rows_are_latents(tensors: Tensors, name: str, n_latents: int, d_model: int, path: Path) -> torch.Tensor:
    """The tensor as (n_latents, d_model), whatever its orientation in the file."""
    (tensor,) = tensors.weights(name)
    if n_latents == d_model:
        raise UserError(
            f"{path} has as many latents as dimensions ({d_model}), so nothing tells whether {name} is stored "
            "latent by latent: save the SAE in SAELens's layout"
        )
    if tuple(tensor.shape) not in ((n_latents, d_model), (d_model, n_latents)):
        raise UserError(
            f"{path}: expected {name} of shape {(n_latents, d_model)} or {(d_model, n_latents)}, as its "
            f"biases have {n_latents} latents and {d_model} dimensions, got {tuple(tensor.shape)}"
        )
    return tensor if tensor.shape[0] == n_latents else tensor.T


def _threshold(tensors: Tensors, n_latents: int, activation: object) -> torch.Tensor | None:
    if activation == "ReLU":
        return torch.zeros(n_latents)
    if "log_threshold" in tensors:
        threshold = tensors.weights("log_threshold")[0].exp()
    elif "threshold" in tensors:
        (threshold,) = tensors.weights("threshold")
    else:
        return None
    return threshold.expand(n_latents) if threshold.numel() == 1 else threshold


def _whole(k: Any, path: Path) -> int | None:
    try:
        return None if k is None else int(k)
    except (TypeError, ValueError, RuntimeError):
        raise UserError(f"{path} says k = {k!r}, expected one whole number") from None
