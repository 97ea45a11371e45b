"""BM25 over pooled latents or over words.

    w_j(x) = phi( sum_t z_tj )                      phi = sqrt in the paper
    |d| = sum_j w_j(d)                              n_j = #{d : w_j(d) > 0}
    idf_j = max(0, ln((N - n_j + 0.5) / (n_j + 0.5)))                        "clipped", the paper's
          = ln(1 + (N - n_j + 0.5) / (n_j + 0.5))                            "lucene"
    score(q, d) = sum_j w_j(q) idf_j w_j(d) (k1 + 1) / (w_j(d) + k1 (1 - b + b |d| / avg|d|))

Pure functions of arrays, in float64. An index stores the counts sum_t z_tj; phi, k1, b and the idf reweight them,
fast enough for a slider.
Sources: Clavié et al., "Latent Terms", arXiv 2605.29384; for words, Robertson and Zaragoza, 2009.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import UserError

Phi = Literal["sqrt", "log1p", "none"]
Idf = Literal["clipped", "lucene"]
PHIS: tuple[Phi, ...] = get_args(Phi)
IDFS: tuple[Idf, ...] = get_args(Idf)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bm25Parameters:
    """BM25's parameters; the defaults are the paper's for latent terms, `LEXICAL` is for words.

    k1 >= 0: a larger k1 saturates later, in units of w. b in 0..1: strength of the length normalisation, 0 for
    none. phi: the function from count to term frequency. idf: the idf formula. Other values raise a `UserError`.
    """

    k1: float = 8.0
    b: float = 0.7
    phi: Phi = "sqrt"
    idf: Idf = "clipped"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k1) and self.k1 >= 0):
            raise UserError(f"k1 is {self.k1}, but k1 must be 0 or more (8 for latents, 1.5 for words)")
        if not 0 <= self.b <= 1:
            raise UserError(
                f"b is {self.b}, but b must lie between 0 and 1 (0.7 for latents, 0.75 for words)"
            )
        if self.phi not in PHIS:
            raise UserError(f"phi is {self.phi!r}, but phi must be one of {', '.join(PHIS)}")
        if self.idf not in IDFS:
            raise UserError(f"idf is {self.idf!r}, but idf must be one of {', '.join(IDFS)}")


LEXICAL = Bm25Parameters(k1=1.5, b=0.75, phi="none", idf="lucene")


def term_weight(counts: ArrayLike, phi: Phi) -> Floats:
    """w = phi(count), the term frequency: sqrt(count), ln(1 + count) or the count itself; any shape."""
    weight: Floats = np.asarray(counts, np.float64)
    if phi == "sqrt":
        weight = np.sqrt(weight)
    elif phi == "log1p":
        weight = np.log1p(weight)
    return weight


def clipped_idf(document_frequency: ArrayLike, n_docs: int) -> Floats:
    """idf = max(0, ln((N - n + 0.5) / (n + 0.5))): 0 for a term in at least half of the documents; (n_terms,)."""
    n = np.asarray(document_frequency, np.float64)
    return np.maximum(0.0, np.log((n_docs - n + 0.5) / (n + 0.5)))


def lucene_idf(document_frequency: ArrayLike, n_docs: int) -> Floats:
    """idf = ln(1 + (N - n + 0.5) / (n + 0.5)): always positive; (n_terms,)."""
    n = np.asarray(document_frequency, np.float64)
    return np.log1p((n_docs - n + 0.5) / (n + 0.5))


def inverse_document_frequency(document_frequency: ArrayLike, n_docs: int, idf: Idf) -> Floats:
    """The idf under the named formula, (n_terms,)."""
    return (clipped_idf if idf == "clipped" else lucene_idf)(document_frequency, n_docs)


def average_length(document_length: NDArray[Any]) -> float:
    """avg|d|, summed exactly, so the result does not depend on document order; 0 for an empty corpus."""
    return math.fsum(document_length) / max(len(document_length), 1)


def length_norm(document_length: ArrayLike, average: float, b: float) -> Floats:
    """1 - b + b |d| / avg|d|, (n_docs,); 1 if no document has any term."""
    length = np.asarray(document_length, np.float64)
    return 1.0 - b + b * (length / average if average > 0 else np.ones_like(length))


def saturation(weight: ArrayLike, k1: float, norm: ArrayLike) -> Floats:
    """w (k1 + 1) / (w + k1 norm), which rises from 0 at w = 0 towards k1 + 1. Shapes broadcast."""
    weight = np.asarray(weight, np.float64)
    bound = weight + k1 * np.asarray(norm, np.float64)
    return weight * (k1 + 1) / np.where(weight > 0, bound, 1.0)
