"""Each document's score as the sum of exact, inflected, soft and special matches of tokens, over all documents.

    share_tj(x) = z_tj / sum_t' z_t'j                       sum pooling; max pooling: 1 / n for the n largest
    part(q, d)  = sum_j c_j(q, d) sum_{(s, t) of a kind} share_sj(q) share_tj(d)

A pair of a query's token s and a document's token t is exact where both belong to the same folded word, inflected
where their words differ and have the same stem, special where one of them is a special token, soft otherwise. The
split over tokens is the convention of token credits (`analyses.attribution.score_breakdown`); the parts sum to the
score. The counterfactual needs no convention: counts of the document's latents only from forms of the query's words
(any word with the stem of one of them), or only from the rest, with |d| as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analyses.comparison.judged_queries import DEPTH, Judged
from analyses.why.matches._kernel_arrays import Documents, Postings, Queries, Scale, Vocabulary
from analyses.why.matches._kernels import fill_documents, score_rows
from analyses.why.matches.word_tokens import BANDS, Words, WordTokens
from data.progress import StepProgress
from retrieval import bm25
from retrieval.bm25 import PHIS
from retrieval.kernels import in_threads
from retrieval.top_k import best_keys, decode_keys, no_keys
from retrieval.weighted_index import WeightedIndex

ALL = "all"
KINDS = ("exact", "inflected", "soft", "special")
RANKED = (*KINDS[:3], "forms", "others")
QUERIES_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Parts:
    """Rankings by one part alone, and the parts of some documents' scores.

    ranked: one of RANKED -> documents (n_queries, DEPTH), -1 after the last; without "forms" and "others" for max
    pooling, whose counts are no sums over tokens. query, document: the pairs, (n_pairs,).
    credit: float64 (n_pairs, n_bands + 1, n_kinds), by the band of the query token's word, special tokens last;
    sums to the score. present: of the query's stems of content words, those that the document has, (n_pairs,);
    n_content: how many the query has, (n_pairs,).
    """

    ranked: dict[str, NDArray[np.int32]]
    query: NDArray[np.int64]
    document: NDArray[np.int64]
    credit: NDArray[np.float64]
    present: NDArray[np.int64]
    n_content: NDArray[np.int64]


def score_parts(
    documents: WordTokens,
    queries: WordTokens,
    words: Words,
    weighted: WeightedIndex,
    judged: Judged,
    pooling: Literal["sum", "max"],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    progress: StepProgress | None = None,
) -> Parts:
    """Rank all documents by each part for each judged query, and take apart the scores of `pairs`.

    queries: of the judged queries, in their order. weighted: the index over the same latents, under its BM25
    parameters. pairs: query, document (n_pairs,), rising by query. Memory: 8 bytes for each of a token's k latents.
    """
    parameters, counts = weighted.parameters, judged.counts
    norm = bm25.length_norm(weighted.document_length, weighted.average_length, parameters.b)
    k1_norm, phi = parameters.k1 * norm, PHIS.index(parameters.phi)
    scale = Scale(float(parameters.k1 + 1), k1_norm, phi, pooling == "max")
    of_documents = _prepared(documents, words, weighted, scale)
    weights = bm25.term_weight(counts.data, parameters.phi) * weighted.idf[counts.indices]
    rows = counts.indptr.astype(np.int64), counts.indices.astype(np.int64), weights
    of_queries = Queries(queries.offsets, queries.indices, queries.activations, queries.word, *rows)
    vocabulary = Vocabulary(words.stem, words.content, words.bands(weighted.n_docs))
    postings = Postings(weighted.index.indptr, weighted.index.documents, weighted.impact)
    query, document = pairs
    of_pairs = np.searchsorted(query, np.arange(len(judged) + 1)), document
    keys = np.stack([no_keys(len(judged), len(judged), DEPTH) for _ in RANKED])
    credit = np.zeros((len(query), len(BANDS) + 1, len(KINDS)))
    present, n_content = np.zeros(len(query), np.int64), np.zeros(len(query), np.int64)
    for first in range(0, len(judged), QUERIES_AT_ONCE):
        last = min(first + QUERIES_AT_ONCE, len(judged))

        def work(start: int, stop: int, first: int = first) -> None:
            out = (keys, credit, present, n_content)
            of = (of_documents, of_queries, vocabulary, postings, scale, of_pairs)
            score_rows(*of, first + start, first + stop, out)

        in_threads(work, last - first)
        if progress:
            progress(last, len(judged))
    kept = RANKED[:3] if pooling == "max" else RANKED
    ranked = {name: decode_keys(best_keys(keys[place], DEPTH))[0] for place, name in enumerate(kept)}
    return Parts(ranked, query, document, credit, present, n_content)


def _prepared(documents: WordTokens, words: Words, weighted: WeightedIndex, scale: Scale) -> Documents:
    """The documents' tokens with the stem of each, and the share of each latent's impact."""
    stems = np.append(words.stem, np.int32(-1))[documents.word]  # the last one for a special token
    mass, factor = (np.zeros(documents.indices.shape, np.float32) for _ in range(2))
    of_tokens = documents.indices, documents.activations, documents.word
    prepared = Documents(documents.offsets, *of_tokens, stems, mass, factor)

    def fill(start: int, stop: int) -> None:
        fill_documents(prepared, weighted.n_terms, scale, start, stop)

    in_threads(fill, weighted.n_docs)
    return prepared
