"""Queries per second: `retrieval.search`, bm25s (numba backend) and scipy, over one index and the same queries.

    python benchmarks/search.py [--quick] [--json] [--study FOLDER] [--idf lucene]

All systems add up the same postings: queries leave out latents with an idf of 0, and weight all others 1, since
bm25s has no query weights. bm25s accepts integer counts only, so impact x idf is written into its score matrix,
and its own `retrieve` answers. scipy multiplies a sparse query with sparse impacts and partitions the row. The
benchmark fails unless all results agree; the best of several rounds counts.

Without --study: a synthetic index of 100,000 documents x 16,384 latents whose document frequencies fall as
1 / rank, and queries whose latents follow the same distribution.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from machine import machine, markdown_table
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.ragged import offsets_of
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.search import search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

DEPTHS = (10, 1000)
LATENTS_PER_QUERY = 20
Answer = Callable[[int], tuple[NDArray[Any], NDArray[Any]]]  # depth -> documents, scores


def synthetic(n_docs: int, n_latents: int, n_queries: int, seed: int) -> tuple[Index, csr_array]:
    """document_frequency = min(n_docs / 2, C / rank): about 175 latents per document, 20 per query."""
    random = np.random.default_rng(seed)
    rank = np.arange(1, n_latents + 1)
    frequency = np.minimum(n_docs / 2, 26 * n_docs / rank).astype(np.int64) + 1
    owners = [np.flatnonzero(_sample(random, n_docs, n)) for n in frequency]
    indptr, documents = offsets_of([len(o) for o in owners]), np.concatenate(owners)
    summed = random.lognormal(0, 1, len(documents)).astype(np.float32)
    columns = np.repeat(np.arange(n_latents), np.diff(indptr))
    counts = csr_array((summed, (documents, columns)), shape=(n_docs, n_latents))
    share = frequency / frequency.sum()
    terms = np.concatenate(
        [
            np.sort(random.choice(n_latents, LATENTS_PER_QUERY, replace=False, p=share))
            for _ in range(n_queries)
        ]
    )
    ones = np.ones(len(terms), np.float32)
    queries = csr_array(
        (ones, terms, np.arange(0, len(terms) + 1, LATENTS_PER_QUERY)), shape=(n_queries, n_latents)
    )
    return Index.from_counts(counts), queries


def _sample(random: np.random.Generator, n_docs: int, expected: int) -> NDArray[np.bool_]:
    return random.random(n_docs, dtype=np.float32) < expected / n_docs


def ours(index: WeightedIndex, queries: csr_array, n_threads: int | None) -> Answer:
    query_ids, document_ids = [""] * queries.shape[0], [""] * index.n_docs

    def answer(depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
        run = search(index, queries, depth, query_ids, document_ids, n_threads)
        return run.documents, run.scores

    return answer


def ours_one_by_one(index: WeightedIndex, queries: csr_array) -> Answer:
    rows = [queries[[row]] for row in range(queries.shape[0])]
    document_ids = [""] * index.n_docs

    def answer(depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
        runs = [search(index, row, depth, [""], document_ids) for row in rows]
        return np.concatenate([run.documents for run in runs]), np.concatenate([run.scores for run in runs])

    return answer


def of_bm25s(index: WeightedIndex, queries: csr_array, n_threads: int) -> Answer:
    retriever = bm25s.BM25(backend="numba")
    retriever.scores = {
        "data": index.impact * np.repeat(index.idf, index.index.document_frequency).astype(np.float32),
        "indices": np.array(index.index.documents),
        "indptr": np.array(index.index.indptr),
        "num_docs": index.n_docs,
    }
    retriever.vocab_dict, retriever.nonoccurrence_array = {"": index.n_terms}, None
    retriever.unique_token_ids_set = set(range(index.n_terms))
    tokens = [queries.indices[a:b].tolist() for a, b in pairwise(queries.indptr)]

    def answer(depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
        results = retriever.retrieve(tokens, k=depth, show_progress=False, n_threads=n_threads)
        return results.documents, results.scores

    return answer


def of_scipy(index: WeightedIndex, queries: csr_array) -> Answer:
    """Sparse queries (n_queries, n_terms) times impacts as rows of terms (n_terms, n_docs)."""
    arrays = (index.impact, index.index.documents, index.index.indptr)
    impacts = csr_array(arrays, shape=(index.n_terms, index.n_docs))
    weights = (queries.data * index.idf[queries.indices]).astype(np.float32)
    weighted = csr_array((weights, queries.indices, queries.indptr), shape=queries.shape)

    def answer(depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
        documents = np.full((queries.shape[0], depth), -1)
        scores = np.zeros((queries.shape[0], depth), np.float32)
        for row in range(queries.shape[0]):
            product = weighted[[row]] @ impacts
            n = min(depth, product.nnz)
            best = np.argpartition(-product.data, n - 1)[:n] if n < product.nnz else np.arange(n)
            best = best[np.lexsort((product.indices[best], -product.data[best]))]
            documents[row, :n], scores[row, :n] = product.indices[best], product.data[best]
        return documents, scores

    return answer


def agree(expected: tuple[NDArray[Any], NDArray[Any]], results: tuple[NDArray[Any], NDArray[Any]]) -> bool:
    """Whether scores are equal at every rank, and documents at every rank without a tie, up to rounding."""
    documents, scores = expected
    if not np.allclose(scores, results[1], rtol=1e-5, atol=1e-6):
        return False
    step = np.abs(np.diff(scores, axis=1)) > 1e-4 * np.abs(scores[:, 1:])
    edge = np.ones((len(scores), 1), bool)
    untied = np.hstack([edge, step]) & np.hstack([step, ~edge])  # the last rank may tie with the next one
    return bool((documents == results[0])[untied & (scores > 0)].all())


def measure(index: WeightedIndex, queries: csr_array, rounds: int) -> list[dict[str, Any]]:
    n_cores = os.cpu_count() or 1
    systems: dict[tuple[str, int], Answer] = {
        ("ours", 1): ours(index, queries, 1),
        ("ours, one query at a time", 1): ours_one_by_one(index, queries),
        ("bm25s", 1): of_bm25s(index, queries, 0),
        ("scipy", 1): of_scipy(index, queries),
        ("ours", n_cores): ours(index, queries, None),
        ("bm25s", n_cores): of_bm25s(index, queries, -1),
    }
    rows = []
    for depth in (min(depth, index.n_docs) for depth in DEPTHS):
        reference = systems["scipy", 1](depth)
        for (name, _), answer in systems.items():  # also compiles
            if not agree(reference, answer(depth)):
                raise SystemExit(f"{name} and scipy disagree at depth {depth}")
        seconds = dict.fromkeys(systems, float("inf"))
        for _ in range(rounds):  # in turn, so that a busy machine slows all systems alike
            for key, answer in systems.items():
                start = time.perf_counter()
                answer(depth)
                seconds[key] = min(seconds[key], time.perf_counter() - start)
        for (name, threads), best in seconds.items():
            speed, ratio = round(queries.shape[0] / best), round(seconds["bm25s", threads] / best, 2)
            rows.append(
                {"system": name, "threads": threads, "depth": depth, "queries/s": speed, "times bm25s": ratio}
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the documents, fewer queries and rounds"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--study", type=Path, help="take the index and the queries of a study")
    parser.add_argument("--idf", choices=["clipped", "lucene"], default="clipped")
    arguments = parser.parse_args()
    n_queries, rounds = (64, 2) if arguments.quick else (512, 7)
    if arguments.study:
        study = Study.open(arguments.study)
        index, queries = study.index, study.query_counts[:n_queries]
    else:
        index, queries = synthetic(10_000 if arguments.quick else 100_000, 16_384, n_queries, seed=0)
    start = time.perf_counter()
    weighted = WeightedIndex.of(index, Bm25Parameters(idf=arguments.idf))
    milliseconds = 1000 * (time.perf_counter() - start)
    queries.data = (weighted.idf[queries.indices] > 0).astype(np.float32)
    queries.eliminate_zeros()
    rows = measure(weighted, queries, rounds)

    facts = machine(["bm25s", "scipy", "numba"])
    postings = index.document_frequency[queries.indices].sum() / queries.shape[0]
    facts["index"] = f"{index.n_docs:,} documents x {index.n_terms:,} latents, {index.n_postings:,} postings"
    facts["work"] = (
        f"{queries.shape[0]} queries of {queries.nnz / queries.shape[0]:.0f} latents, "
        f"{postings:,.0f} postings each, idf {arguments.idf}, best of {rounds} rounds"
    )
    facts["weighing all postings"] = f"{milliseconds:.0f} ms"
    print(json.dumps({"machine": facts, "rows": rows}, indent=2) if arguments.json else markdown_table(rows))
    if not arguments.json:
        print("\n" + "; ".join(f"{key} {value}" for key, value in facts.items()))


if __name__ == "__main__":
    main()
