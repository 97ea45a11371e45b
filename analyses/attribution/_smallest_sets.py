"""The fewest latents of a query without which a ranking changes.

    D_S = sum_{j not in S} d_j        d_j = c_j(A) - c_j(B), the contributions to two documents' scores

Removing a latent from the query removes its contribution from every document and changes nothing else, so B passes
A without the set S exactly where D_S < 0 (or D_S = 0, and B is first in the corpus). No set of n latents lowers D
more than the n largest d_j: taking the largest first is the minimum, not a heuristic.

A document leaves the top k once k others pass it by one set. That is no sum over latents; bounds come from
the pairs (no set smaller than the k-th smallest pairwise minimum can do it), a set from a greedy search, and
whatever lies between from an integer programme (HiGHS, in scipy). It may run out of time; then both bounds are
returned.

Everything here is a pure function of float64 arrays; differences below TIE of the scores count as a tie. To the
programme, which works in tolerances, a lead below LEAD of the document's score is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

TIE = 1e-12  # of the sum of sizes: what float64 may leave of equal sums
LEAD = 1e-5  # of the score

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Bounded:
    """rows: the smallest set found, rising rows of the table; at_least: lower bound on the size of any such set."""

    rows: Rows
    at_least: int

    @property
    def proven(self) -> bool:
        return len(self.rows) == self.at_least


def smallest_swap(first: Floats, second: Floats, second_on_ties: bool) -> Rows | None:
    """The fewest rows without which the second document passes the first; None where no set does.

    first, second: contributions to their scores (n,). second_on_ties: whether the second is first in the corpus, so
    that equal scores are enough; scores of 0 never are, since search does not return the document.
    Largest difference first; equal ones in their order.
    """
    difference = first - second
    order = np.argsort(-difference, kind="stable")
    size = np.abs(difference).sum(keepdims=True)
    passed = _passes(_rests(difference[order, None]), np.array([second_on_ties]), size)[:, 0]
    n = int(passed.argmax())
    if not passed[n] or not second[order[n:]].any():
        return None
    return np.sort(order[:n])


def swap_sizes(differences: Floats, others_first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of its largest rows bring each column (n, m) below 0, or to a tie that counts; (m,), n + 1 for
    never.
    """
    falling = -np.sort(-differences, axis=0)
    passed = _passes(_rests(falling), others_first, np.abs(differences).sum(axis=0))
    sizes: NDArray[np.int64] = np.where(passed.any(axis=0), passed.argmax(axis=0), len(differences) + 1)
    return sizes


def smallest_exit(
    own: Floats, others: Floats, others_first: NDArray[np.bool_], k: int, seconds: float, beyond: float = 0.0
) -> Bounded:
    """The fewest rows without which at least k of the others pass the document, or it has no score left.

    own: contributions to it (n,). others: to the others (n, m). others_first: whether each is before it in the
    corpus (m,). beyond: upper bound on the scores of all further documents. seconds: time limit of the integer
    programme; 0 leaves it out.
    """
    useful = np.flatnonzero(own > 0)  # any other latent only pushes the others down
    differences = own[useful, None] - others[useful]
    gap = own.sum() - others.sum(axis=0)
    idle = gap - differences.sum(axis=0)  # what the latents that only the others have leave them, 0 or less
    table = np.vstack([differences, idle])
    sizes = swap_sizes(table, others_first)
    unseen = least_to_fall(own, beyond)
    best = _pruned(_greedy(table, others_first, k), table, others_first, k)
    if best is None or len(best) > len(useful):
        best = np.arange(len(useful))  # without all of its own it scores nothing
    bound = min(int(np.sort(np.append(sizes, [unseen] * k))[k - 1]), len(best))
    if bound < len(best) and seconds > 0:
        near = sizes < len(best)
        better, proven = _programme(table[:, near] / own.sum(), others_first[near], k, len(best), seconds)
        bound = max(bound, min(proven, unseen, len(best)))
        if better is not None and _n_passing(table, others_first, better) >= k:
            best = better
            bound = min(bound, len(best))
    return Bounded(np.sort(useful[best]), bound)


