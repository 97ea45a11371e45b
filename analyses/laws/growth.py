"""Heaps' law: the number of distinct terms as a function of the tokens of a collection.

    E[V(n)] = sum_j 1 - C(N - n_j, n) / C(N, n)         distinct terms in n of the N documents, drawn in any order
    V = K tokens^beta                                   Heaps' law (1978), fitted by least squares on log-log axes
    d ln E[V] / d ln n at n = N  =  Q_1 / V             Q_i: terms that occur in exactly i documents

The curve is the exact mean over all orders of the documents (Hurlbert 1971), so that no order is drawn; the
observed order is the corpus's own. The exponent at the end is exact too: the share of terms in one document
alone. Unseen terms are estimated: Chao's lower bound (1987) from Q_1 and Q_2, and Good's probability (1953)
that the next token is of a new term. A power law has one exponent: `misses` is the distance of the curve from
the fit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from analyses.statistics.intervals import Z
from analyses.vocabularies.term_counts import TermCounts
from data.progress import StepProgress
from retrieval.kernels import kernel

N_POINTS = 60
N_HALVES = 200


@dataclass(frozen=True)
class Heaps:
    """Heaps' law of one vocabulary over one collection; see the module's text.

    n_docs, n_tokens: of the collection. distinct: V; capacity: size of the vocabulary, None where unbounded
    (words). exponent, constant: beta and K, with the 95% interval low to high of beta, of random halves of
    the documents. misses: the largest distance of the fit from the curve, as a share of the curve.
    first_exponent, last_exponent: slope on log-log axes between the first points, and at the end (exact).
    once: terms in one document, once_token: terms of one token, None where terms have no tokens; twice: terms
    in two documents. unseen, unseen_low, unseen_high: Chao's lower bound on unseen terms; new_token: Good's
    probability of a new term.
    """

    system: str
    n_docs: int
    n_tokens: int
    distinct: int
    capacity: int | None
    exponent: float
    low: float
    high: float
    constant: float
    misses: float
    first_exponent: float
    last_exponent: float
    once: int
    twice: int
    once_token: int | None
    unseen: float
    unseen_low: float
    unseen_high: float
    new_token: float

    @property
    def reached(self) -> float:
        """distinct / capacity; NaN where unbounded."""
        return self.distinct / self.capacity if self.capacity else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON can hold them, unknown ones as None."""
        row = asdict(self) | {"reached": self.reached}
        return {name: None if value != value else value for name, value in row.items()}


