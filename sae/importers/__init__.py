"""Sparse autoencoders that others made, from their files to the equations of `sae.model`, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from data.errors import UserError
from sae.importers import dictionary_learning, hub, named_tensors, sae_lens, sparsify
from sae.importers.layouts import WEIGHTS, choose, files_below
from sae.model import SparseAutoencoder

__all__ = ["import_autoencoder", "with_encoder"]


def import_autoencoder(source: str | Path, k: int | None = None) -> SparseAutoencoder:
    """The SAE at a folder, a file, `hf:OWNER/NAME[/FOLDER][@REVISION]`, or SAELens's `release/sae_id`.

    k, or `#k=32` after the source: latents per token, of a file that does not say. What the files say of their
    origin stands in `trained_on["imported"]`; which encoder's states these are is for `with_encoder` to add.
    Whatever cannot be loaded exactly is a `UserError` that says why.
    """
    text, _, stated = str(source).partition("#k=")
    if stated and not stated.isdecimal():
        raise UserError(f"{source}: expected a whole number after #k=, got {stated!r}")
    k = int(stated) if stated and k is None else k
    commit = None
    if text.startswith("hf:"):
        path, commit = hub.fetch(text)
        sae = _read(path, k)
    elif Path(text).exists():
        path = Path(text)
        sae = _read(path / choose(files_below(path), "", text) if path.is_dir() else path, k)
    elif re.fullmatch(r"[\w-][\w.-]*/.+", text):
        sae = sae_lens.read_release(text)
    else:
        raise UserError(
            f"{text} does not exist: give a folder or a file with an SAE, hf:OWNER/NAME of a Hugging Face "
            "repository, or RELEASE/SAE_ID as SAELens names it"
        )
    if k is not None and sae.k != k:
        says = f"k = {sae.k}" if sae.threshold is None else "a threshold, which takes whatever passes it"
        raise UserError(f"{text} says {says}, got k = {k}: leave k out")
    imported = sae.trained_on.get("imported")
    if (
        imported is None or "source" in imported
    ):  # our own folder: of an SAE trained here, or brought in before
        return sae
    imported = {**imported, "source": text} | ({"revision": commit} if commit else {})
    return replace(sae, trained_on={**sae.trained_on, "imported": imported}, name=_name(text))


def _read(path: Path, k: int | None) -> SparseAutoencoder:
    """The SAE of one file with weights, by its name and ending."""
    match WEIGHTS.get(path.name):
        case "SAELens":
            return sae_lens.read_folder(path.parent)
        case "sparsify":
            return sparsify.read_folder(path.parent)
    if path.suffix in (".pt", ".pth"):
        return dictionary_learning.read_file(path, k)
    if path.suffix == ".safetensors":
        return named_tensors.read_file(path, k)
    raise UserError(f"{path} is no file of an SAE: expected .safetensors or .pt, or a folder that holds one")


def _name(source: str) -> str:
    """Last part of a source that says something: `ae.pt` and its like do not."""
    path = PurePosixPath(source.partition("@")[0] if source.startswith("hf:") else source)
    if not path.name:
        path = PurePosixPath(Path(source).resolve().as_posix())
    return path.parent.name if path.name in WEIGHTS else path.name


def with_encoder(sae: SparseAutoencoder, encoder: Mapping[str, Any]) -> SparseAutoencoder:
    """The SAE with the encoder, as `Encoder.describe` gives it, that its user says it was trained on.

    Its card tells that the user said so. An encoder of another width is refused, and so is any other than the one
    that an SAE names itself.
    """
    model = encoder["config"]["model"]
    if sae.d_model != encoder["d_model"]:
        raise UserError(
            f"SAE {sae.name} reads states of width {sae.d_model}, and {model} gives {encoder['d_model']}: name the "
            "encoder and the layer that it was trained on"
        )
    known = sae.trained_on.get("encoder")
    if known is None:
        return replace(
            sae, trained_on={**sae.trained_on, "encoder": dict(encoder), "encoder_given_by_user": True}
        )
    if known["fingerprint"] != encoder["fingerprint"]:
        raise UserError(
            f"SAE {sae.name} says itself that it was trained on {known['config']['model']} (fingerprint "
            f"{known['fingerprint']}), got {model} ({encoder['fingerprint']}): use the one that it names"
        )
    return sae
