"""A study's documents and queries through a learned-sparse retriever: another vocabulary, and another ranking.

    score(q, d) = sum_j w_j(q) w_j(d)          dot product of term weights (data/learned_sparse.py)

Kept in the study: learned_sparse/ (postings with their weights, queries.npz, terms.json, model.json), and the
ranking of the study's queries as runs/learned_sparse.trec.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csc_array, csr_array, load_npz, save_npz, vstack

from data.files import new_folder, read_json, write_json
from retrieval.index import Index, write_index
from retrieval.run import Run, write_trec
from retrieval.study import Study
from retrieval.top_k import NO_RESULT, best_keys, decode_keys, no_keys, rank_keys

if TYPE_CHECKING:  # torch: only when a text is read
    from data.learned_sparse import LearnedSparse

FOLDER = "learned_sparse"
DEPTH = 1000
QUERIES_AT_ONCE = 256
Progress = Callable[[str, int, int], None]


def learned_sparse_index(study: Study) -> Index | None:
    """Postings of the study's documents with the model's weights as their mass; None where none are kept."""
    folder = study.path / FOLDER
    if not (folder / "model.json").is_file():
        return None
    kept = read_json(folder / "model.json")
    return Index.open(folder / "index") if kept.get("study") == study.manifest["fingerprint"] else None


def learned_sparse_queries(study: Study) -> csr_array | None:
    """Weights of each term in each of the study's queries, (n_queries, n_terms); None where none are kept."""
    file = study.path / FOLDER / "queries.npz"
    if learned_sparse_index(study) is None or not file.is_file():
        return None
    return csr_array(load_npz(file))


def learned_sparse_terms(study: Study) -> Sequence[str]:
    """The model's term of each number."""
    return read_json(study.path / FOLDER / "terms.json")  # type: ignore[no-any-return]


def learned_sparse_model(study: Study) -> str:
    """The name of the model that was read with, "" where none was."""
    file = study.path / FOLDER / "model.json"
    return str(read_json(file)["model"]) if file.is_file() else ""


def index_learned_sparse(study: Study, model: LearnedSparse, progress: Progress | None = None) -> Run:
    """Read documents and queries, keep the postings and the run, and give the run back.

    progress: the stage, texts done, of all.
    """

    def stage(name: str) -> Callable[[int, int], None] | None:
        return (lambda done, total: progress(name, done, total)) if progress else None

    with new_folder(study.path / FOLDER) as folder:
        blocks = model.weigh(study.corpus.texts, stage("Learned sparse, documents"))
        index = write_index(folder / "index", blocks, model.n_terms)
        write_json(folder / "terms.json", model.terms())
        facts = {"model": model.name, "max_length": model.max_length, "study": study.manifest["fingerprint"]}
        write_json(folder / "model.json", facts)
        queries = list(model.weigh(study.queries.texts, stage("Learned sparse, queries")))
        counts = csr_array(vstack(queries, format="csr")) if queries else csr_array((0, model.n_terms))
        save_npz(folder / "queries.npz", counts)
    index = Index.open(study.path / FOLDER / "index")
    run = dot_product_run(index, counts, DEPTH, study.queries.ids, study.corpus.ids)
    (study.path / "runs").mkdir(exist_ok=True)
    write_trec(run, study.path / "runs" / "learned_sparse.trec", "learned_sparse")
    return run


def dot_product_run(
    index: Index, queries: csr_array, depth: int, query_ids: Sequence[str], document_ids: Sequence[str]
) -> Run:
    """The `depth` documents of largest dot product with each query, (n_queries, n_terms); ties in document order.

    Documents that share no term with a query are no results of it.
    """
    arrays = (np.asarray(index.mass), np.asarray(index.documents), np.asarray(index.indptr))
    weights = csc_array(arrays, shape=(index.n_docs, index.n_terms)).T.tocsr()
    keys, n_queries = no_keys(len(query_ids), queries.shape[0], depth), queries.shape[0]
    for first in range(0, n_queries, QUERIES_AT_ONCE):
        some = slice(first, min(first + QUERIES_AT_ONCE, n_queries))
        scores = (csr_array(queries[some]) @ weights).toarray().astype(np.float32)
        found = rank_keys(scores, np.arange(index.n_docs))
        found[scores <= 0] = NO_RESULT
        best = best_keys(found, depth)
        keys[some, : best.shape[1]] = best
    return Run(query_ids, document_ids, *decode_keys(keys))
