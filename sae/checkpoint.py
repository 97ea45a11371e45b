"""SAEs on disk in SAELens's layout: `cfg.json` and `sae_weights.safetensors`, a folder each.

SAELens keeps W_enc as (d_model, n_latents), where it is (n_latents, d_model) here. Two of its options are folded
into the weights on loading, exactly: encoding that does not subtract b_dec has b_enc <- b_enc + W_enc b_dec, and
activations multiplied by decoder norms have W_enc_j, b_enc_j times |W_dec_j|, and W_dec_j divided by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.errors import UserError
from data.files import new_folder, read_json, write_json
from sae.model import SparseAutoencoder

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"


def save_autoencoder(sae: SparseAutoencoder, folder: Path) -> None:
    """Write the folder whole, replacing an older one; `trained_on` travels in SAELens's metadata."""
    with new_folder(folder) as new:
        tensors = {"W_enc": sae.W_enc.T, "b_enc": sae.b_enc, "W_dec": sae.W_dec, "b_dec": sae.b_dec}
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, new / WEIGHTS)
        write_json(
            new / CONFIG,
            {
                "architecture": "topk",
                "d_in": sae.d_model,
                "d_sae": sae.n_latents,
                "k": sae.k,
                "dtype": "float32",
                "device": "cpu",
                "apply_b_dec_to_input": True,
                "normalize_activations": "none",
                "rescale_acts_by_decoder_norm": False,
                "reshape_activations": "none",
                # SAELens drops the metadata of layouts older than 6.0.
                "metadata": {"sae_lens_version": "6.0.0", "trained_on": dict(sae.trained_on)},
            },
        )


def load_autoencoder(folder: Path) -> SparseAutoencoder:
    """The SAE in a folder that this project or SAELens wrote; anything but a Top-K SAE is a `UserError`."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give one that holds {CONFIG} and {WEIGHTS}")
    config = read_json(folder / CONFIG)
    _refuse_what_differs(config, folder)
    W_enc, b_enc, W_dec, b_dec = _tensors(folder / WEIGHTS, config["d_in"], config["d_sae"])
    if not config.get("apply_b_dec_to_input", True):
        b_enc = b_enc + W_enc @ b_dec
    if config.get("rescale_acts_by_decoder_norm", False):
        norms = W_dec.norm(dim=1)
        W_enc, b_enc, W_dec = W_enc * norms[:, None], b_enc * norms, W_dec / norms[:, None]
    metadata = config.get("metadata") or {}
    trained_on = metadata.get("trained_on") or {k: v for k, v in metadata.items() if v is not None}
    return SparseAutoencoder(
        W_enc.contiguous(), b_enc, W_dec, b_dec, config["k"], trained_on, f"SAE {folder.name}"
    )


def _refuse_what_differs(config: Any, folder: Path) -> None:
    if not isinstance(config, dict) or not {"architecture", "d_in", "d_sae"} <= config.keys():
        raise UserError(
            f"{folder / CONFIG} does not describe an SAE: it needs architecture, d_in, d_sae and k"
        )
    if config["architecture"] != "topk" or "k" not in config:
        raise UserError(
            f"{folder} holds a {config['architecture']} SAE, and only Top-K SAEs (topk) load here"
        )
    for option in ("normalize_activations", "reshape_activations"):
        if config.get(option, "none") != "none":
            raise UserError(
                f"{folder} was trained with {option} = {config[option]}, and only none loads here: "
                "fold it into the weights with SAELens first"
            )


def _tensors(path: Path, d_model: int, n_latents: int) -> tuple[torch.Tensor, ...]:
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is damaged ({error}): copy or train it again") from None
    shapes = {
        "W_enc": (d_model, n_latents),
        "b_enc": (n_latents,),
        "W_dec": (n_latents, d_model),
        "b_dec": (d_model,),
    }
    for name, shape in shapes.items():
        if name not in tensors or tuple(tensors[name].shape) != shape:
            got = tuple(tensors[name].shape) if name in tensors else "no such tensor"
            raise UserError(
                f"{path} should hold {name} of shape {shape}, as its {CONFIG} says, and has {got}"
            )
    W_enc, b_enc, W_dec, b_dec = (tensors[name].float() for name in shapes)
    return W_enc.T, b_enc, W_dec, b_dec
