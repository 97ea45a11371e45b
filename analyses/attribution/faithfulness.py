"""Faithfulness of token credits: does the score depend on words of high credit more than on random words?

    deletion     the score as words are deleted, highest credit first      faithful credits fall fast: small area
    insertion    the score as they are inserted into an empty text         faithful credits rise fast: large area

Each point is the exact score of a subset of the words' activations, with its own |d|, over the whole text's
(`Rescored.scores_of_words`); special tokens always stay. Control: N_ORDERS seeded random orders, their mean and the
middle 95% at each point. Whole words are deleted, but the axis counts wordpieces, so that long words first are no
advantage. Area: by trapezoids over the share of wordpieces, from 0 to 1.

Activations are deleted, not words: leave-one-out measures just that for single tokens and so has an advantage over
occlusion, which encodes again. Samek et al. 2017, "Evaluating the
visualization of what a deep neural network has learned"; Petsiuk et al. 2018, "RISE" (deletion and insertion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.attribution.rescoring import Rescored
from analyses.attribution.token_credit import Credits
from data.errors import UserError

N_ORDERS, MOST_STEPS = 100, 40
CURVES = ("deletion", "insertion")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Faithfulness:
    """Curves and areas of several methods beside random orders, for one text.

    curves: curve (deletion, insertion), method ("random" among them), part (of the wordpieces), score (over the
    whole text's), low, high (random: 95% of the orders; else NaN). areas: curve, method, area, random, low, high
    (mean and 95% of the random orders), random_as_good (random orders at least as faithful, of n_orders).
    """

    curves: pd.DataFrame
    areas: pd.DataFrame
    n_words: int
    n_orders: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "n_words": self.n_words,
            "n_orders": self.n_orders,
            "areas": self.areas.to_dict("records"),
        }


def faithfulness(
    text: Rescored, credits: Sequence[Credits], n_orders: int = N_ORDERS, seed: int = 0
) -> Faithfulness:
    """Delete and insert the words of a text in the order of each method's credits, and in random orders.

    A text of fewer than two words, and a score of 0, are a `UserError`.
    """
    n_words = text.tokens.n_words
    if n_words < 2:
        raise UserError(f"a text of {n_words} words has no order to test: choose one with more words")
    whole = text.score
    if whole <= 0:
        raise UserError("the document's score is 0, so no word can have a credit")
    random = np.random.default_rng(seed)
    ranks = np.array([_ranks(each.of_words) for each in credits]).reshape(len(credits), n_words)
    ranks = np.concatenate([ranks, [random.permutation(n_words) for _ in range(n_orders)]])
    steps = np.unique(np.linspace(0, n_words, min(MOST_STEPS, n_words) + 1).round().astype(int))
    gone = ranks[:, None, :] < steps[:, None]  # (n_orders, n_steps, n_words)
    size = np.bincount(text.tokens.word[text.tokens.word >= 0], minlength=n_words)
    parts, part = gone @ size / size.sum(), steps / n_words
    names = [each.method for each in credits]
    curves, areas = [], []
    for curve, kept in zip(CURVES, (~gone, gone), strict=True):
        scores = text.scores_of_words(kept.reshape(-1, n_words)).reshape(len(ranks), len(steps)) / whole
        scores = np.array([np.interp(part, own, row) for own, row in zip(parts, scores, strict=True)])
        area = np.asarray(np.trapezoid(scores, part, axis=1))
        chance, chance_area = scores[len(names) :], area[len(names) :]
        low, high = np.quantile(chance, [0.025, 0.975], axis=0)
        curves.append(_curve(curve, "random", part, chance.mean(axis=0), low, high))
        ends = np.quantile(chance_area, [0.025, 0.975])
        sign = 1 if curve == "deletion" else -1
        for row, name in enumerate(names):
            curves.append(_curve(curve, name, part, scores[row], np.nan, np.nan))
            beaten = int((sign * chance_area <= sign * area[row]).sum())
            areas.append((curve, name, area[row], chance_area.mean(), ends[0], ends[1], beaten))
    columns = ["curve", "method", "area", "random", "low", "high", "random_as_good"]
    return Faithfulness(pd.concat(curves), pd.DataFrame(areas, columns=columns), n_words, n_orders)


def agreement(credits: Sequence[Credits]) -> pd.DataFrame:
    """How similarly two methods order the words: one, other, spearman, kendall (tau-b), n_words; one row per pair.

    NaN where a method gives every word the same credit.
    """
    from scipy.stats import kendalltau, spearmanr  # half a second to import

    rows = []
    for a, b in combinations(credits, 2):
        rho = tau = np.nan
        if len(a.of_words) > 1 and np.ptp(a.of_words) > 0 and np.ptp(b.of_words) > 0:
            rho = float(spearmanr(a.of_words, b.of_words).statistic)
            tau = float(kendalltau(a.of_words, b.of_words).statistic)
        rows.append((a.method, b.method, rho, tau, len(a.of_words)))
    return pd.DataFrame(rows, columns=["one", "other", "spearman", "kendall", "n_words"])


def _ranks(credit: Floats) -> NDArray[np.int64]:
    """Rank of each word by falling credit, from 0; ties in text order."""
    ranks = np.empty(len(credit), np.int64)
    ranks[np.argsort(-credit, kind="stable")] = np.arange(len(credit))
    return ranks


def _curve(curve: str, method: str, part: Floats, score: Floats, low: Any, high: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"curve": curve, "method": method, "part": part, "score": score, "low": low, "high": high}
    )
