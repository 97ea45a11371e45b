"""Counts of terms in documents are those of a plain count."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from analyses.text.token_words import readable_wordpiece, surface_word
from analyses.text.word_table import folded
from analyses.vocabularies.term_counts import SYSTEMS, TermCounts, term_counts
from retrieval.study import Study


def document_of(counts: TermCounts, document: int) -> Counter[int]:
    rows = np.flatnonzero(counts.documents == document)
    terms = np.searchsorted(counts.indptr, rows, side="right") - 1
    return Counter(dict(zip(terms.tolist(), counts.counts[rows].tolist(), strict=True)))


def test_latents_are_counted_by_the_tokens_on_which_they_fire(tiny_study: Study) -> None:
    counts = term_counts(tiny_study, "latents")
    np.testing.assert_array_equal(counts.occurrences, np.diff(tiny_study.contexts.ptr))
    np.testing.assert_array_equal(counts.document_frequency, tiny_study.index.document_frequency)
    assert counts.counts.min() >= 1
    for document in (0, 7, len(tiny_study.corpus) - 1):
        rows = tiny_study.tokens.document(document)
        fired = np.asarray(tiny_study.tokens.indices[rows])[
            np.asarray(tiny_study.tokens.activations[rows]) > 0
        ]
        assert document_of(counts, document) == Counter(fired.tolist())


def test_a_word_of_several_wordpieces_is_counted_once(tiny_study: Study) -> None:
    counts, tokens = term_counts(tiny_study, "words"), tiny_study.tokens
    for document in (0, 3, 11):
        rows, wanted, end = tokens.document(document), Counter[str](), -1
        last = ""
        for token in range(rows.start, rows.stop):
            start, stop = (int(i) for i in tokens.spans[token])
            if stop > start:
                word = folded(surface_word(tiny_study, token, document))
                if not (start == end and word == last):
                    wanted[word] += 1
                end, last = stop, word
        found = {counts.names[term]: n for term, n in document_of(counts, document).items()}
        assert found.keys() - wanted.keys() <= {last}  # which the encoder may have cut short
        assert sum(found.values()) == sum(wanted.values())
        assert sum((wanted - Counter(found)).values()) <= 1


def test_wordpieces_are_the_tokenizers_without_special_tokens(tiny_study: Study) -> None:
    counts = term_counts(tiny_study, "wordpieces")
    rows = tiny_study.tokens.document(5)
    ids = np.asarray(tiny_study.tokens.token_ids[rows]).tolist()
    assert document_of(counts, 5) == Counter(ids[1:-1])
    assert counts.names[ids[1]] == readable_wordpiece(tiny_study.wordpieces[ids[1]])


@pytest.mark.parametrize("system", SYSTEMS)
def test_documents_rise_within_a_term(tiny_study: Study, system: str) -> None:
    counts = term_counts(tiny_study, system)
    inside = np.ones(max(len(counts.documents) - 1, 0), bool)
    inside[np.setdiff1d(counts.indptr[1:-1], [0, len(counts.documents)]) - 1] = False
    assert (np.diff(counts.documents)[inside] > 0).all()
    assert len(counts.document_tokens) == len(tiny_study.corpus)
