"""The latents that the paper's clip silences, against those it does not: what is special about them?

    silenced    idf_j = max(0, ln((N - n_j + .5) / (n_j + .5))) = 0: in half of the documents or more
    matched     as many others, the most frequent of those that the clip leaves an idf: the control for frequency
    other       all other latents that occur, `matched` included

Every measure is of the study's own tokens and postings, exact. A group is told by its median; two groups by
P(silenced > others), the chance that a silenced latent has more of it than one of the others (ties count half):
.5 is no difference, and its 95% interval is a bootstrap over the latents of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.dictionary import kept_types
from analyses.forms import SurfaceForms, surface_forms
from analyses.repetition import repetition
from analyses.term_counts import term_counts
from analyses.types import type_measures
from analyses.vocabulary import latent_length, vocabulary_table
from retrieval.bm25 import Bm25Parameters, clipped_idf, term_weight
from retrieval.index import Index
from retrieval.lexical import STOP_WORDS
from retrieval.study import ContextTable, Study

GROUPS = ("silenced", "matched", "other")
KINDS = ("special", "stop word", "punctuation", "word")
N_RESAMPLES = 1000
MEASURES: Mapping[str, str] = {
    "document_share": "share of the documents that hold it",
    "mass": "share of all |d|",
    "activation": "share of all activation",
    "effective_forms": "effective number of forms",
    "top_form_share": "activation on its first form",
    "coherence": "likeness of its ten strongest documents",
    "special": "activation on special tokens",
    "stop word": "activation on stop words",
    "punctuation": "activation on punctuation",
    "place": "mean place in the text, 0 to 1",
    "first_tenth": "activation in the first tenth of the text",
    "variation": "variation of w over all documents",
    "variation_held": "variation of w where it fires",
    "length_share": "variance of w that |d| explains",
    "burst": "repetition beyond chance",
}


def silenced_latents(index: Index) -> NDArray[np.int64]:
    """Latents that occur and have no clipped idf, rising."""
    frequency = index.document_frequency
    return np.flatnonzero((frequency > 0) & (clipped_idf(frequency, index.n_docs) == 0))


def matched_latents(index: Index, silenced: NDArray[np.int64]) -> NDArray[np.int64]:
    """As many of the most frequent other latents (fewer where there are fewer), ties by number; rising."""
    frequency = index.document_frequency.copy()
    frequency[silenced] = 0
    order = np.argsort(-frequency, kind="stable")[: len(silenced)]
    return np.sort(order[frequency[order] > 0])


def silenced_table(study: Study) -> pd.DataFrame:
    """A row a latent that occurs: latent, label, group (GROUPS, matched before other), type, and MEASURES.

    variation: standard deviation of w_j over its mean, over all documents (0 where it does not fire), or over
    those where it fires. length_share: squared correlation of w_j with |d|. place, first_tenth: of its activation.
    burst: documents that hold it twice, of those that hold it, less what a Poisson of its rate would have.
    """
    index, vocabulary, measures = study.index, vocabulary_table(study), type_measures(study)
    silenced = silenced_latents(index)
    group = np.full(study.n_latents, "other", dtype=object)
    group[matched_latents(index, silenced)] = "matched"
    group[silenced] = "silenced"
    length, total = latent_length(study), vocabulary["collection_frequency"].to_numpy(np.float64)
    table = pd.DataFrame(
        {
            "latent": np.arange(study.n_latents),
            "label": vocabulary["label"],
            "group": group,
            "type": kept_types(study).to_numpy(),
            "document_share": index.document_frequency / max(index.n_docs, 1),
            "mass": length / max(length.sum(), 1e-12),
            "activation": total / max(total.sum(), 1e-12),
            "effective_forms": np.exp2(measures["form_entropy"]),
            "top_form_share": measures["top_form_share"],
            "coherence": measures["coherence"],
            **firing_shares(study),
            **weight_variation(index),
            "burst": _burst(study),
        }
    )
    return table[index.document_frequency > 0].reset_index(drop=True)


def firing_shares(study: Study) -> dict[str, NDArray[np.float64]]:
    """Of each latent's activation: the share on each of KINDS but "word", place (mean) and first_tenth."""
    kind, contexts = token_kinds(surface_forms(study), study), study.contexts
    offsets = np.asarray(study.tokens.offsets)
    lengths = np.repeat(np.diff(offsets), np.diff(offsets))
    place = (np.arange(len(lengths)) - np.repeat(offsets[:-1], np.diff(offsets))) / np.maximum(lengths - 1, 1)
    kinds = {name: (kind == number).astype(np.float64) for number, name in enumerate(KINDS) if name != "word"}
    of_tokens = {**kinds, "place": place, "first_tenth": (place < 0.1).astype(np.float64)}
    return {name: _mean_by_activation(contexts, values) for name, values in of_tokens.items()}


