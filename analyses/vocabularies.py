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

from analyses.read_texts import CONTROLS, control_is_kept, counted_queries, read_control, sample_of
from analyses.surface import readable_wordpiece
from analyses.term_counts import SYSTEMS, TermCounts, term_counts
from analyses.vocabulary import vocabulary_table
from data.errors import UserError
from retrieval.index import Index
from retrieval.kernels import kernel
from retrieval.learned_sparse import (
    learned_sparse_index,
    learned_sparse_model,
    learned_sparse_queries,
    learned_sparse_terms,
)
from retrieval.study import Study

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
    mass: NDArray[np.float32] | None
    names: Sequence[str]
    n_texts: int

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What this vocabulary can be counted by."""
        held = {"documents": True, "tokens": self.counts is not None, "activation": self.mass is not None}
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
            assert self.mass is not None
            return _sums_of_mass(self.indptr, self.texts, self.mass, everything) * self._unit
        counts = ones if measure == "documents" or self.counts is None else self.counts
        return _sums(self.indptr, self.texts, counts, everything)

    @cached_property
    def _unit(self) -> float:
        assert self.mass is not None
        sums = _sums_of_mass(self.indptr, self.texts, self.mass, np.ones(self.n_texts, bool))
        return float(UNITS / np.median(sums[sums > 0])) if (sums > 0).any() else 1.0


def vocabularies(study: Study, over: Over = "documents") -> dict[str, Vocabulary]:
    """Every vocabulary that the study keeps or can count at once; the controls where `write_controls` counted them.

    Over queries: none before `write_queries` has read them.
    """
    if over == "queries":
        return _query_vocabularies(study)
    found: dict[str, Vocabulary] = {}
    for system in SYSTEMS:
        mass = np.asarray(study.index.mass) if system == "latents" else None
        found[system] = _of_counts(term_counts(study, system), mass)
    index = learned_sparse_index(study)
    if index is not None:
        found["learned_sparse"] = _of_index("learned_sparse", index, learned_sparse_terms(study))
    documents = sample_of(study)
    controls = [read_control(study, control) for control in CONTROLS]
    if all(control is None for control in controls):
        return found
    names = vocabulary_table(study)["label"].tolist()
    found["sample"] = part_of(found["latents"], documents, "sample")
    for name, table in zip(CONTROLS, controls, strict=True):
        if table is not None:
            found[name] = of_table(name, table, names, len(documents))
    return found


def kept_beside(study: Study, over: Over = "documents") -> dict[str, Any]:
    """Which vocabularies the study keeps beside its own: `controls`, and the name of its `learned_sparse` model."""
    model = learned_sparse_model(study)
    if over == "queries" and learned_sparse_queries(study) is None:
        model = ""
    controls = [control for control in CONTROLS if control_is_kept(study, control, over)]
    return {"controls": controls, "learned_sparse": model}


def _query_vocabularies(study: Study) -> dict[str, Vocabulary]:
    found = {counts.system: _of_counts(counts, mass) for counts, mass in counted_queries(study)}
    if not found:
        return found
    weights = learned_sparse_queries(study)
    if weights is not None:
        by_term = weights.tocsc()
        shown = [readable_wordpiece(name) for name in learned_sparse_terms(study)]
        arrays = by_term.indptr.astype(np.int64), by_term.indices.astype(np.int32)
        found["learned_sparse"] = Vocabulary(
            "learned_sparse", *arrays, None, by_term.data.astype(np.float32), shown, weights.shape[0]
        )
    for control in CONTROLS:
        table = read_control(study, control, "queries")
        if table is not None:
            found[control] = of_table(control, table, found["latents"].names, len(study.queries.ids))
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
        None if vocabulary.mass is None else vocabulary.mass[kept],
        vocabulary.names,
        len(chosen),
    )


def of_table(system: str, table: pd.DataFrame, names: Sequence[str], n_texts: int) -> Vocabulary:
    """A vocabulary of columns term (rising), text, count, mass."""
    frequency = np.bincount(table["term"], minlength=len(names))
    indptr = np.concatenate(([0], np.cumsum(frequency))).astype(np.int64)
    text, count = table["text"].to_numpy(np.int32), table["count"].to_numpy(np.int32)
    return Vocabulary(system, indptr, text, count, table["mass"].to_numpy(np.float32), names, n_texts)


def _of_counts(counts: TermCounts, mass: NDArray[np.float32] | None) -> Vocabulary:
    return Vocabulary(
        counts.system,
        np.asarray(counts.indptr),
        np.asarray(counts.documents),
        counts.counts,
        mass,
        counts.names,
        counts.n_docs,
    )


def _of_index(system: str, index: Index, names: Sequence[str]) -> Vocabulary:
    shown = [readable_wordpiece(name) for name in names]
    arrays = (np.asarray(index.indptr), np.asarray(index.documents))
    return Vocabulary(system, *arrays, None, np.asarray(index.mass), shown, index.n_docs)


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
def _sums_of_mass(
    indptr: NDArray[np.int64], texts: NDArray[np.int32], mass: NDArray[np.float32], chosen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    sums = np.zeros(len(indptr) - 1)
    for term in range(len(sums)):
        total = 0.0
        for p in range(indptr[term], indptr[term + 1]):
            if chosen[texts[p]]:
                total += mass[p]
        sums[term] = total
    return sums