def expected_distinct(
    document_frequency: NDArray[np.integer[Any]], n_docs: int, sizes: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """E[V(n)] for each n of `sizes` (0 to n_docs), exact over all orders of the documents; float64 (n_sizes,).

    document_frequency: (n_terms,), 0 for a term that does not occur. Terms of equal frequency are alike.
    """
    frequency, how_many = np.unique(document_frequency[document_frequency > 0], return_counts=True)
    sizes = np.asarray(sizes, np.int64)[:, None]
    left = n_docs - frequency - sizes  # documents that neither hold the term nor were drawn
    with np.errstate(invalid="ignore"):
        log_missed = (
            gammaln(n_docs - frequency + 1)
            + gammaln(n_docs - sizes + 1)
            - gammaln(np.maximum(left, 0) + 1)
            - gammaln(n_docs + 1)
        )
    missed = np.where(left >= 0, np.exp(log_missed), 0.0)
    expected: NDArray[np.float64] = (1 - missed) @ how_many.astype(np.float64)
    return expected


def sizes_of(n_docs: int, n_points: int = N_POINTS) -> NDArray[np.int64]:
    """Numbers of documents from 1 to all of them, evenly spread over a log axis."""
    return np.unique(np.geomspace(1, max(n_docs, 1), n_points).round().astype(np.int64))


def growth_curve(counts: TermCounts, n_points: int = N_POINTS) -> pd.DataFrame:
    """Growth of the vocabulary: one row per number of documents.

    Columns system, n_docs, tokens (expected, of so many documents), expected (distinct terms, exact mean over all
    orders of the documents), observed_tokens and observed (in the corpus's own order).
    """
    n_docs, sizes = counts.n_docs, sizes_of(counts.n_docs, n_points)
    lengths = counts.document_tokens
    seen = np.bincount(first_documents(counts), minlength=n_docs + 1)[:n_docs]
    return pd.DataFrame(
        {
            "system": counts.system,
            "n_docs": sizes,
            "tokens": sizes * (lengths.sum() / max(n_docs, 1)),
            "expected": expected_distinct(counts.document_frequency, n_docs, sizes),
            "observed_tokens": np.cumsum(lengths)[sizes - 1],
            "observed": np.cumsum(seen)[sizes - 1],
        }
    )


def first_documents(counts: TermCounts) -> NDArray[np.int64]:
    """The first document that holds each term, n_docs for a term that none holds; int64 (n_terms,)."""
    first = np.full(counts.n_terms, counts.n_docs, np.int64)
    held = np.diff(counts.indptr) > 0
    first[held] = counts.documents[counts.indptr[:-1][held]]
    return first


def fit_heaps(tokens: NDArray[np.floating[Any]], distinct: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """beta and K of V = K tokens^beta by least squares on log-log axes; NaN where there are not two points."""
    positive = (np.asarray(tokens) > 0) & (np.asarray(distinct) > 0)
    x, y = (
        np.log(np.asarray(tokens, np.float64)[positive]),
        np.log(np.asarray(distinct, np.float64)[positive]),
    )
    if len(x) < 2 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    beta = float(((x - x.mean()) * (y - y.mean())).sum() / np.square(x - x.mean()).sum())
    return beta, float(np.exp(y.mean() - beta * x.mean()))


def heaps_of(
    counts: TermCounts,
    n_halves: int = N_HALVES,
    seed: int = 0,
    progress: StepProgress | None = None,
) -> Heaps:
    """Heaps' law of one vocabulary; the interval is of `n_halves` random halves of its documents (0: none, NaN).

    A delete-half jackknife (Shao and Wu 1989): an estimate from half of the data scatters about the whole's as
    much as the whole's about the truth. Since exponents fall as collections grow, halves scatter about their own
    mean.
    """
    frequency, n_docs = counts.document_frequency, counts.n_docs
    curve = growth_curve(counts)
    beta, constant = fit_heaps(curve["tokens"].to_numpy(), curve["expected"].to_numpy())
    low, high = _exponent_interval(counts, beta, n_halves, seed, progress)
    distinct = int((frequency > 0).sum())
    once, twice = int((frequency == 1).sum()), int((frequency == 2).sum())
    once_token = int((counts.occurrences == 1).sum())
    fitted = constant * np.power(curve["tokens"].to_numpy(), beta)
    expected = curve["expected"].to_numpy()
    with np.errstate(all="ignore"):
        misses = float(np.max(np.abs(fitted - expected) / expected)) if len(expected) else float("nan")
        slope = np.diff(np.log(expected)) / np.diff(np.log(curve["tokens"].to_numpy()))
    unseen, unseen_low, unseen_high = unseen_terms(once, twice, n_docs)
    return Heaps(
        counts.system,
        n_docs,
        n_tokens=int(counts.document_tokens.sum()),
        distinct=distinct,
        capacity=counts.capacity,
        exponent=beta,
        low=low,
        high=high,
        constant=constant,
        misses=misses,
        first_exponent=float(slope[0]) if len(slope) else float("nan"),
        last_exponent=once / max(distinct, 1),
        once=once,
        twice=twice,
        once_token=once_token,
        unseen=unseen,
        unseen_low=unseen_low,
        unseen_high=unseen_high,
        new_token=once_token / max(int(counts.counts.sum()), 1),
    )


def unseen_terms(once: int, twice: int, n_docs: int) -> tuple[float, float, float]:
    """f0 = (N - 1) / N Q_1 (Q_1 - 1) / (2 (Q_2 + 1)), a lower bound on unseen terms, and its 95% interval.

    Chao 1987, bias-corrected; the interval is Chao's, by a lognormal for f0. NaN for fewer than 2 documents.
    """
    if n_docs < 2:
        return float("nan"), float("nan"), float("nan")
    a = (n_docs - 1) / n_docs
    estimate = a * once * (once - 1) / (2 * (twice + 1))
    if estimate <= 0:
        return 0.0, 0.0, 0.0
    variance = (
        a * once * (once - 1) / (2 * (twice + 1))
        + a**2 * once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
        + a**2 * once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    )
    c = float(np.exp(Z * np.sqrt(np.log1p(variance / estimate**2))))
    return estimate, estimate / c, estimate * c


def _exponent_interval(
    counts: TermCounts,
    beta: float,
    n_halves: int,
    seed: int,
    progress: StepProgress | None,
) -> tuple[float, float]:
    n_docs, half = counts.n_docs, counts.n_docs // 2
    if half < 2 or n_halves < 2:
        return float("nan"), float("nan")
    generator, sizes, betas = np.random.default_rng(seed), sizes_of(half), []
    for done in range(1, n_halves + 1):
        chosen = np.zeros(n_docs, bool)
        chosen[generator.permutation(n_docs)[:half]] = True
        held = _held(counts.indptr, counts.documents, chosen)
        tokens = sizes * (counts.document_tokens[chosen].sum() / half)
        betas.append(fit_heaps(tokens, expected_distinct(held, half, sizes))[0])
        if progress:
            progress(done, n_halves)
    low, high = np.quantile(np.array(betas) - np.mean(betas), [0.025, 0.975])
    return beta + float(low), beta + float(high)


@kernel
def _held(
    indptr: NDArray[np.int64], documents: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Chosen documents that hold each term, (n_terms,)."""
    held = np.zeros(len(indptr) - 1, np.int64)
    for term in range(len(held)):
        n = 0
        for p in range(indptr[term], indptr[term + 1]):
            n += chosen[documents[p]]
        held[term] = n
    return held
