"""`Index`: for each term, the documents that contain it and its count in each, as columns of a CSC matrix.

    posting p of term j: documents[p], counts[p]     for indptr[j] <= p < indptr[j + 1]

A word's count is its number of occurrences; a latent's is its summed activation in the document, sum_t z_tj.
`WeightedIndex.of` (retrieval/weighted_index.py) turns counts into BM25 impacts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.arrays import create_array
from data.errors import UserError
from data.files import new_folder, read_json_object, write_json
from data.progress import StepProgress
from data.ragged import offsets_of
from retrieval.bm25 import PHIS, Phi
from retrieval.counts import clean_counts, lengths_of
from retrieval.kernels import kernel
from retrieval.tokens import Forms, map_arrays

FORMAT = 1
FORMS: Forms = {
    "indptr": ("<i8", (None,)),
    "documents": ("<i4", (None,)),
    "counts": ("<f4", (None,)),
    "document_lengths": ("<f8", (len(PHIS), None)),
}
CHUNK = 1 << 22  # postings that `write_index` scatters at a time


@dataclass(frozen=True, eq=False)
class Index:
    """Postings, read-only, in memory or memory-mapped.

    indptr: int64 (n_terms + 1,). documents: int32 (n_postings,), ascending within a term.
    counts: float32 (n_postings,), positive. document_lengths: float64 (n_phis, n_docs), |d| under each of PHIS.
    """

    indptr: NDArray[np.int64]
    documents: NDArray[np.int32]
    counts: NDArray[np.float32]
    document_lengths: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in FORMS:
            view = np.asarray(getattr(self, name)).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def n_docs(self) -> int:
        """Number of documents, those without any term included."""
        return int(self.document_lengths.shape[1])

    @property
    def n_terms(self) -> int:
        """Size of the vocabulary."""
        return len(self.indptr) - 1

    @property
    def n_postings(self) -> int:
        """Number of (term, document) pairs with a positive count."""
        return len(self.counts)

    @cached_property
    def document_frequency(self) -> NDArray[np.int64]:
        """n_j, the number of documents with each term, int64 (n_terms,)."""
        return np.diff(self.indptr)

    def document_length(self, phi: Phi) -> NDArray[np.float64]:
        """|d| = sum_j phi(count_jd), the document length (sum of term frequencies); float64 (n_docs,)."""
        length: NDArray[np.float64] = self.document_lengths[PHIS.index(phi)]
        return length

    def postings(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The documents with `term`, ascending, and its count in each, both (n_j,)."""
        column = slice(self.indptr[term], self.indptr[term + 1])
        return self.documents[column], self.counts[column]

    def positions(self, document: int, terms: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The posting of each of `terms` in one document, -1 for an absent term; int64 (len(terms),).

        A document out of range raises a `UserError`.
        """
        if not 0 <= document < self.n_docs:
            raise UserError(
                f"document {document} does not exist: the index has {self.n_docs} documents, numbered from 0"
            )
        positions = np.empty(len(terms), np.int64)
        _find(self.indptr, self.documents, document, np.asarray(terms, np.int64), positions)
        return positions

    def counts_of(self, document: int, terms: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """The count of each of `terms` in one document, 0 for an absent term; float32 (len(terms),)."""
        return take_or_zero(self.counts, self.positions(document, terms))

    def document_row(self, document: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The terms of one document, ascending, and their counts; a binary search in every column."""
        counts = self.counts_of(document, np.arange(self.n_terms))
        terms = np.flatnonzero(counts)
        return terms, counts[terms]

    def save(self, folder: Path) -> None:
        """Write the index to `folder`, completely or not at all, over an older one."""
        with new_folder(folder) as temporary:
            for name in FORMS:
                np.save(temporary / f"{name}.npy", getattr(self, name), allow_pickle=False)
            _write_card(temporary, self.n_docs, self.n_terms, self.n_postings)

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Map a saved index into memory; arrays are read from disk on access.

        A folder without an index, or with files that do not fit each other, raises a `UserError`.
        """
        card = read_json_object(folder / "index.json")
        if card.get("format") != FORMAT:
            raise UserError(f"{folder} does not hold an index of format {FORMAT}: build it again")
        index = map_arrays(cls, folder, FORMS)
        actual = {"n_docs": index.n_docs, "n_terms": index.n_terms, "n_postings": index.n_postings}
        expected = {name: card.get(name) for name in actual}
        if actual != expected or len(index.documents) != index.n_postings:
            raise UserError(
                f"the index in {folder} is damaged ({actual}, expected {expected}): build it again"
            )
        return index

    @classmethod
    def from_counts(cls, counts: csr_array) -> Index:
        """The index of counts, csr (n_docs, n_terms), in memory."""
        counts = clean_counts(counts)
        n_docs, n_terms = counts.shape
        indptr = offsets_of(np.bincount(counts.indices, minlength=n_terms))
        documents, values = np.empty(counts.nnz, np.int32), np.empty(counts.nnz, np.float32)
        owners = np.repeat(np.arange(n_docs, dtype=np.int32), np.diff(counts.indptr))
        _scatter(owners, counts.indices.astype(np.int32), counts.data, indptr[:-1].copy(), documents, values)
        return cls(indptr, documents, values, lengths_of(counts))


def take_or_zero(values: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """values[positions], with 0 for a position of -1; (len(positions),)."""
    taken = np.zeros(len(positions), np.float32)
    present = positions >= 0
    taken[present] = values[positions[present]]
    return taken


def write_index(
    folder: Path,
    blocks: Iterable[csr_array],
    n_terms: int,
    progress: StepProgress | None = None,
) -> Index:
    """Build an index on disk from consecutive blocks of documents, each (n_block_docs, n_terms).

    Blocks are spooled to disk, then scattered by term into mapped files: memory holds one block, or CHUNK postings,
    whatever the size of the corpus. The result equals `Index.from_counts` of the stacked blocks. progress: counts
    scattered postings.
    """
    row_sizes, lengths = [np.zeros(0, np.int64)], [np.zeros((len(PHIS), 0))]
    document_frequency = np.zeros(n_terms, np.int64)
    with new_folder(folder) as temporary:
        terms_spool, values_spool = temporary / "terms.spool", temporary / "values.spool"
        with terms_spool.open("wb") as terms_file, values_spool.open("wb") as values_file:
            for block in blocks:
                rows = clean_counts(block, n_terms)
                rows.indices.astype(np.int32).tofile(terms_file)
                rows.data.tofile(values_file)
                row_sizes.append(np.diff(rows.indptr).astype(np.int64))
                lengths.append(lengths_of(rows))
                document_frequency += np.bincount(rows.indices, minlength=n_terms)
        indptr, offsets = offsets_of(document_frequency), offsets_of(np.concatenate(row_sizes))
        n_postings = int(indptr[-1])
        document_lengths = np.concatenate(lengths, axis=1)
        np.save(temporary / "indptr.npy", indptr, allow_pickle=False)
        np.save(temporary / "document_lengths.npy", document_lengths, allow_pickle=False)
        documents = create_array(temporary / "documents.npy", np.int32, (n_postings,))
        counts = create_array(temporary / "counts.npy", np.float32, (n_postings,))
        cursor = indptr[:-1].copy()
        with terms_spool.open("rb") as terms_file, values_spool.open("rb") as values_file:
            for start in range(0, n_postings, CHUNK):
                terms = np.fromfile(terms_file, np.int32, CHUNK)
                stop = start + len(terms)
                owners = np.searchsorted(offsets, np.arange(start, stop), side="right").astype(np.int32) - 1
                _scatter(
                    owners, terms, np.fromfile(values_file, np.float32, CHUNK), cursor, documents, counts
                )
                if progress is not None:
                    progress(stop, n_postings)
        del documents, counts
        terms_spool.unlink()
        values_spool.unlink()
        _write_card(temporary, document_lengths.shape[1], n_terms, n_postings)
    return Index.open(folder)


def _write_card(folder: Path, n_docs: int, n_terms: int, n_postings: int) -> None:
    card = {"format": FORMAT, "n_docs": n_docs, "n_terms": n_terms, "n_postings": n_postings}
    write_json(folder / "index.json", card)


@kernel
def _scatter(
    owners: NDArray[np.int32],
    terms: NDArray[np.int32],
    values: NDArray[np.float32],
    cursor: NDArray[np.int64],
    documents: NDArray[np.int32],
    counts: NDArray[np.float32],
) -> None:
    """Stable counting sort by term, so documents ascend within a term."""
    for i in range(len(terms)):
        position = cursor[terms[i]]
        documents[position] = owners[i]
        counts[position] = values[i]
        cursor[terms[i]] = position + 1


@kernel
def _find(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    document: int,
    terms: NDArray[np.int64],
    positions: NDArray[np.int64],
) -> None:
    """Fill positions with the posting of each of `terms` in `document`, by binary search; -1 if absent."""
    for i in range(len(terms)):
        low, end = indptr[terms[i]], indptr[terms[i] + 1]
        high = end
        while low < high:
            middle = (low + high) // 2
            if documents[middle] < document:
                low = middle + 1
            else:
                high = middle
        positions[i] = low if low < end and documents[low] == document else -1
