"""Rows beside a ladder whose terms are parts of the text, or weights of a learned-sparse model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from analyses.why.ladder._measures import DEPTH, Measured, of_run, vocabulary_facts
from analyses.why.ladder.names import TEXT
from retrieval.bm25 import LEXICAL
from retrieval.index import Index
from retrieval.queries import study_queries
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import LEARNED_SPARSE, rank
from retrieval.systems import LEXICAL as LEXICAL_BM25
from retrieval.weighted_index import WeightedIndex

WORDPIECES = "wordpieces"


def text_rows(study: Study, judged: Judged) -> dict[tuple[str, str, int], Measured]:
    """Lexical BM25, BM25 over wordpieces with the same parameters, and learned sparse where the study has it."""
    queries = study_queries(study, judged.rows)
    systems = [LEXICAL_BM25, *([LEARNED_SPARSE] if LEARNED_SPARSE.can_rank(study) else [])]
    rows = {
        (TEXT, system.title, 0): of_run(rank(study, queries, system.name, DEPTH), judged)
        for system in systems
    }
    return rows | {(TEXT, WORDPIECES, 0): _by_wordpieces(study, judged)}


def _by_wordpieces(study: Study, judged: Judged) -> Measured:
    """BM25 over the tokenizer's own tokens of the documents and of the queries, special tokens left out."""
    n_pieces, tokens = len(study.wordpieces), study.tokens
    stands = np.asarray(tokens.spans[:, 1]) > np.asarray(tokens.spans[:, 0])
    index = Index.from_counts(_counts(np.asarray(tokens.token_ids), stands, tokens.offsets, n_pieces))
    texts = [study.queries.texts[row] for row in judged.rows]
    read = study.encoder.encode(texts, "query")
    stands = read.spans[:, 1] > read.spans[:, 0]
    counts = _counts(read.token_ids, stands, read.states.offsets, n_pieces)
    run = search(WeightedIndex.of(index, LEXICAL), counts, DEPTH, judged.ids, study.corpus.ids)
    measured = of_run(run, judged)
    return Measured(measured.per_query, vocabulary_facts(index))


def _counts(
    token_ids: NDArray[np.int32], stands: NDArray[np.bool_], offsets: NDArray[np.int64], n_pieces: int
) -> csr_array:
    """Occurrences of each wordpiece that stands for text in each text, csr (n_texts, n_pieces)."""
    kept = np.concatenate(([0], np.cumsum(stands)))[np.asarray(offsets)]
    ids = np.asarray(token_ids)[stands]
    counts = csr_array((np.ones(len(ids), np.float32), ids, kept), shape=(len(kept) - 1, n_pieces))
    counts.sum_duplicates()
    return counts
