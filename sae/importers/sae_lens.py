"""SAELens: a folder with `cfg.json` and `sae_weights.safetensors`, of any version, or a name `release/sae_id`.

SAELens stores W_enc as (d_model, n_latents), and trained BatchTopK and Matryoshka SAEs as JumpReLU. Its training
checkpoints, which hold one `topk_threshold`, are read as SAELens would save them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from data.errors import UserError
from data.files import read_json
from sae.checkpoint import load_autoencoder
from sae.importers.parts import (
    Parts,
    check_finite,
    of_scaled_states,
    to_autoencoder,
    ungated,
    with_unit_decoder,
    without_centring,
)
from sae.importers.tensors import Tensors, read_safetensors
from sae.model import SparseAutoencoder

BATCHED = {"batchtopk": "batchtopk", "matryoshka_batchtopk": "matryoshka"}
READABLE = ("topk", "jumprelu", "standard", "gated", *BATCHED)
REFUSED = {
    "abstopk": "its latents may be negative, and BM25 needs counts of 0 or more",
    "matching_pursuit": "its latents are selected one after the other, not by one encoder",
    "temporal": "its latents depend on earlier tokens",
}
PER_TOKEN = "divides each state by a number of its own, which no weights can do: train with none instead"
NORMALISATIONS = {
    "expected_average_only_in": "needs a factor that the folder does not hold: load it with SAELens, call "
    "fold_activation_norm_scaling_factor, and save it again",
    "layer_norm": PER_TOKEN,
    "constant_norm_rescale": PER_TOKEN,
    "covariance_whitening": "is still apart from the weights: save it with SAELens's trainer, which folds it in",
}
ORIGIN = {
    "model": "model_name",
    "hook_point": "hook_name",
    "layer": "hook_layer",
    "dataset": "dataset_path",
    "context_size": "context_size",
    "version": "sae_lens_version",
}


def read_folder(folder: Path) -> SparseAutoencoder:
    """The SAE in a folder that SAELens or this project wrote; one that cannot be loaded exactly: a `UserError`."""
    config = read_json(folder / "cfg.json")
    if not isinstance(config, dict):
        raise UserError(
            f"{folder / 'cfg.json'} does not describe an SAE: expected an object with d_in and d_sae"
        )
    if (config.get("metadata") or {}).get("trained_on"):
        own = load_autoencoder(folder)
        check_finite(own, folder)
        return own
    scaler, sparsity = folder / "activation_scaler.json", folder / "sparsity.safetensors"
    factor = read_json(scaler).get("scaling_factor") if scaler.is_file() else None
    sae = autoencoder_of(config, read_safetensors(folder / "sae_weights.safetensors")[0], folder, factor)
    if not sparsity.is_file():
        return sae
    (log_density,) = read_safetensors(sparsity)[0].weights("sparsity")
    density = {"L0": float((10**log_density).sum()), "never_active": int((log_density < -9).sum())}
    imported = sae.trained_on["imported"]
    says = imported["says"] | {"density_in_training": density}
    return replace(sae, trained_on={**sae.trained_on, "imported": imported | {"says": says}})


def read_release(name: str) -> SparseAutoencoder:
    """The SAE `release/sae_id` of SAELens's directory, by its own downloader.

    An unknown name, a missing package sae-lens or a failed download raises a `UserError`.
    """
    release, _, sae_id = name.partition("/")
    try:
        from sae_lens import SAE
        from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory
    except ImportError:
        raise UserError(
            f"{name} is no file or folder here, and looking it up as a name of SAELens needs the package sae-lens, "
            "which is not installed: pip install sae-lens"
        ) from None
    releases = get_pretrained_saes_directory()
    if release not in releases:
        raise UserError(
            f"{name} is no file or folder here, and SAELens knows no release {release!r}{_near(release, releases)}"
            ": give a path, hf:OWNER/NAME of a Hugging Face repository, or RELEASE/SAE_ID"
        )
    if sae_id not in releases[release].saes_map:
        raise UserError(
            f"SAELens's release {release} has no SAE {sae_id!r}{_near(sae_id, releases[release].saes_map)}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pretrained = SAE.from_pretrained(release, sae_id)
    except Exception as error:  # network, proxy, disk and name errors of several libraries
        reason = (str(error).split("\n")[0] or type(error).__name__)[:200]
        raise UserError(
            f"{name} is not in the local cache and could not be downloaded by SAELens ({reason}): connect to a "
            "network, or give the folder of a copy"
        ) from error
    return autoencoder_of(pretrained.cfg.to_dict(), Tensors(name, pretrained.state_dict()), name)


def autoencoder_of(
    config: Mapping[str, Any], tensors: Tensors, where: object, scaling_factor: float | None = None
) -> SparseAutoencoder:
    """The SAE of SAELens's configuration and tensors. scaling_factor: factor of the states before encoding.

    A configuration that weights alone cannot express raises a `UserError`.
    """
    original, config = config, _modern(config)
    architecture = str(config["architecture"])
    _refuse(config, architecture, scaling_factor, where)
    W_enc, W_dec, b_dec = tensors.weights("W_enc", "W_dec", "b_dec")
    parts = Parts(where, W_enc.transpose(0, -1), torch.zeros(len(W_dec)), W_dec, b_dec)
    if architecture == "gated":
        parts = ungated(parts, *tensors.weights("r_mag", "b_gate", "b_mag"))
    else:
        parts = replace(parts, b_enc=tensors.weights("b_enc")[0])
    if scaling_factor is not None:
        parts = of_scaled_states(parts, scaling_factor)
    unit = (
        1.0  # of BatchTopK's learnt threshold: latents times decoder norms, which scaled states have changed
    )
    if config.get("rescale_acts_by_decoder_norm"):
        parts, unit = with_unit_decoder(parts), scaling_factor or 1.0
    parts = replace(parts, k=config.get("k"), threshold=_threshold(architecture, tensors, parts, unit))
    if config.get("finetuning_scaling_factor"):  # SAELens before 6.0: a factor for each latent in the decoder
        name = "scaling_factor" if "scaling_factor" in tensors else "finetuning_scaling_factor"
        (factors,) = tensors.weights(name)
        parts.expect(name, factors, (len(W_dec),))
        parts = replace(parts, W_dec=parts.W_dec * factors[:, None])
    if not config.get("apply_b_dec_to_input", True):
        parts = without_centring(parts)
    says = {name: config["metadata"].get(key) for name, key in ORIGIN.items()}
    says = {name: value for name, value in says.items() if value is not None} | {"config": dict(original)}
    origin = {
        "training": {"architecture": BATCHED.get(architecture, architecture)},
        "imported": {"format": "SAELens", "says": says},
    }
    return to_autoencoder(parts, origin)


def _modern(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration of any version in the form of SAELens 6; older ones have no metadata of their own."""
    if "metadata" in config:
        return {"architecture": "standard", **config, "metadata": config["metadata"] or {}}
    hook_point = config.get("hook_name") or config.get("hook_point") or ""
    kwargs = config.get("activation_fn_kwargs") or {}
    activation = config.get("activation_fn") or config.get("activation_fn_str") or "relu"
    architecture = config.get("architecture") or "standard"
    normalise = config.get("normalize_activations") or "none"
    return {
        "reshape_activations": "hook_z" if "hook_z" in hook_point else "none",
        **config,
        "architecture": activation if architecture == "standard" and activation != "relu" else architecture,
        **({"k": kwargs["k"]} if "k" in kwargs else {}),
        "normalize_activations": "expected_average_only_in" if normalise is True else normalise,
        "metadata": {**config, "hook_name": hook_point or None},
    }


