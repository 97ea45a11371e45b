"""The systems of a study over its own queries: runs, and what they are worth by the qrels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, load_npz

from data.errors import UserError
from data.files import new_file, write_json
from retrieval.bm25 import Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.evaluate import evaluate, means
from retrieval.run import Run, read_trec, write_trec
from retrieval.search import search
from retrieval.study import Study

DEPTH = 1000
LUCENE = Bm25Parameters(idf="lucene")


@dataclass(frozen=True)
class Evaluation:
    """runs: system -> Run. per_query: query_id, system, a column a measure. means: system -> measure -> mean."""

    runs: Mapping[str, Run]
    per_query: pd.DataFrame
    means: Mapping[str, Mapping[str, float]]

    def save(self, folder: Path) -> None:
        """Write evaluation.json and per_query.parquet."""
        write_json(folder / "evaluation.json", self.means)
        with new_file(folder / "per_query.parquet") as temporary:
            self.per_query.to_parquet(temporary, index=False)


def query_counts(study: Study) -> csr_array:
    """Raw pooled mass of the study's queries, (n_queries, n_latents)."""
    return csr_array(load_npz(study.path / "query_counts.npz"))


def system_runs(study: Study, depth: int = DEPTH) -> dict[str, Run]:
    """One run a system, over the queries kept in the study: latent, latent_lucene_idf, cosine, bm25.

    Of a multi-vector encoder also maxsim, to the depth to which it is kept.
    """
    queries, documents = study.queries.ids, study.corpus.ids
    counts = query_counts(study)
    vectors = np.load(study.path / "query_vectors.npy", allow_pickle=False)
    kept = study.path / "runs" / "maxsim.trec"
    own = {"maxsim": read_trec(kept)} if study.own_score == "maxsim" and kept.is_file() else {}
    return {
        "latent": search(study.weighted(), counts, depth, queries, documents),
        "latent_lucene_idf": search(study.weighted(LUCENE), counts, depth, queries, documents),
        **own,
        "cosine": cosine_search(study.vectors, vectors, depth, queries, documents),
        "bm25": search(study.lexical, study.words.count(study.queries.texts), depth, queries, documents),
    }


def evaluate_systems(study: Study, progress: Callable[[str, int, int], None] | None = None) -> Evaluation:
    """Run every system over the study's queries and evaluate it by the study's qrels."""
    if not study.qrels:
        raise UserError(f"study {study.name} has no relevance judgements: index a collection that has qrels")
    runs = system_runs(study)
    tables = {}
    for done, (system, run) in enumerate(runs.items(), start=1):
        tables[system] = evaluate(run, study.qrels)
        if progress:
            progress("Evaluation", done, len(runs))
    per_query = pd.concat(
        [
            table.rename_axis("query_id").reset_index().assign(system=system)
            for system, table in tables.items()
        ],
        ignore_index=True,
    )
    return Evaluation(runs, per_query, {system: means(table) for system, table in tables.items()})


def write_runs(runs: Mapping[str, Run], folder: Path) -> None:
    """Write DIR/<system>.trec for each run."""
    folder.mkdir(parents=True, exist_ok=True)
    for system, run in runs.items():
        write_trec(run, folder / f"{system}.trec", system)
