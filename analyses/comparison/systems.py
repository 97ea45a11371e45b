"""Systems over the same queries, beside each other: where their rankings differ, by how much, and by which latents.

overlap@10, RBO        of two rankings of one query: see `analyses.statistics.ranking_agreement`
difference             nDCG@10 of one system less the other's, query by query
more_j                 c_jd less the mean of c_j over the latents' first documents: what explains d's place
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import judged_queries
from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.ranking_agreement import overlap, rank_biased_overlap
from analyses.statistics.significance import holm, paired_randomisation
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText, encoded_query, study_queries
from retrieval.run import Run
from retrieval.search import contribution_table, search
from retrieval.study import Study
from retrieval.systems import LATENT, compared_systems, rank_all

DEPTH = 100
SAME = 1e-9  # nDCG that differs by less is the same
N_EXPLAINING = 3


@dataclass(frozen=True, eq=False)
class Systems:
    """names: of the systems, the latents first. queries: query_id, query, ndcg_NAME of each (NaN without
    judgements), and for each but the latents overlap_NAME and rbo_NAME with them (NaN where one finds nothing).
    runs: name -> Run to DEPTH.
    """

    names: tuple[str, ...]
    queries: pd.DataFrame
    runs: Mapping[str, Run]

    def means(self) -> pd.DataFrame:
        """system, ndcg, low, high, n: mean nDCG@10 over judged queries and its 95% bootstrap interval."""
        rows = []
        for name in self.names:
            values = self.queries[f"ndcg_{name}"].dropna().to_numpy(np.float64)
            mean = float(values.mean()) if len(values) else float("nan")
            rows.append((name, mean, *bootstrap_mean(values), len(values)))
        return pd.DataFrame(rows, columns=["system", "ndcg", "low", "high", "n"])

    def against(self, one: str = LATENT.name) -> pd.DataFrame:
        """other, difference (mean nDCG@10 of `one` less the other's), low, high (paired bootstrap over queries),
        won, tied, lost, p (paired randomisation), p_holm (over the rows), overlap, rbo (means), n.
        """
        rows = []
        for other in self.names:
            if other == one:
                continue
            difference = self.difference(one, other).dropna().to_numpy(np.float64)
            won, lost = int((difference > SAME).sum()), int((difference < -SAME).sum())
            mean = float(difference.mean()) if len(difference) else float("nan")
            alike = [
                float(self.queries[f"{measure}_{other}"].mean()) if one == LATENT.name else float("nan")
                for measure in ("overlap", "rbo")
            ]
            p = paired_randomisation(difference)
            rows.append(
                (
                    other,
                    mean,
                    *bootstrap_mean(difference),
                    won,
                    len(difference) - won - lost,
                    lost,
                    p,
                    *alike,
                    len(difference),
                )
            )
        names = ["other", "difference", "low", "high", "won", "tied", "lost", "p", "overlap", "rbo", "n"]
        table = pd.DataFrame(rows, columns=names)
        table.insert(names.index("p") + 1, "p_holm", holm(table["p"]))
        return table

    def difference(self, one: str, other: str) -> pd.Series:
        """nDCG@10 of one system less another's, a value a query, NaN without judgements."""
        return self.queries[f"ndcg_{one}"] - self.queries[f"ndcg_{other}"]


def systems(study: Study, parameters: Bm25Parameters | None = None) -> Systems:
    """Every system that can rank in a study, over its queries, added runs too; seconds for thousands of queries."""
    runs = rank_all(study, study_queries(study), DEPTH, parameters, compared_systems(study))
    table: dict[str, Any] = {"query_id": list(study.queries.ids), "query": list(study.queries.texts)}
    if study.qrels:
        judged = judged_queries(study)
        for name, run in runs.items():
            values = np.full(len(study.queries), np.nan)
            values[judged.rows] = judged.ndcg(run.documents[judged.rows])
            table[f"ndcg_{name}"] = values.tolist()
    else:
        table |= {f"ndcg_{name}": [float("nan")] * len(study.queries) for name in runs}
    first = runs[LATENT.name].documents
    for name, run in runs.items():
        if name != LATENT.name:
            pairs = [(a[a >= 0], b[b >= 0]) for a, b in zip(first, run.documents, strict=True)]
            table[f"overlap_{name}"] = [
                overlap(a, b) if len(a) and len(b) else float("nan") for a, b in pairs
            ]
            table[f"rbo_{name}"] = [rank_biased_overlap(a, b) for a, b in pairs]
    return Systems(tuple(runs), pd.DataFrame(table), runs)


def rankings_of(
    study: Study,
    query: EncodedText,
    query_id: str | None = None,
    parameters: Bm25Parameters | None = None,
    depth: int = 10,
    pool: int = 1000,
) -> pd.DataFrame:
    """The relevant documents, and those that any system has among its first `depth`, with the place in each.

    Columns doc_id, title, relevant, and NAME_rank of each system.
    A rank is <NA> beyond `pool`, or beyond the end of a run that was added. Such runs know the study's own queries
    alone: they have a column if query_id names one. In the order of the best rank, the latents' first.
    """
    row = None if query_id is None else list(study.queries.ids).index(query_id)
    runs = rank_all(study, encoded_query(query, row), pool, parameters, compared_systems(study))
    ranked = {name: run.documents[0] for name, run in runs.items()}
    places = {
        name: {document: rank for rank, document in enumerate(found[found >= 0].tolist(), start=1)}
        for name, found in ranked.items()
    }
    grades: Mapping[str, int] = study.qrels.get(query_id, {}) if query_id else {}
    shown = {document for place in places.values() for document, rank in place.items() if rank <= depth}
    shown |= {
        study.position[doc_id] for doc_id, grade in grades.items() if grade > 0 and doc_id in study.position
    }
    last = pool + 1
    order = sorted(
        shown,
        key=lambda d: (
            min(place.get(d, last) for place in places.values()),
            places[LATENT.name].get(d, last),
        ),
    )
    ids = [study.corpus.ids[document] for document in order]
    table = pd.DataFrame(
        {
            "doc_id": ids,
            "title": [study.corpus.titles[document] for document in order],
            "relevant": [grades.get(doc_id, 0) > 0 for doc_id in ids],
        }
    )
    for name, place in places.items():
        table[f"{name}_rank"] = pd.array([place.get(document) for document in order], dtype="Int64")
    return table


def explained(
    study: Study,
    query: csr_array,
    doc_ids: Sequence[str],
    parameters: Bm25Parameters | None = None,
    depth: int = 10,
) -> pd.DataFrame:
    """Which latents put each document where it is: doc_id, latents, more (tuples of N_EXPLAINING, largest first).

    more: the latent's contribution less its mean over the latents' first `depth` documents. All of a document's sum
    to its score less their mean score.
    """
    index = study.weighted(parameters)
    first = search(index, query, depth, ["query"], study.corpus.ids).documents[0]
    first = first[first >= 0]
    documents = np.array([study.position[doc_id] for doc_id in doc_ids], np.int64)
    table = contribution_table(index, query, np.concatenate([first, documents]))
    typical = table[:, : len(first)].mean(axis=1) if len(first) else np.zeros(len(table))
    more = table[:, len(first) :] - typical[:, None]
    order = np.argsort(-np.abs(more), axis=0, kind="stable")[:N_EXPLAINING]
    return pd.DataFrame(
        {
            "doc_id": list(doc_ids),
            "latents": [tuple(query.indices[order[:, i]].tolist()) for i in range(len(doc_ids))],
            "more": [tuple(more[order[:, i], i].tolist()) for i in range(len(doc_ids))],
        }
    )
