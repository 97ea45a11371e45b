"""SAEs on disk in SAELens's layout: one folder per SAE, with `cfg.json` and `sae_weights.safetensors`.

SAELens stores W_enc as (d_model, n_latents); here W_enc is (n_latents, d_model). Loading folds two of its options
into the weights, exactly: for an encoder that does not subtract b_dec, b_enc <- b_enc + W_enc b_dec; for
activations multiplied by decoder norms, W_enc_j and b_enc_j are multiplied by |W_dec_j|, and W_dec_j is divided by
it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.checksums import FILES, listed, signed
from data.errors import UserError
from data.files import check_listed, new_folder, read_json_object, write_json
from sae.model import SparseAutoencoder

CONFIG, WEIGHTS, CHECKSUMS = "cfg.json", "sae_weights.safetensors", "checksums.json"
ARCHITECTURES = ("topk", "jumprelu", "standard")


def save_autoencoder(sae: SparseAutoencoder, folder: Path, also: Mapping[str, Path] | None = None) -> None:
    """Write the folder, completely or not at all, over an older one; `cfg.json`'s metadata holds `trained_on`.

    also: name -> source of further files. `checksums.json`, written last, lists the SHA-256 of all.
    """
    tensors = {"W_enc": sae.W_enc.T, "b_enc": sae.b_enc, "W_dec": sae.W_dec, "b_dec": sae.b_dec}
    if sae.threshold is not None and sae.architecture == "jumprelu":
        tensors["threshold"] = sae.threshold
    with new_folder(folder) as new:
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, new / WEIGHTS)
        write_json(new / CONFIG, _config_of(sae))
        for name, source in (also or {}).items():
            shutil.copy(source, new / name)
        write_json(new / CHECKSUMS, signed({FILES: listed(new)}))


def _config_of(sae: SparseAutoencoder) -> dict[str, Any]:
    return {
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
        "metadata": {"sae_lens_version": "6.0.0", "name": sae.name, "trained_on": dict(sae.trained_on)},
    }


def load_autoencoder(folder: Path) -> SparseAutoencoder:
    """The SAE in a folder that this project or SAELens wrote.

    A missing or damaged file, an architecture other than ARCHITECTURES, or normalised or reshaped activations raise
    a `UserError`.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder: give one that holds {CONFIG} and {WEIGHTS}")
    check_listed(folder, CHECKSUMS)
    config = read_json_object(folder / CONFIG)
    _check_config(config, folder)
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


def _is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def _check_config(config: Mapping[str, Any], folder: Path) -> None:
    sizes = [config.get(name) for name in ("d_in", "d_sae")]
    if not isinstance(config.get("architecture"), str) or not all(map(_is_size, sizes)):
        raise UserError(
            f"{folder / CONFIG} does not describe an SAE: expected architecture, and d_in and d_sae above 0, got "
            f"{ {name: config.get(name) for name in ('architecture', 'd_in', 'd_sae')} }"
        )
    if config["architecture"] not in ARCHITECTURES:
        raise UserError(
            f"{folder} holds a {config['architecture']} SAE: expected one of {', '.join(ARCHITECTURES)}"
        )
    if config["architecture"] == "topk" and "k" not in config:
        raise UserError(f"{folder / CONFIG} describes a Top-K SAE without its k: add k to that file")
    if config["architecture"] == "topk" and not (_is_size(config["k"]) and config["k"] <= config["d_sae"]):
        raise UserError(
            f"{folder / CONFIG} has k {config['k']!r}: expected a whole number from 1 to {config['d_sae']}"
        )
    if not isinstance(config.get("metadata") or {}, dict):
        raise UserError(f"{folder / CONFIG} has metadata that is no object: remove it, or restore the file")
    for option in ("normalize_activations", "reshape_activations"):
        if config.get(option, "none") != "none":
            raise UserError(
                f"{folder} was trained with {option} = {config[option]}, and only none loads here: "
                "fold it into the weights with SAELens first"
            )


def _tensors(path: Path, config: Mapping[str, Any]) -> dict[str, torch.Tensor]:
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
                f"{path} should hold {name} of shape {shape}, as its {CONFIG} says, but has {got}: copy or train "
                "it again"
            )
        if not tensors[name].is_floating_point():
            raise UserError(
                f"{path} holds {name} as {tensors[name].dtype}, expected floating point: dequantise it first"
            )
    weights = {name: tensors[name].float() for name in shapes}
    if odd := [name for name, values in weights.items() if not bool(torch.isfinite(values).all())]:
        raise UserError(f"{path} holds NaN or infinity in {', '.join(odd)}: copy or train it again")
    return weights