def token_kinds(forms: SurfaceForms, study: Study) -> NDArray[np.int8]:
    """Which of KINDS each token of the study is, int8 (n_tokens,); a part of a word is what its word is."""
    of_form = [
        0 if not real else 1 if word in STOP_WORDS or word == "a" else 2 if not any(map(str.isalnum, word)) else 3
        for word, real in zip(forms.words, forms.is_form.tolist(), strict=True)
    ]  # fmt: skip
    return np.array(of_form, np.int8)[forms.of_token]


def kinds_of_all(study: Study) -> dict[str, float]:
    """The share of all tokens that each of KINDS is: what a latent that fires blindly has."""
    counted = np.bincount(token_kinds(surface_forms(study), study), minlength=len(KINDS))
    return dict(zip(KINDS, (counted / max(counted.sum(), 1)).tolist(), strict=True))


def weight_variation(index: Index) -> dict[str, NDArray[np.float64]]:
    """variation, variation_held and length_share of each latent, (n_terms,); NaN where a latent does not occur."""
    phi = Bm25Parameters().phi
    weight, length = term_weight(index.mass, phi), index.document_length(phi)
    of_posting = length[index.documents]
    n_held, n = index.document_frequency.astype(np.float64), float(max(index.n_docs, 1))
    one, square, cross = (
        _column_sums(index, values) for values in (weight, np.square(weight), weight * of_posting)
    )
    with np.errstate(all="ignore"):
        variance = np.maximum(square / n - np.square(one / n), 0.0)
        held = np.maximum(square / n_held - np.square(one / n_held), 0.0)
        covariance = cross / n - one / n * length.mean()
        shared = np.square(covariance) / (variance * length.var())
        return {
            "variation": np.sqrt(variance) / (one / n),
            "variation_held": np.sqrt(held) / (one / n_held),
            "length_share": np.where(np.isfinite(shared), shared, np.nan),
        }


def compared_groups(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A row a measure: its median in each group, and P(silenced > matched) and P(silenced > other), low, high."""
    rows = []
    for measure, told in MEASURES.items():
        values = {
            group: table.loc[_inside(table, group), measure].dropna().to_numpy(np.float64) for group in GROUPS
        }
        row: dict[str, Any] = {"measure": measure, "told": told}
        row |= {name: float(np.median(of)) if len(of) else float("nan") for name, of in values.items()}
        for name in ("matched", "other"):
            chance = superiority(values["silenced"], values[name], seed)
            row |= dict(zip((f"over_{name}", f"over_{name}_low", f"over_{name}_high"), chance, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def group_types(table: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """How many latents of each group are of each type: group, n, and a column a type."""
    rows = []
    for group in GROUPS:
        part = table[_inside(table, group)]
        rows.append(
            {"group": group, "n": len(part)} | {kind: int((part["type"] == kind).sum()) for kind in kinds}
        )
    return pd.DataFrame(rows)


def superiority(
    mine: NDArray[np.float64], theirs: NDArray[np.float64], seed: int = 0
) -> tuple[float, float, float]:
    """P(mine > theirs) + P(equal) / 2 of one drawn from each, low, high (95%, bootstrap); NaN without either."""
    if not len(mine) or not len(theirs):
        return (float("nan"),) * 3
    ordered = np.sort(theirs)
    generator, n = np.random.default_rng(seed), len(ordered)
    low, high = np.searchsorted(ordered, mine, "left"), np.searchsorted(ordered, mine, "right")
    estimates = []
    for _ in range(N_RESAMPLES):
        counts = np.concatenate(([0], np.cumsum(generator.multinomial(n, np.full(n, 1 / n)))))
        drawn = generator.integers(0, len(mine), len(mine))
        estimates.append(float((counts[low[drawn]] + counts[high[drawn]]).mean() / (2 * n)))
    return float((low + high).mean() / (2 * n)), *np.quantile(estimates, [0.025, 0.975]).tolist()


def _inside(table: pd.DataFrame, group: str) -> pd.Series:
    return table["group"] != "silenced" if group == "other" else table["group"] == group


def _burst(study: Study) -> NDArray[np.float64]:
    """Adaptation less chance of each latent, NaN where it is in too few documents to say."""
    found, values = repetition(term_counts(study, "latents")), np.full(study.n_latents, np.nan)
    values[found["term"]] = found["adaptation"] - found["chance"]
    return values


def _mean_by_activation(contexts: ContextTable, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of a token's value, weighted by each latent's activation on it; NaN for dead latents."""
    ptr, activation = np.asarray(contexts.ptr), np.asarray(contexts.value, np.float64)
    sums = [
        np.diff(np.concatenate(([0.0], np.cumsum(of)))[ptr])
        for of in (activation * values[contexts.token], activation)
    ]
    mean: NDArray[np.float64] = np.divide(
        sums[0], sums[1], out=np.full(len(ptr) - 1, np.nan), where=sums[1] > 0
    )
    return mean


def _column_sums(index: Index, values: NDArray[np.float64]) -> NDArray[np.float64]:
    before = np.concatenate(([0.0], np.cumsum(values)))
    sums: NDArray[np.float64] = before[index.indptr[1:]] - before[index.indptr[:-1]]
    return sums
