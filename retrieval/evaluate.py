"""Evaluate a run by qrels: nDCG@10, recall and MRR@10 per query, by ir-measures (pytrec-eval)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ir_measures
import numpy as np
import pandas as pd
from ir_measures import RR, R, nDCG

from data.corpus import Qrels
from data.errors import UserError
from retrieval.run import Run

MEASURES = {"nDCG@10": nDCG @ 10, "R@10": R @ 10, "R@100": R @ 100, "R@1000": R @ 1000, "MRR@10": RR}


def evaluate(run: Run, qrels: Qrels, measures: Mapping[str, Any] = MEASURES) -> pd.DataFrame:
    """A row per judged query in the order of the qrels (index `query_id`), a column per measure (0 to 1).

    measures: column -> measure of ir-measures; "MRR@10" covers the first ten ranks, whatever the cut-off of RR.
    As in `trec_eval -c`, queries without qrels are not counted, and a judged query without results, or without a
    relevant document (grade 1 or more) in its qrels, counts 0. Unlike trec_eval, which breaks ties by document id,
    the evaluation keeps the run's own order. Empty qrels raise a `UserError`.
    """
    if not qrels:
        raise UserError(
            "there are no relevance judgements to evaluate against: choose a split that has qrels"
        )
    judged = {query: dict(documents) for query, documents in qrels.items()}
    # Scores are negated ranks: they strictly decrease, so no evaluator can reorder ties.
    ranked = {
        query: {document: -float(rank) for rank, (document, _) in enumerate(run.results(row))}
        for row, query in enumerate(run.query_ids)
        if query in judged
    }
    rows = {query: row for row, query in enumerate(judged)}
    columns = {measure: column for column, measure in enumerate(measures.values())}
    values = np.zeros((len(rows), len(columns)))
    for metric in ir_measures.pytrec_eval.iter_calc(list(measures.values()), judged, ranked):
        values[rows[metric.query_id], columns[metric.measure]] = metric.value
    table = pd.DataFrame(values, index=pd.Index(list(judged), name="query_id"), columns=list(measures))
    if "MRR@10" in measures:
        table["MRR@10"] = table["MRR@10"].where(table["MRR@10"] >= 1 / 10, 0.0)  # the first ten ranks only
    return table


def means(table: pd.DataFrame) -> dict[str, float]:
    """The mean over queries of each of MEASURES, from a table of `evaluate`."""
    return {name: float(table[name].mean()) for name in MEASURES}
