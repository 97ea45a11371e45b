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
ARCHITECTURES = ("topk", "jumprelu", "standard")


def save_autoencoder(sae: SparseAutoencoder, folder: Path) -> None:
    """Write the folder whole, replacing an older one; `trained_on` travels in SAELens's metadata."""
    with new_folder(folder) as new:
        tensors = {"W_enc": sae.W_enc.T, "b_enc": sae.b_enc, "W_dec": sae.W_dec, "b_dec": sae.b_dec}
        if sae.threshold is not None and sae.architecture == "jumprelu":
            tensors["threshold"] = sae.threshold
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, new / WEIGHTS)
        write_json(
            new / CONFIG,
            {
                "architecture": sae.architecture,
                "d_in": sae.d_model,
                "d_sae": sae.n_latents,
                **({"k": sae.k, "rescale_acts_by_decoder_norm": False} if sae.architecture == "topk" else {}),
                "dtype": "float32",
                "device": "cpu",
                "apply_b_dec_to_input": True,
                "normalize_activations": "none",
                "reshape_activations": "none",
                # SAELens drops the metadata of layouts older than 6.0.
                "metadata": {
                    "sae_lens_version": "6.0.0",
                    "name": sae.name,
                    "trained_on": dict(sae.trained_on),
                },
            },
        )


def load_autoencoder(folder: Path) -> SparseAutoencoder:
    """The SAE in a folder that this project or SAELens wrote; of another architecture it is a `UserError`."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give one that holds {CONFIG} and {WEIGHTS}")
    config = read_json(folder / CONFIG)
    _refuse_what_differs(config, folder)
    tensors = _tensors(folder / WEIGHTS, config)
    W_enc, b_enc, W_dec, b_dec = tensors["W_enc"].T, tensors["b_enc"], tensors["W_dec"], tensors["b_dec"]
    if not config.get("apply_b_dec_to_input", True):
        b_enc = b_enc + W_enc @ b_dec
    if config.get("rescale_acts_by_decoder_norm", False):
        norms = W_dec.norm(dim=1)
        W_enc, b_enc, W_dec = W_enc * norms[:, None], b_enc * norms, W_dec / norms[:, None]
    threshold = None
    if config["architecture"] != "topk":
        threshold = tensors.get("threshold", torch.zeros_like(b_enc))
    metadata = config.get("metadata") or {}
    return SparseAutoencoder(
        W_enc.contiguous(),
        b_enc,
        W_dec,
        b_dec,
        config["k"] if threshold is None else len(W_enc),
        metadata.get("trained_on") or {k: v for k, v in metadata.items() if v is not None},
        metadata.get("name") or folder.name,
        threshold,
    )


def _refuse_what_differs(config: Any, folder: Path) -> None:
    if not isinstance(config, dict) or not {"architecture", "d_in", "d_sae"} <= config.keys():
        raise UserError(
            f"{folder / CONFIG} does not describe an SAE: it needs architecture, d_in, d_sae and k"
        )
    if config["architecture"] not in ARCHITECTURES:
        raise UserError(
            f"{folder} holds a {config['architecture']} SAE: expected one of {', '.join(ARCHITECTURES)}"
        )
    if config["architecture"] == "topk" and "k" not in config:
        raise UserError(f"{folder / CONFIG} describes a Top-K SAE without its k: add it there")
    for option in ("normalize_activations", "reshape_activations"):
        if config.get(option, "none") != "none":
            raise UserError(
                f"{folder} was trained with {option} = {config[option]}, and only none loads here: "
                "fold it into the weights with SAELens first"
            )


def _tensors(path: Path, config: Any) -> dict[str, torch.Tensor]:
    d_model, n_latents = config["d_in"], config["d_sae"]
    shapes: dict[str, tuple[int, ...]] = {
        "W_enc": (d_model, n_latents),
        "b_enc": (n_latents,),
        "W_dec": (n_latents, d_model),
        "b_dec": (d_model,),
    }
    if config["architecture"] == "jumprelu":
        shapes["threshold"] = (n_latents,)
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is damaged ({error}): copy or train it again") from None
    for name, shape in shapes.items():
        if name not in tensors or tuple(tensors[name].shape) != shape:
            got = tuple(tensors[name].shape) if name in tensors else "no such tensor"
            raise UserError(
                f"{path} should hold {name} of shape {shape}, as its {CONFIG} says, and has {got}"
            )
    return {name: tensors[name].float() for name in shapes}
