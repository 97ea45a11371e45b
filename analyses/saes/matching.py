"""One-to-one matching of the latents of two SAEs, with controls for chance.

    decoder      s_ij = cos(W_dec_i, W'_dec_j)                       the same direction?
    activation   s_ij = Pearson correlation over documents of w_i(d) and w'_j(d), w = sqrt(count)
                                                                     active in the same documents?

w is BM25's term frequency, so two latents of correlation 1 rank documents alike. A matching pairs each latent with
at most one other so that the sum of similarities is largest ("Hungarian"), exactly. Even random directions find
partners: `random_directions` and `permuted_documents` make the controls to compare a matching with.

One core matches 8,192 latents in a second or two, and 32,768 in about a minute, where the matrix of similarities
is 4.3 GB. All functions are pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.statistics.assignment import best_assignment
from data.errors import UserError
from data.progress import StepProgress
from retrieval.cosine import unit_rows
from retrieval.kernels import in_threads, kernel

BLOCK = 512  # latents between two reports of progress
NEIGHBOURS = 64  # documents of about one length that change places in the control


@dataclass(frozen=True, eq=False)
class Matching:
    """partner: int64 (n_a,), the latent of the other SAE, -1 for none. similarity: float32 (n_a,), NaN for none."""

    partner: NDArray[np.int64]
    similarity: NDArray[np.float32]

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Whether each latent has a partner, (n_a,)."""
        return self.partner >= 0


def decoder_cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Cosine of each pair of decoder directions, float32 (n_a, n_b); a: (n_a, d_model), b: (n_b, d_model).

    A null direction has no cosine: NaN.
    """
    if a.shape[1:] != b.shape[1:]:
        raise UserError(
            f"expected decoder directions of one width, got {a.shape[1]} and {b.shape[1]}: "
            "SAEs of different encoders can be compared by activation only"
        )
    unit_a, unit_b = unit_rows(a), unit_rows(b)
    cosine = unit_a @ unit_b.T
    cosine[~unit_a.any(axis=1)] = np.nan
    cosine[:, ~unit_b.any(axis=1)] = np.nan
    return cosine


def activation_correlation(
    a: csr_array, b: csr_array, progress: StepProgress | None = None
) -> NDArray[np.float32]:
    """Pearson correlation of sqrt(count) over all documents, zeros included; float32 (n_a, n_b), summed in float64.

    a: csr (n_docs, n_a), b: csr (n_docs, n_b), counts of the same documents in the same order. A latent
    of equal count in all documents, such as a dead one, has no correlation: NaN. progress: latents of `a`, of all.
    """
    n_docs = a.shape[0]
    if n_docs != b.shape[0] or n_docs < 2:
        raise UserError(
            f"expected counts over the same two or more documents, got {n_docs} and {b.shape[0]} documents"
        )
    n_latents = a.shape[1]
    statistics = (*_moments(a), *_moments(b))
    arrays_a, arrays_b = _square_roots(csr_array(a.T)), _square_roots(b)
    correlation = np.empty((n_latents, b.shape[1]), np.float32)
    for start in range(0, n_latents, BLOCK):
        block = correlation[start : start + BLOCK]

        def fill(first: int, last: int, start: int = start, block: NDArray[np.float32] = block) -> None:
            _correlate(*arrays_a, *arrays_b, n_docs, *statistics, start, first, last, block)

        in_threads(fill, len(block))
        if progress:
            progress(start + len(block), n_latents)
    return correlation


def match(similarity: NDArray[np.float32]) -> Matching:
    """The one-to-one matching with the largest sum of similarities (n_a, n_b), exact.

    Rows and columns that are NaN throughout stay unmatched; of the rest, min(n_a, n_b) pairs are made.
    """
    rows = np.flatnonzero(~np.isnan(similarity).all(axis=1))
    columns = np.flatnonzero(~np.isnan(similarity).all(axis=0)) if len(rows) else rows
    whole = (len(rows), len(columns)) == similarity.shape
    score = similarity if whole else similarity[np.ix_(rows, columns)]
    if len(rows) > len(columns):
        chosen, _ = best_assignment(np.ascontiguousarray(score.T))
        rows = rows[chosen]
    else:
        chosen, _ = best_assignment(score)
        columns = columns[chosen]
    return _matching(similarity, rows, columns)


def mutual_nearest(similarity: NDArray[np.float32]) -> Matching:
    """Pairs that are each other's most similar, (n_a, n_b): a cheap, stricter matching; ties by number."""
    unknown = np.isnan(similarity)
    known = np.where(unknown, -np.inf, similarity) if unknown.any() else similarity
    if known.size == 0:
        return _matching(similarity, np.zeros(0, np.int64), np.zeros(0, np.int64))
    nearest_b, nearest_a = known.argmax(axis=1), known.argmax(axis=0)
    rows = np.flatnonzero(
        (nearest_a[nearest_b] == np.arange(len(known))) & np.isfinite(known.max(axis=1, initial=-np.inf))
    )
    return _matching(similarity, rows, nearest_b[rows])