def _refuse(config: Mapping[str, Any], architecture: str, factor: float | None, where: object) -> None:
    if architecture not in READABLE:
        reason = REFUSED.get(architecture, f"expected one of {', '.join(READABLE)}")
        if "transcoder" in architecture:
            reason = "it predicts the states of another place, and does not reconstruct those that it reads"
        raise UserError(f"{where} holds a SAELens {architecture}, which cannot be loaded: {reason}")
    if config.get("reshape_activations", "none") != "none":
        raise UserError(
            f"{where} was trained on the outputs of attention heads side by side (hook_z), and an encoder's states "
            "here are one vector per token: train on another hook point"
        )
    normalise = config.get("normalize_activations") or "none"
    if normalise == "none" or (normalise == "expected_average_only_in" and factor is not None):
        return
    reason = NORMALISATIONS.get(normalise, "is unknown here")
    raise UserError(f"{where} was trained with normalize_activations = {normalise}, which {reason}")


def _threshold(architecture: str, tensors: Tensors, parts: Parts, unit: float) -> torch.Tensor | None:
    match architecture:
        case "topk":
            return None
        case "gated":
            return parts.threshold
        case "standard":
            return torch.zeros(len(parts.b_enc))
        case "jumprelu" if "threshold" not in tensors and "log_threshold" in tensors:
            return tensors.weights("log_threshold")[0].exp()
        case "jumprelu":
            return tensors.weights("threshold")[0]
    return (tensors.weights("topk_threshold")[0] / unit).expand(len(parts.b_enc))


def _near(name: str, known: Mapping[str, Any]) -> str:
    matches = get_close_matches(name, known, n=3, cutoff=0.5) or list(known)[:3]
    return f" (it knows {', '.join(matches)}, ...)"
