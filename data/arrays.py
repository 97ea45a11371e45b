"""The one door for arrays on disk (npy): a file is what its reader expects, or a `UserError` names it.

The header is read before any content, never with pickles: type, byte order, shape and length have to fit.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from data.errors import UserError

Shape = Sequence[int | None]  # None: any length
REMEDY = "restore it from a copy, or make it again"


def map_array(path: Path, dtype: str | tuple[str, ...], shape: Shape, remedy: str = REMEDY) -> NDArray[Any]:
    """The array in `path`, mapped and read-only; content is read from disk on access.

    dtype: the expected type, or several. shape: the expected length of each axis. remedy: what to do about a file
    that is missing, damaged or of another type or shape, which is a `UserError`.

    The map is viewed as a plain array: slices of a np.memmap are slow, and make numba compile again.
    """
    kind, sizes, offset = _header(path, dtype, shape, remedy)
    if not math.prod(sizes):  # nothing cannot be mapped
        return np.zeros(sizes, kind)
    return np.asarray(np.memmap(path, kind, "r", offset, sizes))


def read_array(path: Path, dtype: str | tuple[str, ...], shape: Shape, remedy: str = REMEDY) -> NDArray[Any]:
    """The array in `path`, in memory; see `map_array`."""
    return np.array(map_array(path, dtype, shape, remedy))


def create_array(path: Path, dtype: DTypeLike, shape: Sequence[int]) -> NDArray[Any]:
    """A new array in `path`, mapped and writable. Its whole length is allotted first, so that a full disk is an
    error here, and not a crash at a later write."""
    if not math.prod(shape):
        np.save(path, np.zeros(tuple(shape), dtype), allow_pickle=False)
        return np.zeros(tuple(shape), dtype)
    array = npy.open_memmap(path, "w+", np.dtype(dtype), tuple(shape))
    with path.open("r+b") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return np.asarray(array)


def _header(
    path: Path, dtype: str | tuple[str, ...], shape: Shape, remedy: str
) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """(type, shape, bytes before the content) of an array file that is as expected."""
    kinds = [np.dtype(each) for each in (dtype if isinstance(dtype, tuple) else (dtype,))]
    try:
        with path.open("rb") as file:
            sizes, in_columns, kind = _read_header(file)
            offset, length = file.tell(), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {remedy}") from None
    except Exception as error:  # numpy reads a header as Python does, with whatever that raises
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({reason or type(error).__name__}): {remedy}") from None
    fits = len(sizes) == len(shape) and all(
        want in (None, got) for got, want in zip(sizes, shape, strict=True)
    )
    if kind not in kinds or in_columns or not fits:
        raise UserError(
            f"{path} is damaged: expected {' or '.join(kind.str for kind in kinds)} of shape {_shown(shape)}, got "
            f"{kind.str} of shape {_shown(sizes)}{' by columns' if in_columns else ''}; {remedy}"
        )
    if length != offset + math.prod(sizes) * kind.itemsize:
        raise UserError(
            f"{path} is damaged: its header says {math.prod(sizes) * kind.itemsize:,} bytes of content, and it has "
            f"{length - offset:,}; {remedy}"
        )
    return kind, sizes, offset


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"npy version {version} is unknown")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    sizes, in_columns, kind = read(file)
    if kind.hasobject or any(size < 0 for size in sizes):
        raise ValueError("it holds Python objects, or a negative length")
    return sizes, bool(in_columns) and len(sizes) > 1, kind


def _shown(shape: Shape) -> str:
    lengths = ["any" if size is None else str(size) for size in shape]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
