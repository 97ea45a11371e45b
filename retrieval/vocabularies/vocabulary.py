"""A vocabulary: terms, the counts of texts over them, and the BM25 parameters that weight the counts.

vocabularies/<name>/         in a study's folder
    index/                   postings of every document (retrieval/index.py)
    queries.npz              counts of the study's queries, csr (n_queries, n_terms)
    terms.json               the label of each term, if terms are parts of the text
    documents.parquet, queries.parquet    for laws: the number of tokens of each text with each term
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scipy.sparse import csr_array

from data.errors import UserError
from data.files import new_file
from retrieval.bm25 import Bm25Parameters
from retrieval.counts import read_counts, write_counts
from retrieval.index import Index
from retrieval.lexical import Words
from retrieval.vocabularies.text_terms import TextTerms
from retrieval.weighted_index import WeightedIndex

FOLDER, INDEX, QUERIES = "vocabularies", "index", "queries.npz"


@dataclass(frozen=True)
class Vocabulary:
    """An entry of the list of vocabularies (retrieval/vocabularies/__init__.py).

    name: key, and name of its folder. title, colour: for display. bm25: the parameters under which it ranks; None:
    it ranks by the dot product of its weights, or not at all. terms: returns the terms of a text in order,
    repetitions included; None if counts come from a model's token states. stems: whether the terms are stems, cut
    in each study's own language (`retrieval.lexical.Words`) instead of by `terms`, which cuts English. Every study
    has each vocabulary of texts, as a system (retrieval/systems/) and in laws and papers, without further code.
    """

    name: str
    title: str
    colour: str
    bm25: Bm25Parameters | None = None
    terms: Callable[[str], Sequence[str]] | None = None
    stems: bool = False

    def folder(self, study: Path) -> Path:
        """The vocabulary's folder in the study at `study`."""
        return study / FOLDER / self.name


@dataclass(frozen=True, eq=False)
class StoredVocabulary:
    """A vocabulary of one study, in `folder`; files are mapped on access."""

    kind: Vocabulary
    folder: Path

    @cached_property
    def index(self) -> Index:
        """Postings of the study's documents, with raw counts."""
        return Index.open(self.folder / INDEX)

    @cached_property
    def weighted(self) -> WeightedIndex:
        """The index under the vocabulary's own BM25 parameters; a `UserError` if it has none."""
        if self.kind.bm25 is None:
            raise UserError(
                f"{self.kind.title} ranks by a dot product of weights, and has no BM25 parameters: choose a "
                "vocabulary that BM25 ranks by"
            )
        return WeightedIndex.of(self.index, self.kind.bm25)

    @cached_property
    def terms(self) -> TextTerms:
        """The terms of a vocabulary of texts, which count other texts; a `UserError` for any other vocabulary."""
        if self.kind.terms is None:
            raise UserError(f"{self.kind.title} are no parts of the text: count them by their model")
        return TextTerms.open(self.folder, self.words.stems if self.kind.stems else self.kind.terms)

    @cached_property
    def words(self) -> Words:
        """How texts are cut into the stems of this vocabulary."""
        return Words.open(self.folder)

    @property
    def query_counts(self) -> csr_array:
        """Counts of the study's queries, (n_queries, n_terms)."""
        return read_counts(self.folder / QUERIES, (None, self.index.n_terms))

    @property
    def has_queries(self) -> bool:
        """Whether the counts of the study's queries are stored."""
        return (self.folder / QUERIES).is_file()


def write_query_counts(folder: Path, counts: csr_array) -> None:
    """Write the counts of a study's queries, csr (n_queries, n_terms), into a vocabulary's folder."""
    with new_file(folder / QUERIES) as temporary:
        write_counts(temporary, counts)
