"""Encode a study's documents and queries with a learned-sparse retriever: another vocabulary and another ranking.

    score(q, d) = sum_j w_j(q) w_j(d)          dot product of term weights (data/learned_sparse.py)

The study stores them as the vocabulary `learned_sparse`, with the model's name in model.json, and the ranking of
its queries as a TREC run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.sparse import csr_array, vstack

from data.files import new_folder, read_json, write_json
from data.progress import Progress, within
from retrieval.added_runs import run_path
from retrieval.dot_product import dot_product_run
from retrieval.index import Index, write_index
from retrieval.run import Run, write_trec
from retrieval.study_folder import StudyFolder
from retrieval.vocabularies import LEARNED_SPARSE, StoredVocabulary
from retrieval.vocabularies.vocabulary import INDEX, write_query_counts

if TYPE_CHECKING:  # imports torch, which only encoding needs
    from data.learned_sparse import LearnedSparse

DEPTH = 1000
MODEL, TERMS = "model.json", "terms.json"


def learned_sparse_vocabulary(study: StudyFolder) -> StoredVocabulary | None:
    """The vocabulary with the model's weights as counts; None if the study has none, or one of another study."""
    if not study.keeps(LEARNED_SPARSE):
        return None
    stored = study.vocabulary(LEARNED_SPARSE)
    facts = read_json(stored.folder / MODEL)
    return stored if facts.get("study") == study.manifest["fingerprint"] else None


def learned_sparse_terms(study: StudyFolder) -> list[str]:
    """The label of each term, (n_terms,)."""
    return read_json(LEARNED_SPARSE.folder(study.path) / TERMS)  # type: ignore[no-any-return]


def learned_sparse_model(study: StudyFolder) -> str:
    """The name of the model that encoded the study; "" if none did."""
    file = LEARNED_SPARSE.folder(study.path) / MODEL
    return str(read_json(file)["model"]) if file.is_file() else ""


def index_learned_sparse(study: StudyFolder, model: LearnedSparse, progress: Progress | None = None) -> Run:
    """Encode documents and queries, store the vocabulary and the run, and return the run.

    progress: counts texts, of documents and of queries.
    """
    stored = LEARNED_SPARSE.folder(study.path)
    with new_folder(stored) as folder:
        blocks = model.weigh(study.corpus.texts, within(progress, "Learned sparse, documents"))
        write_index(folder / INDEX, blocks, model.n_terms)
        write_json(folder / TERMS, model.terms())
        facts = {"model": model.name, "max_length": model.max_length, "study": study.manifest["fingerprint"]}
        write_json(folder / MODEL, facts)
        queries = list(model.weigh(study.queries.texts, within(progress, "Learned sparse, queries")))
        counts = csr_array(vstack(queries, format="csr")) if queries else csr_array((0, model.n_terms))
        write_query_counts(folder, counts)
    index = Index.open(stored / INDEX)
    run = dot_product_run(index, counts, DEPTH, study.queries.ids, study.corpus.ids)
    write_trec(run, run_path(study.path, LEARNED_SPARSE.name), LEARNED_SPARSE.name)
    return run
