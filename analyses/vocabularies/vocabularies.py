"""The vocabularies of a study, side by side: how often each term of each occurs, in documents or in queries.

    latents              the SAE's
    words, wordpieces    the text's own words, without case and accents; the tokenizer's tokens
    learned_sparse       terms that a learned-sparse retriever gives to a text, where the study keeps them
    sample               the study's latents on a sample of its documents, to compare the controls with
    random_directions    an SAE as wide and as sparse whose directions were drawn, on that sample
    random_encoder       the study's SAE on its encoder's twin with random weights, on that sample

Over queries, the controls read all of them, so that no sample of the latents is needed beside them.

    documents     texts that hold the term (document frequency)
    tokens        tokens on which it fires, or its occurrences (a collection frequency)
    activation    pooled activation, summed over the texts (a collection frequency); the weights of learned terms

Activations are no whole numbers: they are counted in thousandths of the median term's, which keeps every exponent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.latent_table import vocabulary_table
from analyses.text.token_words import readable_wordpiece
from analyses.vocabularies.control_counts import (
    CONTROLS,
    control_is_kept,
    counted_queries,
    read_control,
    sample_of,
)
from analyses.vocabularies.term_counts import SYSTEMS, TermCounts, term_counts
from data.errors import UserError
from retrieval.index import Index
from retrieval.kernels import kernel
from retrieval.learned_sparse import learned_sparse_model, learned_sparse_terms, learned_sparse_vocabulary
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, LEARNED_SPARSE, SAMPLE, STEMS, text_vocabularies

Measure = Literal["documents", "tokens", "activation"]
Over = Literal["documents", "queries"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
OVERS: tuple[Over, ...] = get_args(Over)
UNITS = 1000.0  # of the median activation


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """How often each text holds each term, by term.

    indptr: int64 (n_terms + 1,). texts: int32 (n_postings,), rising within a term. counts: int32 tokens, or None
    where terms stand on no token; mass: float32 pooled activation, or None. names: (n_terms,). n_texts: that were
    read.
    """

    system: str
    indptr: NDArray[np.int64]
    texts: NDArray[np.int32]
    counts: NDArray[np.int32] | None
    activation: NDArray[np.float32] | None
    names: Sequence[str]
    n_texts: int

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What this vocabulary can be counted by."""
        held = {
            "documents": True,
            "tokens": self.counts is not None,
            "activation": self.activation is not None,
        }
        return tuple(measure for measure in MEASURES if held[measure])

    @property
    def n_terms(self) -> int:
        return len(self.indptr) - 1

    def frequency(
        self, measure: Measure = "documents", chosen: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Frequency of each term, float64 (n_terms,), in all texts or in the chosen ones, bool (n_texts,)."""
        if measure not in self.measures:
            raise UserError(
                f"{self.system} cannot be counted by {measure}: expected {', '.join(self.measures)}"
            )
        everything = np.ones(self.n_texts, bool) if chosen is None else chosen
        ones = np.ones(1, np.int32)
        if measure == "activation":
            assert self.activation is not None
            return _activation_sums(self.indptr, self.texts, self.activation, everything) * self._unit
        counts = ones if measure == "documents" or self.counts is None else self.counts
        return _sums(self.indptr, self.texts, counts, everything)

    @cached_property
    def _unit(self) -> float:
        assert self.activation is not None
        sums = _activation_sums(self.indptr, self.texts, self.activation, np.ones(self.n_texts, bool))
        return float(UNITS / np.median(sums[sums > 0])) if (sums > 0).any() else 1.0


def vocabularies(study: Study, over: Over = "documents") -> dict[str, Vocabulary]:
    """Every vocabulary that the study keeps or can count at once; the controls where `write_controls` counted them.

    Over queries: none before `write_queries` has read them.
    """
    if over == "queries":
        return _query_vocabularies(study)
    found: dict[str, Vocabulary] = {}
    for system in SYSTEMS:
        summed = np.asarray(study.index.counts) if system == LATENTS.name else None
        found[system] = _of_counts(term_counts(study, system), summed)
    learned = learned_sparse_vocabulary(study)
    if learned is not None:
        shown = [readable_wordpiece(term) for term in learned_sparse_terms(study)]
        found[LEARNED_SPARSE.name] = _of_index(LEARNED_SPARSE.name, learned.index, shown)
    for kind in text_vocabularies():
        if kind is not STEMS and study.keeps(kind):
            stored = study.vocabulary(kind)
            found[kind.name] = _of_index(kind.name, stored.index, stored.terms.labels, occur=True)
    documents = sample_of(study)
    controls = [read_control(study, control) for control in CONTROLS]
    if all(control is None for control in controls):
        return found
    names = vocabulary_table(study)["label"].tolist()
    found[SAMPLE.name] = part_of(found[LATENTS.name], documents, SAMPLE.name)
    for name, table in zip(CONTROLS, controls, strict=True):
        if table is not None:
            found[name] = of_table(name, table, names, len(documents))
    return found


def kept_beside(study: Study, over: Over = "documents") -> dict[str, Any]:
    """Which vocabularies the study keeps beside its own: `controls`, and the name of its `learned_sparse` model."""
    learned, model = learned_sparse_vocabulary(study), learned_sparse_model(study)
    if over == "queries" and (learned is None or not learned.has_queries):
        model = ""
    controls = [control for control in CONTROLS if control_is_kept(study, control, over)]
    return {"controls": controls, LEARNED_SPARSE.name: model}


def _query_vocabularies(study: Study) -> dict[str, Vocabulary]:
    found = {counts.system: _of_counts(counts, summed) for counts, summed in counted_queries(study)}
    if not found:
        return found
    learned = learned_sparse_vocabulary(study)
    if learned is not None and learned.has_queries:
        weights = learned.query_counts
        by_term = weights.tocsc()
        shown = [readable_wordpiece(name) for name in learned_sparse_terms(study)]
        arrays = by_term.indptr.astype(np.int64), by_term.indices.astype(np.int32)
        found[LEARNED_SPARSE.name] = Vocabulary(
            LEARNED_SPARSE.name, *arrays, None, by_term.data.astype(np.float32), shown, weights.shape[0]
        )
    for control in CONTROLS:
        table = read_control(study, control, "queries")
        if table is not None:
            found[control] = of_table(control, table, found[LATENTS.name].names, len(study.queries.ids))
    return found


def part_of(vocabulary: Vocabulary, chosen: NDArray[np.int64], system: str) -> Vocabulary:
    """The vocabulary in the chosen texts alone, in that order."""
    place = np.full(vocabulary.n_texts, -1, np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    kept = place[vocabulary.texts] >= 0
    before = np.concatenate(([0], np.cumsum(kept)))
    return Vocabulary(
        system,
        before[vocabulary.indptr],
        place[vocabulary.texts[kept]],
        None if vocabulary.counts is None else vocabulary.counts[kept],
        None if vocabulary.activation is None else vocabulary.activation[kept],
        vocabulary.names,
        len(chosen),
    )


def of_table(system: str, table: pd.DataFrame, names: Sequence[str], n_texts: int) -> Vocabulary:
    """A vocabulary of columns term (rising), text, count, mass."""
    frequency = np.bincount(table["term"], minlength=len(names))
    indptr = np.concatenate(([0], np.cumsum(frequency))).astype(np.int64)
    text, count = table["text"].to_numpy(np.int32), table["count"].to_numpy(np.int32)
    return Vocabulary(system, indptr, text, count, table["mass"].to_numpy(np.float32), names, n_texts)


def _of_counts(counts: TermCounts, summed: NDArray[np.float32] | None) -> Vocabulary:
    return Vocabulary(
        counts.system,
        np.asarray(counts.indptr),
        np.asarray(counts.documents),
        counts.counts,
        summed,
        counts.names,
        counts.n_docs,
    )


def _of_index(system: str, index: Index, names: Sequence[str], occur: bool = False) -> Vocabulary:
    """A vocabulary of what an index holds; occur: its counts are occurrences, on tokens, and not weights."""
    counts = np.asarray(index.counts)
    occurrences, weights = (counts.astype(np.int32), None) if occur else (None, counts)
    arrays = (np.asarray(index.indptr), np.asarray(index.documents))
    return Vocabulary(system, *arrays, occurrences, weights, names, index.n_docs)


@kernel
def _sums(
    indptr: NDArray[np.int64], texts: NDArray[np.int32], counts: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Sum of the counts of each term in the chosen texts; a single count stands for all."""
    sums, one = np.zeros(len(indptr) - 1), len(counts) == 1
    for term in range(len(sums)):
        total = 0
        for p in range(indptr[term], indptr[term + 1]):
            if chosen[texts[p]]:
                total += counts[0] if one else counts[p]
        sums[term] = total
    return sums


@kernel
def _activation_sums(
    indptr: NDArray[np.int64],
    texts: NDArray[np.int32],
    summed: NDArray[np.float32],
    chosen: NDArray[np.bool_],
) -> NDArray[np.float64]:
    sums = np.zeros(len(indptr) - 1)
    for term in range(len(sums)):
        total = 0.0
        for p in range(indptr[term], indptr[term + 1]):
            if chosen[texts[p]]:
                total += summed[p]
        sums[term] = total
    return sums
