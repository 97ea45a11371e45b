"""The documents with the largest count of a latent, and the queries that have it, with the nDCG@10 lost without it.

    lost(q) = nDCG@10(q) - nDCG@10(q without j)        q without j: w_j(q) = 0

Only the query changes: |d| and idf stay, so each score loses exactly the latent's contribution. Queries are ranked
again; nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array

from retrieval.bm25 import Bm25Parameters, Idf, term_weight
from retrieval.evaluate import evaluate
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import LATENT, LATENT_LUCENE_IDF

MEASURE = "nDCG@10"
SYSTEMS: dict[Idf, str] = {"clipped": LATENT.name, "lucene": LATENT_LUCENE_IDF.name}


@dataclass(frozen=True)
class LatentQueries:
    """table: query_id, query, weight w_j(q), and where the study has judgements ndcg, ndcg_without, lost.

    The largest loss first, then the largest weight; unjudged queries have NaN. n_queries: all queries of the study.
    """

    table: pd.DataFrame
    n_queries: int

    @property
    def n_judged(self) -> int:
        """Judged queries that have the latent."""
        return int(self.table["lost"].notna().sum())

    @property
    def mean_lost(self) -> float:
        """Mean of nDCG@10 lost over these; NaN where there are none."""
        return float(self.table["lost"].mean())


def heaviest_documents(
    study: Study, latent: int, depth: int = 12, parameters: Bm25Parameters | None = None
) -> pd.DataFrame:
    """doc_id, title, mass (the count), weight w_j(d), share_of_length (of |d|), falling by mass; ties in
    document order.
    """
    phi = (parameters or Bm25Parameters()).phi
    documents, counts = study.index.postings(latent)
    best = np.argsort(-counts, kind="stable")[:depth]
    chosen = documents[best]
    weight = term_weight(counts[best], phi)
    return pd.DataFrame(
        {
            "doc_id": [study.corpus.ids[d] for d in chosen],
            "title": [study.corpus.titles[d] for d in chosen],
            "mass": counts[best].astype(np.float64),
            "weight": weight,
            "share_of_length": weight / study.index.document_length(phi)[chosen],
        }
    )


def queries_using(
    study: Study, latent: int, counts: csc_array, idf: Idf = "clipped", evaluated: pd.DataFrame | None = None
) -> LatentQueries:
    """The study's queries that have the latent, each ranked with it and without it.

    counts: the study's queries, csc (n_queries, n_latents). idf chooses the system, as the
    study's own evaluation has it; evaluated: its `per_query` table, read from the study by default.
    """
    column = slice(int(counts.indptr[latent]), int(counts.indptr[latent + 1]))
    rows, query_counts = counts.indices[column], counts.data[column]
    table = pd.DataFrame(
        {
            "query_id": [study.queries.ids[row] for row in rows],
            "query": [study.queries.texts[row] for row in rows],
            "weight": term_weight(query_counts, Bm25Parameters().phi),
            "ndcg": np.nan,
            "ndcg_without": np.nan,
            "lost": np.nan,
        }
    )
    evaluated = study.per_query if evaluated is None else evaluated
    if study.qrels and len(table) and len(evaluated):
        whole = evaluated[evaluated["system"] == SYSTEMS[idf]].set_index("query_id")[MEASURE]
        # with an idf of 0 the latent adds nothing to any score, so nothing has to be ranked anew
        idle = study.weighted(Bm25Parameters(idf=idf)).idf[latent] == 0
        without = whole if idle else _without(study, latent, counts, idf)
        table["ndcg"] = whole.reindex(table["query_id"]).to_numpy()
        table["ndcg_without"] = without.reindex(table["query_id"]).to_numpy()
        table["lost"] = table["ndcg"] - table["ndcg_without"]
    table = table.sort_values(["lost", "weight"], ascending=False, kind="stable", ignore_index=True)
    return LatentQueries(table, len(study.queries))


def _without(study: Study, latent: int, counts: csc_array, idf: Idf) -> pd.Series:
    """nDCG@10 without the latent of each judged query that has it, by query id."""
    using = counts.indices[counts.indptr[latent] : counts.indptr[latent + 1]]
    rows = [row for row in using.tolist() if study.queries.ids[row] in study.qrels]
    if not rows:
        return pd.Series(dtype=float)
    ids = [study.queries.ids[row] for row in rows]
    without = csr_array(counts[rows]).copy()
    without.data[without.indices == latent] = 0
    run = search(study.weighted(Bm25Parameters(idf=idf)), without, 10, ids, study.corpus.ids)
    measured: pd.Series = evaluate(run, {query: study.qrels[query] for query in ids})[MEASURE]
    return measured
