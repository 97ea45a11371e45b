"""Counts of terms in documents or queries, occurrences or summed activations, as CSR (n_texts, n_terms)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, load_npz, save_npz

from data.arrays import REMEDY
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import PHIS


def clean_counts(counts: csr_array, n_terms: int | None = None) -> csr_array:
    """The same counts as float32, with sorted unique columns and without zeros; the argument is not changed.

    Another width than `n_terms`, and counts that are negative or not finite, raise a `UserError`.
    """
    if n_terms is not None and counts.shape[1] != n_terms:
        raise UserError(
            f"expected counts over {n_terms} terms, got {counts.shape[1]}: count with the index's own vocabulary"
        )
    clean: csr_array = csr_array(counts).astype(np.float32)
    if not clean.has_canonical_format:
        clean = clean.copy()
        clean.sum_duplicates()
    if clean.nnz and not (np.isfinite(clean.data).all() and clean.data.min() >= 0):
        raise UserError(
            "counts hold a negative or infinite value, expected 0 or more: look for NaN in the SAE"
        )
    if clean.nnz and clean.data.min() == 0:
        clean = clean.copy()
        clean.eliminate_zeros()
    return clean


def lengths_of(counts: csr_array) -> NDArray[np.float64]:
    """|d| = sum_j phi(count_jd) under each of PHIS, float64 (n_phis, n_docs), summed in the order of terms."""
    lengths = np.zeros((len(PHIS), counts.shape[0]))
    owners = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    for row, phi in zip(lengths, PHIS, strict=True):
        row[:] = np.bincount(owners, bm25.term_weight(counts.data, phi), minlength=len(row))
    return lengths


def write_counts(path: Path, counts: csr_array) -> None:
    """Write counts as an npz file of scipy's, not compressed, to a path that is not yet anyone's."""
    with path.open("wb") as file:
        save_npz(file, counts, compressed=False)


def read_counts(
    path: Path, shape: tuple[int | None, int | None] = (None, None), remedy: str = REMEDY
) -> csr_array:
    """The counts that `write_counts` wrote; a damaged file, or one of another shape, raises a `UserError`.

    shape: (n_texts, n_terms), None for any.
    """
    try:
        with zipfile.ZipFile(path) as members:  # one that is compressed may grow without end
            if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                raise ValueError("it is compressed")
        counts = csr_array(load_npz(path))
        counts.check_format(full_check=True)
        if not np.isfinite(counts.data).all():
            raise ValueError("it holds NaN or infinity")
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {remedy}") from None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        NotImplementedError,
        zipfile.BadZipFile,
    ) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({reason or type(error).__name__}): {remedy}") from None
    if any(want not in (None, got) for want, got in zip(shape, counts.shape, strict=True)):
        raise UserError(f"{path} is damaged: expected counts of shape {shape}, got {counts.shape}; {remedy}")
    return counts
