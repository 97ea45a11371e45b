"""Latents with idf 0 under the paper's formula, compared with the others: what is special about them?

    silenced    idf_j = max(0, ln((N - n_j + .5) / (n_j + .5))) = 0: latents in half of the documents or more
    matched     as many other latents, the most frequent with an idf above 0: the control for frequency
    other       all other latents that occur, `matched` included

"silenced" in tables names the latents with idf 0. Every measure is of the study's own tokens and postings, exact.
Groups are compared by their medians and by P(silenced > others), the probability that a latent with idf 0 has the
larger value (ties count half): .5 is no difference; 95% intervals by a bootstrap over the latents of both groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.bm25_assumptions.repetition import repetition
from analyses.latents.forms import SurfaceForms, surface_forms
from analyses.latents.latent_table import latent_length, vocabulary_table
from analyses.latents.types import kept_types, type_measures
from analyses.vocabularies.term_counts import term_counts
from retrieval.bm25 import Bm25Parameters, clipped_idf, term_weight
from retrieval.contexts import ContextTable
from retrieval.index import Index
from retrieval.lexical import STOP_WORDS
from retrieval.study import Study

GROUPS = ("silenced", "matched", "other")
KINDS = ("special", "stop word", "punctuation", "word")
N_RESAMPLES = 1000
MEASURES: Mapping[str, str] = {
    "document_share": "share of documents with the latent",
    "mass": "share of all |d|",
    "activation": "share of all activation",
    "effective_forms": "effective number of forms",
    "top_form_share": "activation on the top form",
    "coherence": "similarity of the ten strongest documents",
    "special": "activation on special tokens",
    "stop word": "activation on stop words",
    "punctuation": "activation on punctuation",
    "place": "mean position in the text, 0 to 1",
    "first_tenth": "activation in the first tenth of the text",
    "variation": "variation of w over all documents",
    "variation_held": "variation of w where active",
    "length_share": "variance of w explained by |d|",
    "burst": "repetition beyond chance",
}


def zero_idf_latents(index: Index) -> NDArray[np.int64]:
    """Latents that occur and whose clipped idf is 0, rising."""
    frequency = index.document_frequency
    return np.flatnonzero((frequency > 0) & (clipped_idf(frequency, index.n_docs) == 0))


def matched_latents(index: Index, zero_idf: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most frequent other latents, as many as `zero_idf` or all; ties by number; rising."""
    frequency = index.document_frequency.copy()
    frequency[zero_idf] = 0
    order = np.argsort(-frequency, kind="stable")[: len(zero_idf)]
    return np.sort(order[frequency[order] > 0])


def zero_idf_table(study: Study) -> pd.DataFrame:
    """One row per latent that occurs: latent, label, group (GROUPS, matched before other), type, and MEASURES.

    variation: standard deviation of w_j over its mean, over all documents, or over those in which the
    latent fires. length_share: squared correlation of w_j with |d|. place, first_tenth: of its activation.
    burst: share of a latent's documents that have it twice, minus that of a Poisson of its rate.
    """
    index, vocabulary, measures = study.index, vocabulary_table(study), type_measures(study)
    zero_idf = zero_idf_latents(index)
    group = np.full(study.n_latents, "other", dtype=object)
    group[matched_latents(index, zero_idf)] = "matched"
    group[zero_idf] = "silenced"
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
    """Which of KINDS each token of the study is, int8 (n_tokens,); a wordpiece has the kind of its word."""
    special = ~forms.is_form
    stop = np.array([word in STOP_WORDS or word == "a" for word in forms.words], bool)
    punctuation = np.array([not any(map(str.isalnum, word)) for word in forms.words], bool)
    of_form = np.select([special, stop, punctuation], [0, 1, 2], default=3)
    return of_form.astype(np.int8)[forms.of_token]


def kinds_of_all(study: Study) -> dict[str, float]:
    """The share of all tokens of each of KINDS: the expectation for a latent that fires on random tokens."""
    counted = np.bincount(token_kinds(surface_forms(study), study), minlength=len(KINDS))
    return dict(zip(KINDS, (counted / max(counted.sum(), 1)).tolist(), strict=True))


def weight_variation(index: Index) -> dict[str, NDArray[np.float64]]:
    """variation, variation_held and length_share of each latent, (n_terms,); NaN where a latent does not occur."""
    phi = Bm25Parameters().phi
    weight, length = term_weight(index.counts, phi), index.document_length(phi)
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
    """One row per measure: its median in each group, and P(silenced > matched) and P(silenced > other), low,
    high.
    """
    rows = []
    for measure, description in MEASURES.items():
        values = {
            group: table.loc[_inside(table, group), measure].dropna().to_numpy(np.float64) for group in GROUPS
        }
        row: dict[str, Any] = {"measure": measure, "description": description}
        row |= {
            name: float(np.median(group_values)) if len(group_values) else float("nan")
            for name, group_values in values.items()
        }
        for name in ("matched", "other"):
            chance = superiority(values["silenced"], values[name], seed)
            row |= dict(zip((f"over_{name}", f"over_{name}_low", f"over_{name}_high"), chance, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def group_types(table: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """How many latents of each group are of each type: group, n, and one column per type."""
    rows = []
    for group in GROUPS:
        part = table[_inside(table, group)]
        rows.append(
            {"group": group, "n": len(part)} | {kind: int((part["type"] == kind).sum()) for kind in kinds}
        )
    return pd.DataFrame(rows)


def superiority(a: NDArray[np.float64], b: NDArray[np.float64], seed: int = 0) -> tuple[float, float, float]:
    """P(A > B) + P(A = B) / 2 of a value from each, low, high (95%, bootstrap); NaN where either is empty."""
    if not len(a) or not len(b):
        return (float("nan"),) * 3
    ordered = np.sort(b)
    generator, n = np.random.default_rng(seed), len(ordered)
    low, high = np.searchsorted(ordered, a, "left"), np.searchsorted(ordered, a, "right")
    estimates = []
    for _ in range(N_RESAMPLES):
        counts = np.concatenate(([0], np.cumsum(generator.multinomial(n, np.full(n, 1 / n)))))
        drawn = generator.integers(0, len(a), len(a))
        estimates.append(float((counts[low[drawn]] + counts[high[drawn]]).mean() / (2 * n)))
    return float((low + high).mean() / (2 * n)), *np.quantile(estimates, [0.025, 0.975]).tolist()


def _inside(table: pd.DataFrame, group: str) -> pd.Series:
    return table["group"] != "silenced" if group == "other" else table["group"] == group


def _burst(study: Study) -> NDArray[np.float64]:
    """Adaptation minus chance of each latent, (n_latents,); NaN for latents in too few documents."""
    table, values = repetition(term_counts(study, "latents")), np.full(study.n_latents, np.nan)
    values[table["term"]] = table["adaptation"] - table["chance"]
    return values


def _mean_by_activation(contexts: ContextTable, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over tokens of `values`, weighted by each latent's activation; NaN for dead latents."""
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
