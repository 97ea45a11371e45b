"""Which folders hold an SAE, and in which library's layout: the name of the file of weights decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Literal

from data.errors import UserError

Layout = Literal["SAELens", "sparsify", "dictionary_learning"]

WEIGHTS: dict[str, Layout] = {
    "sae_weights.safetensors": "SAELens",
    "sae.safetensors": "sparsify",
    "ae.pt": "dictionary_learning",
}
# The files that each layout reads, relative to the folder of its weights ("..": the run's folder above).
FILES: dict[Layout, tuple[str, ...]] = {
    "SAELens": ("sae_weights.safetensors", "cfg.json", "sparsity.safetensors", "activation_scaler.json"),
    "sparsify": ("sae.safetensors", "cfg.json", "../config.json", "../../config.json"),
    "dictionary_learning": ("ae.pt", "config.json", "../config.json"),
}
DEPTH = 3  # levels of folders that are searched: run / hook point / seed


def files_below(folder: Path) -> list[str]:
    """Relative paths of all files that may be an SAE's weights, in the folder or up to DEPTH levels below."""
    patterns = ["*.safetensors", *("*/" * depth + name for depth in range(DEPTH + 1) for name in WEIGHTS)]
    return sorted({path.relative_to(folder).as_posix() for p in patterns for path in folder.glob(p)})


def choose(files: Iterable[str], folder: str, source: str) -> str:
    """The one file of an SAE's weights among relative paths `files`, in `folder` ("": the root) or below it.

    A file in the folder itself takes precedence. No SAE, or several, raise a `UserError` that lists them.
    """
    inside = [file for file in files if PurePosixPath(file).is_relative_to(folder or ".")]
    weights = [file for file in inside if PurePosixPath(file).name in WEIGHTS]
    own = [file for file in weights if PurePosixPath(file).parent == PurePosixPath(folder or ".")]
    if len(own or weights) == 1:
        return (own or weights)[0]
    if own:
        names = ", ".join(PurePosixPath(file).name for file in own)
        raise UserError(f"{source} holds several SAEs, {names}: move each to a folder of its own")
    if weights:
        root = PurePosixPath(folder or ".")
        places = sorted({str(PurePosixPath(file).parent.relative_to(root)) for file in weights}, key=_natural)
        more = f" and {len(places) - 12} more" if len(places) > 12 else ""
        raise UserError(
            f"{source} holds {len(places)} SAEs, {', '.join(places[:12])}{more}: name one, as {source}/{places[0]}"
        )
    plain = [file for file in inside if file.endswith(".safetensors")]
    plain = [file for file in plain if PurePosixPath(file).parent == PurePosixPath(folder or ".")]
    if len(plain) == 1:
        return plain[0]
    raise UserError(
        f"{source} holds no SAE: expected one of the files {', '.join(WEIGHTS)}, or one .safetensors file of named "
        f"tensors, and it has {f'{len(plain)} of the latter: name one' if plain else 'none of them'}"
    )


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key under which layers.2 comes before layers.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
