"""Build a study's vocabulary of texts from its documents and queries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.files import new_folder
from retrieval.index import write_index
from retrieval.lexical import ENGLISH, Words
from retrieval.vocabularies.text_terms import TextTerms
from retrieval.vocabularies.vocabulary import INDEX, Vocabulary, write_query_counts


def write_text_vocabulary(
    study: Path, kind: Vocabulary, texts: Sequence[str], queries: Sequence[str], language: str = ENGLISH
) -> int:
    """Write a vocabulary of texts (postings, labels, counts of queries) into the study; returns n_terms.

    language: of the stems, if it is a vocabulary of stems.
    """
    assert kind.terms is not None
    words = Words(language)
    with new_folder(kind.folder(study)) as folder:
        if kind.stems:
            words.save(folder)
        terms = TextTerms.of(texts, words.stems if kind.stems else kind.terms)
        write_index(folder / INDEX, terms.count_blocks(texts), len(terms))
        terms.save(folder)
        write_query_counts(folder, terms.count(queries))
    return len(terms)
