"""Index: for each term, the documents that hold it and its raw mass there, as columns of a CSC matrix.

    posting p of term j: documents[p], mass[p] = sum_t z_tj     for indptr[j] <= p < indptr[j + 1]

Latents and words use the same index. `WeightedIndex.of` turns mass into BM25 impacts for given parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.ragged import offsets_of
from retrieval import bm25
from retrieval.bm25 import PHIS, Bm25Parameters, Phi
from retrieval.counts import clean_counts, lengths_of
from retrieval.kernels import in_threads, kernel

FORMAT = 1
ARRAYS = ("indptr", "documents", "mass", "document_lengths")
CHUNK = 1 << 22  # postings read back at a time by `write_index`
DENSE = 1 / 4  # share of the documents above which a term is kept as a dense row too


@dataclass(frozen=True, eq=False)
class Index:
    """Postings, read-only, in memory or memory-mapped.

    indptr: int64 (n_terms + 1,). documents: int32 (n_postings,), rising within a term.
    mass: float32 (n_postings,), positive. document_lengths: float64 (n_phis, n_docs), |d| under each of PHIS.
    """

    indptr: NDArray[np.int64]
    documents: NDArray[np.int32]
    mass: NDArray[np.float32]
    document_lengths: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ARRAYS:
            view = np.asarray(getattr(self, name)).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def n_docs(self) -> int:
        return int(self.document_lengths.shape[1])

    @property
    def n_terms(self) -> int:
        return len(self.indptr) - 1

    @property
    def n_postings(self) -> int:
        return len(self.mass)

    @cached_property
    def document_frequency(self) -> NDArray[np.int64]:
        """Number of documents that hold each term, int64 (n_terms,)."""
        return np.diff(self.indptr)

    def document_length(self, phi: Phi) -> NDArray[np.float64]:
        """|d| = sum_j phi(mass_jd): activation mass, not tokens; float64 (n_docs,)."""
        length: NDArray[np.float64] = self.document_lengths[PHIS.index(phi)]
        return length

    def postings(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Documents that hold `term`, rising, and its mass in each."""
        column = slice(self.indptr[term], self.indptr[term + 1])
        return self.documents[column], self.mass[column]

    def positions(self, document: int, terms: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Posting of each of `terms` in one document, -1 where absent; int64 (len(terms),)."""
        if not 0 <= document < self.n_docs:
            raise UserError(f"document {document} asked of an index of {self.n_docs} documents")
        found = np.empty(len(terms), np.int64)
        _find(self.indptr, self.documents, document, np.asarray(terms, np.int64), found)
        return found

    def masses(self, document: int, terms: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Mass of each of `terms` in one document, 0 where absent; float32 (len(terms),)."""
        return take_or_zero(self.mass, self.positions(document, terms))

    def document_row(self, document: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Every term of one document, rising, and its mass there: a binary search in each column."""
        mass = self.masses(document, np.arange(self.n_terms))
        terms = np.flatnonzero(mass)
        return terms, mass[terms]

    def save(self, folder: Path) -> None:
        """Write `folder`, whole or not at all, replacing what stood there."""
        with new_folder(folder) as temporary:
            for name in ARRAYS:
                np.save(temporary / f"{name}.npy", getattr(self, name), allow_pickle=False)
            _write_card(temporary, self.n_docs, self.n_terms, self.n_postings)

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Map a saved index into memory; nothing is read before it is asked for.

        Raises UserError where the folder holds no index, or one whose files do not fit together.
        """
        card = read_json(folder / "index.json")
        if not isinstance(card, dict) or card.get("format") != FORMAT:
            raise UserError(f"{folder} does not hold an index of format {FORMAT}: build it again")
        try:
            files = (folder / f"{name}.npy" for name in ARRAYS)
            index = cls(*(np.load(file, mmap_mode="r", allow_pickle=False) for file in files))
        except (OSError, ValueError) as error:
            raise UserError(f"the index in {folder} is damaged ({error}): build it again") from None
        arrived = {"n_docs": index.n_docs, "n_terms": index.n_terms, "n_postings": index.n_postings}
        expected = {name: card.get(name) for name in arrived}
        if arrived != expected or len(index.documents) != index.n_postings:
            raise UserError(
                f"the index in {folder} is damaged ({arrived}, expected {expected}): build it again"
            )
        return index

    @classmethod
    def from_counts(cls, counts: csr_array) -> Index:
        """Index of raw pooled mass, (n_docs, n_terms)."""
        counts = clean_counts(counts)
        n_docs, n_terms = counts.shape
        indptr = offsets_of(np.bincount(counts.indices, minlength=n_terms))
        documents, mass = np.empty(counts.nnz, np.int32), np.empty(counts.nnz, np.float32)
        owners = np.repeat(np.arange(n_docs, dtype=np.int32), np.diff(counts.indptr))
        _scatter(owners, counts.indices.astype(np.int32), counts.data, indptr[:-1].copy(), documents, mass)
        return cls(indptr, documents, mass, lengths_of(counts))


@dataclass(frozen=True, eq=False)
class WeightedIndex:
    """An index under fixed BM25 parameters.

        impact = w (k1 + 1) / (w + k1 (1 - b + b |d| / avg|d|))       score(q, d) = sum_j w_j(q) idf_j impact_jd

    impact: float32 (n_postings,), in the order of `index.documents`. idf: float64 (n_terms,), kept apart: it
    goes with the query's weights, so that shards of a corpus need share no statistics but |d|'s average.
    document_length: float64 (n_docs,).
    dense: float32 (n_dense, n_docs), the impacts of terms in over DENSE of the documents once more, since to
    add a whole row is vector code, faster than to scatter that many postings. dense_row: int32 (n_terms,), a
    term's row there, or -1.
    """

    index: Index
    parameters: Bm25Parameters
    impact: NDArray[np.float32]
    idf: NDArray[np.float64]
    document_length: NDArray[np.float64]
    average_length: float
    dense: NDArray[np.float32]
    dense_row: NDArray[np.int32]

    @classmethod
    def of(cls, index: Index, parameters: Bm25Parameters) -> WeightedIndex:
        """Impacts of an index under these parameters: one pass over its postings."""
        length = index.document_length(parameters.phi)
        average = bm25.average_length(length)
        k1_norm = (parameters.k1 * bm25.length_norm(length, average, parameters.b)).astype(np.float32)
        gain, phi = np.float32(parameters.k1 + 1), PHIS.index(parameters.phi)
        impact = np.empty(index.n_postings, np.float32)

        def weigh(start: int, stop: int) -> None:
            part = slice(start, stop)
            _weigh(index.documents[part], index.mass[part], phi, gain, k1_norm, impact[part])

        in_threads(weigh, index.n_postings)
        impact.flags.writeable = False
        idf = bm25.inverse_document_frequency(index.document_frequency, index.n_docs, parameters.idf)
        dense, dense_row = _dense_rows(index, impact, idf)
        return cls(index, parameters, impact, idf, length, average, dense, dense_row)

    @property
    def n_docs(self) -> int:
        return self.index.n_docs

    @property
    def n_terms(self) -> int:
        return self.index.n_terms


def take_or_zero(values: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """values[positions], and 0 where a position is -1."""
    found = np.zeros(len(positions), np.float32)
    present = positions >= 0
    found[present] = values[positions[present]]
    return found


def write_index(
    folder: Path,
    blocks: Iterable[csr_array],
    n_terms: int,
    progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Build an index on disk from consecutive blocks of documents, each (n_block_docs, n_terms).

    Blocks are spooled as they come, then scattered by term into the mapped files: memory holds a block, or
    CHUNK postings, whatever the size of the corpus. The result equals `Index.from_counts` of the stacked
    blocks. progress: postings scattered, of all.
    """
    row_sizes, lengths = [np.zeros(0, np.int64)], [np.zeros((len(PHIS), 0))]
    document_frequency = np.zeros(n_terms, np.int64)
    with new_folder(folder) as temporary:
        terms_spool, mass_spool = temporary / "terms.spool", temporary / "mass.spool"
        with terms_spool.open("wb") as terms_file, mass_spool.open("wb") as mass_file:
            for block in blocks:
                counts = clean_counts(block, n_terms)
                counts.indices.astype(np.int32).tofile(terms_file)
                counts.data.tofile(mass_file)
                row_sizes.append(np.diff(counts.indptr).astype(np.int64))
                lengths.append(lengths_of(counts))
                document_frequency += np.bincount(counts.indices, minlength=n_terms)
        indptr, offsets = offsets_of(document_frequency), offsets_of(np.concatenate(row_sizes))
        n_postings = int(indptr[-1])
        document_lengths = np.concatenate(lengths, axis=1)
        np.save(temporary / "indptr.npy", indptr, allow_pickle=False)
        np.save(temporary / "document_lengths.npy", document_lengths, allow_pickle=False)
        documents = _create_array(temporary / "documents.npy", np.int32, n_postings)
        mass = _create_array(temporary / "mass.npy", np.float32, n_postings)
        cursor = indptr[:-1].copy()
        with terms_spool.open("rb") as terms_file, mass_spool.open("rb") as mass_file:
            for start in range(0, n_postings, CHUNK):
                terms = np.fromfile(terms_file, np.int32, CHUNK)
                stop = start + len(terms)
                owners = np.searchsorted(offsets, np.arange(start, stop), side="right").astype(np.int32) - 1
                _scatter(owners, terms, np.fromfile(mass_file, np.float32, CHUNK), cursor, documents, mass)
                if progress is not None:
                    progress(stop, n_postings)
        del documents, mass
        terms_spool.unlink()
        mass_spool.unlink()
        _write_card(temporary, document_lengths.shape[1], n_terms, n_postings)
    return Index.open(folder)


def _write_card(folder: Path, n_docs: int, n_terms: int, n_postings: int) -> None:
    card = {"format": FORMAT, "n_docs": n_docs, "n_terms": n_terms, "n_postings": n_postings}
    write_json(folder / "index.json", card)


def _create_array(path: Path, dtype: type[np.generic], length: int) -> NDArray[Any]:
    if length == 0:  # nothing can be mapped
        np.save(path, np.zeros(0, dtype), allow_pickle=False)
        return np.zeros(0, dtype)
    return np.asarray(np.lib.format.open_memmap(path, "w+", dtype=np.dtype(dtype), shape=(length,)))


def _dense_rows(
    index: Index, impact: NDArray[np.float32], idf: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    terms = np.flatnonzero((index.document_frequency > DENSE * index.n_docs) & (idf > 0))
    dense_row = np.full(index.n_terms, -1, np.int32)
    dense_row[terms] = np.arange(len(terms))
    dense = np.zeros((len(terms), index.n_docs), np.float32)
    for row, term in zip(dense, terms.tolist(), strict=True):
        column = slice(index.indptr[term], index.indptr[term + 1])
        row[index.documents[column]] = impact[column]
    return dense, dense_row


@kernel
def _scatter(
    owners: NDArray[np.int32],
    terms: NDArray[np.int32],
    values: NDArray[np.float32],
    cursor: NDArray[np.int64],
    documents: NDArray[np.int32],
    mass: NDArray[np.float32],
) -> None:
    """Counting sort by term, stable, so that documents rise within a term."""
    for i in range(len(terms)):
        position = cursor[terms[i]]
        documents[position] = owners[i]
        mass[position] = values[i]
        cursor[terms[i]] = position + 1


@kernel
def _weigh(
    documents: NDArray[np.int32],
    mass: NDArray[np.float32],
    phi: int,
    gain: np.float32,
    k1_norm: NDArray[np.float32],
    impact: NDArray[np.float32],
) -> None:
    for p in range(len(mass)):
        weight = mass[p]
        if phi == 0:
            weight = np.sqrt(weight)
        elif phi == 1:
            weight = np.log1p(weight)
        impact[p] = weight * gain / (weight + k1_norm[np.uint32(documents[p])])


@kernel
def _find(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    document: int,
    terms: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    for i in range(len(terms)):
        low, end = indptr[terms[i]], indptr[terms[i] + 1]
        high = end
        while low < high:
            middle = (low + high) // 2
            if documents[middle] < document:
                low = middle + 1
            else:
                high = middle
        found[i] = low if low < end and documents[low] == document else -1
