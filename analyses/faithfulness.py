"""How far a highlight may be trusted: do words of high credit carry the score, more than words at random?

    deletion     the score as words go, highest credit first        a faithful order falls fast: small area
    insertion    the score as they come to an empty text            a faithful order rises fast: large area

Each point is the exact score with only some words' activations, over the whole text's, and |d| counted anew
(`Rescored.scores_of_words`); special tokens always stay. Control: N_ORDERS seeded random orders, their mean and the
band that holds 95% of them at each point. Words go whole, but count by their wordpieces, so that an order which
takes long words first gains nothing by it. Area: by trapezoids over the part of the wordpieces, from 0 to 1.

Activations are deleted, not words: this is the question that leave-one-out answers for one token at a time, so it
starts with an advantage, and occlusion, which asks the encoder, with none. Samek et al. 2017, "Evaluating the
visualization of what a deep neural network has learned"; Petsiuk et al. 2018, "RISE" (deletion and insertion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.token_credit import Credits, Rescored
from data.errors import UserError

N_ORDERS, MOST_STEPS = 100, 40
CURVES = ("deletion", "insertion")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Faithfulness:
    """Curves and areas of some methods beside random orders, for one text.

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
    """Delete and insert the words of a text in the order of each method's credits, and in random orders."""
    n_words = text.tokens.n_words
    if n_words < 2:
        raise UserError(f"a text of {n_words} words has no order to test: choose one with more words")
    whole = text.score
    if whole <= 0:
        raise UserError("the document's score is 0: there is nothing that words could carry")
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
    """How alike two methods order the words: one, other, spearman, kendall (tau-b), n_words; a row a pair.

    NaN where a method gives every word the same credit.
    """
    from scipy.stats import kendalltau, spearmanr  # half a second to import

    rows = []
    for place, one in enumerate(credits):
        for other in credits[place + 1 :]:
            first, second = one.of_words, other.of_words
            varied = len(first) > 1 and np.ptp(first) > 0 and np.ptp(second) > 0
            rho, tau = (
                (spearmanr(first, second).statistic, kendalltau(first, second).statistic)
                if varied
                else (np.nan, np.nan)
            )
            rows.append((one.method, other.method, float(rho), float(tau), len(first)))
    return pd.DataFrame(rows, columns=["one", "other", "spearman", "kendall", "n_words"])


def _ranks(credit: Floats) -> NDArray[np.int64]:
    """Place of each word by falling credit, from 0; equal ones in text order."""
    ranks = np.empty(len(credit), np.int64)
    ranks[np.argsort(-credit, kind="stable")] = np.arange(len(credit))
    return ranks


def _curve(curve: str, method: str, part: Floats, score: Floats, low: Any, high: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"curve": curve, "method": method, "part": part, "score": score, "low": low, "high": high}
    )
