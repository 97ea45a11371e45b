"""Import SAEs of other libraries: convert their files to the equations of `sae.model`, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from data.encoder_match import difference
from data.errors import UserError
from sae.importers import dictionary_learning, hub, named_tensors, sae_lens, sparsify
from sae.importers.layouts import WEIGHTS, choose, files_below
from sae.model import SparseAutoencoder

__all__ = ["import_autoencoder", "with_encoder"]


def import_autoencoder(source: str | Path, k: int | None = None) -> SparseAutoencoder:
    """The SAE at a folder, a file, `hf:OWNER/NAME[/FOLDER][@REVISION]`, or SAELens's `release/sae_id`.

    k, or `#k=32` after the source: latents per token, for a file that does not state it. `trained_on["imported"]`
    holds what the files state about their origin; `with_encoder` adds the encoder. An SAE that cannot be loaded
    exactly raises a `UserError` that says why.
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
        rule = f"k = {sae.k}" if sae.threshold is None else "a threshold, which has no k"
        raise UserError(f"{text} says {rule}, got k = {k}: leave k out")
    imported = sae.trained_on.get("imported")
    # A folder of this project: an SAE that was trained here, or imported before.
    if imported is None or "source" in imported:
        return sae
    imported = {**imported, "source": text} | ({"revision": commit} if commit else {})
    return replace(sae, trained_on={**sae.trained_on, "imported": imported}, name=_name(text))


def _read(path: Path, k: int | None) -> SparseAutoencoder:
    """The SAE of one file of weights, read by the layout that its name or suffix tells."""
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
    """The last part of a source's path, or the folder above for a generic file name such as `ae.pt`."""
    path = PurePosixPath(source.partition("@")[0] if source.startswith("hf:") else source)
    if not path.name:
        path = PurePosixPath(Path(source).resolve().as_posix())
    return path.parent.name if path.name in WEIGHTS else path.name


def with_encoder(sae: SparseAutoencoder, encoder: Mapping[str, Any]) -> SparseAutoencoder:
    """The SAE with the encoder (from `Encoder.describe`) that the user names as the one it was trained on.

    `trained_on` records that the user named it. An encoder of another width, or other than the one that the SAE
    records itself, raises a `UserError`.
    """
    model = encoder["config"]["model"]
    if sae.d_model != encoder["d_model"]:
        raise UserError(
            f"SAE {sae.name} reads states of width {sae.d_model}, and {model} gives {encoder['d_model']}: name the "
            "encoder and the layer that this SAE was trained on"
        )
    known = sae.trained_on.get("encoder")
    if known is None:
        return replace(
            sae, trained_on={**sae.trained_on, "encoder": dict(encoder), "encoder_given_by_user": True}
        )
    if differs := difference(known, encoder):
        raise UserError(f"SAE {sae.name} says itself that it was trained {differs}")
    return sae