def least_to_fall(own: Floats, score: float) -> int:
    """Lower bound on the latents to remove until a document with contributions `own` (n,) falls to `score`."""
    own = own[own > 0]
    lost = np.concatenate([[0.0], np.cumsum(-np.sort(-own))])
    enough = np.flatnonzero(lost >= (own.sum() - score) * (1 - TIE))
    return int(enough[0]) if len(enough) else len(own)


def _rests(ordered: Floats) -> Floats:
    """Row n: the sum of each column (n_rows, m) without its first n rows; (n_rows + 1, m)."""
    left: Floats = np.zeros((len(ordered) + 1, ordered.shape[1]))
    left[:-1] = np.cumsum(ordered[::-1], axis=0)[::-1]
    return left


def _passes(left: Floats, on_ties: NDArray[np.bool_], size: Floats) -> NDArray[np.bool_]:
    """Whether a difference `left` is below 0, or a tie that counts; size: the sum of sizes that it comes from."""
    passes: NDArray[np.bool_] = np.where(on_ties, left <= TIE * size, left < -TIE * size)
    return passes


def _n_passing(table: Floats, others_first: NDArray[np.bool_], taken: Rows) -> int:
    """How many of the others pass the document without the rows `taken`."""
    kept = np.ones(len(table), bool)
    kept[taken] = False
    return int(_passes(table[kept].sum(axis=0)[None], others_first, np.abs(table).sum(axis=0)).sum())


def _greedy(table: Floats, others_first: NDArray[np.bool_], k: int) -> Rows | None:
    """Take, again and again, the latent that brings the k nearest others closest; None where k never pass."""
    if table.shape[1] < k:
        return None
    left, free, taken = table.sum(axis=0), np.ones(len(table) - 1, bool), list[int]()
    while _n_passing(table, others_first, np.array(taken, np.int64)) < k:
        if not free.any():
            return None
        nearest = np.argsort(np.maximum(left, 0), kind="stable")[:k]
        need = np.maximum(left[nearest], 0) + TIE
        gain = np.where(free, np.minimum(table[:-1, nearest], need).sum(axis=1), -np.inf)
        taken.append(int(gain.argmax()))
        free[taken[-1]] = False
        left = left - table[taken[-1]]
    return np.array(taken, np.int64)


def _pruned(
    taken: Rows | None, table: Floats, others_first: NDArray[np.bool_], k: int
) -> NDArray[np.int64] | None:
    """The set without every latent that is not needed, tried in the order they were taken."""
    if taken is None:
        return None
    kept = list(taken.tolist())
    for row in taken.tolist():
        fewer = np.array([other for other in kept if other != row], np.int64)
        if _n_passing(table, others_first, fewer) >= k:
            kept = fewer.tolist()
    return np.array(kept, np.int64)


def _programme(
    table: Floats, others_first: NDArray[np.bool_], k: int, size: int, seconds: float
) -> tuple[Rows | None, int]:
    """A set smaller than `size`, None where none was found; and a bound that no set is below.

    minimise sum_j x_j with sum_j x_j d_jB + slack_B (1 - y_B) >= D_B + lead_B, sum_B y_B >= k, x and y in {0, 1}
    """
    n, m = len(table) - 1, table.shape[1]
    if m < k:
        return None, size
    gap = table.sum(axis=0)
    ahead = np.where(others_first, 0.0, LEAD)
    slack = gap + ahead - np.minimum(table[:-1], 0).sum(axis=0)  # the most by which B can be behind
    passing = LinearConstraint(np.hstack([table[:-1].T, -np.diag(slack)]), gap + ahead - slack, np.inf)
    enough = LinearConstraint(np.concatenate([np.zeros(n), np.ones(m)])[None], k, m)
    fewer = LinearConstraint(np.concatenate([np.ones(n), np.zeros(m)])[None], 0, size - 1)
    solved = milp(
        np.concatenate([np.ones(n), np.zeros(m)]),
        integrality=np.ones(n + m),
        bounds=Bounds(0, 1),
        constraints=[passing, enough, fewer],
        options={"time_limit": seconds},
    )
    if solved.status == 2:  # infeasible: no smaller set
        return None, size
    dual = getattr(solved, "mip_dual_bound", None)
    bound = int(np.ceil(dual - 1e-6)) if dual is not None and np.isfinite(dual) else 0
    if solved.x is None:
        return None, bound
    return np.flatnonzero(solved.x[:n] > 0.5), bound