def random_directions(like: NDArray[np.floating], seed: int = 0) -> NDArray[np.float32]:
    """As many random unit directions, float32 (n_latents, d_model), with the mean and covariance of `like`.

    The control of `decoder_cosine`. Decoder directions fill some axes more than others, which makes even
    unrelated ones more alike than uniformly random directions are; these share that, and nothing else.
    """
    directions = unit_rows(like).astype(np.float64)
    mean = directions.mean(axis=0)
    # rows drawn by random mixing of the centred ones have their covariance, whatever its rank
    mixing = np.random.default_rng(seed).standard_normal((len(directions), min(directions.shape)))
    _, singular, axes = np.linalg.svd(directions - mean, full_matrices=False)
    return unit_rows(mean + mixing @ (singular[:, None] * axes) / np.sqrt(len(directions)))


def permuted_documents(counts: csr_array, seed: int = 0) -> csr_array:
    """The same rows, (n_docs, n_latents), each in the place of another of about its length (random, from `seed`).

    The control of `activation_correlation`: every latent keeps its document frequency and counts, and long
    documents stay long, which by itself lets frequent latents correlate; who fires together is lost.
    """
    random = np.random.default_rng(seed)
    order = np.argsort(np.asarray(counts.sum(axis=1)), kind="stable")
    source = np.empty(len(order), np.int64)
    for start in range(0, len(order), NEIGHBOURS):
        places = order[start : start + NEIGHBOURS]
        source[places] = random.permutation(places)
    return csr_array(counts[source])


def _matching(
    similarity: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> Matching:
    partner = np.full(len(similarity), -1)
    partner[rows] = columns
    matched = np.full(len(similarity), np.nan, np.float32)
    matched[rows] = similarity[rows, columns]
    return Matching(partner, matched)


def _square_roots(
    counts: csr_array,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """indptr, indices and sqrt(count) of a csr matrix, as `_correlate` takes them."""
    return (
        counts.indptr.astype(np.int64),
        counts.indices.astype(np.int32),
        np.sqrt(counts.data.astype(np.float32)),
    )


def _moments(counts: csr_array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over rows of each column's sqrt(count), and sqrt(sum of squared deviations), NaN where constant."""
    n_docs, n_latents = counts.shape
    weight, latent = (
        np.sqrt(counts.data.astype(np.float32)).astype(np.float64),
        counts.indices,
    )
    mean = np.bincount(latent, weight, n_latents) / n_docs
    zeros = n_docs - np.bincount(latent, minlength=n_latents)
    squares = np.bincount(latent, (weight - mean[latent]) ** 2, n_latents) + zeros * mean**2
    # what rounding leaves of a constant is no deviation
    return mean, np.sqrt(np.where(squares > 1e-12 * n_docs * mean**2, squares, np.nan))


@kernel
def _correlate(
    indptr_a: NDArray[np.int64],
    documents: NDArray[np.int32],
    data_a: NDArray[np.float32],
    indptr_b: NDArray[np.int64],
    latents: NDArray[np.int32],
    data_b: NDArray[np.float32],
    n_docs: int,
    mean_a: NDArray[np.float64],
    deviation_a: NDArray[np.float64],
    mean_b: NDArray[np.float64],
    deviation_b: NDArray[np.float64],
    start: int,
    first: int,
    last: int,
    block: NDArray[np.float32],
) -> None:
    """Rows first..last of a block that begins at latent `start`: a sparse product, then the formula."""
    sums = np.empty(len(mean_b))
    for row in range(first, last):
        i = start + row
        sums[:] = 0
        for p in range(indptr_a[i], indptr_a[i + 1]):
            document, weight = documents[p], np.float64(data_a[p])
            for q in range(indptr_b[document], indptr_b[document + 1]):
                sums[np.uint32(latents[q])] += weight * data_b[q]  # unsigned: no test for negative indices
        for j in range(len(sums)):
            covariance = sums[j] - n_docs * mean_a[i] * mean_b[j]
            block[row, j] = covariance / (deviation_a[i] * deviation_b[j])
