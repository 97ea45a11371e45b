"""Response times of the pages on rankings: each action of Failures, Compare systems and LIMIT, once warm.

    python benchmarks/ranking_pages.py artifacts/studies/scifact [--queries 10] [--json]

Actions over all queries are timed three times, those on one query once per query, spread evenly over the study's;
the first of each is not counted, since it compiles code and loads files. LIMIT is timed on LIMIT collections alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from attribution import report

from analyses.attribution.limit import attribute_latents, is_limit_style, pooled_away
from analyses.comparison.failures import failures
from analyses.comparison.misses import outscored_by
from analyses.comparison.systems import explained, rankings_of, systems
from retrieval.study import Study

N_WHOLE = 4
Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--queries", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    times: Times = {}
    for turn in range(N_WHOLE):
        if study.qrels:
            timed(times, "failures of all queries", turn, lambda: failures(study))
        compared = timed(times, "systems side by side, all queries", turn, lambda: systems(study))
        if study.qrels:
            timed(
                times,
                "their means, intervals and tests",
                turn,
                lambda compared=compared: (compared.means(), compared.against()),
            )
    rows = np.linspace(0, len(study.queries) - 1, arguments.queries + 1).round().astype(int)
    for turn, row in enumerate(rows.tolist()):
        one_query(study, row, turn, times)
    report(times, study, arguments.json)


def one_query(study: Study, row: int, turn: int, times: Times) -> None:
    query_id, query = study.queries.ids[row], study.encode(study.queries.texts[row])
    ranking = timed(
        times, "one query's rankings, encoded before", turn, lambda: rankings_of(study, query, {}, query_id)
    )
    doc_ids = ranking["doc_id"].tolist()
    timed(
        times, "the latents that explain its documents", turn, lambda: explained(study, query.counts, doc_ids)
    )
    timed(times, "documents above one miss", turn, lambda: outscored_by(study, query.counts, doc_ids[-1]))
    relevant = [doc_id for doc_id, grade in study.qrels.get(query_id, {}).items() if grade > 0]
    if relevant and is_limit_style(study):
        attribute = timed(
            times, "LIMIT: latents of the attribute", turn, lambda: attribute_latents(study, query, relevant)
        )
        timed(times, "LIMIT: candidates encoded again", turn, lambda: pooled_away(study, query, attribute))


def timed(times: Times, name: str, turn: int, action: Callable[[], Any]) -> Any:
    """The action's result; its milliseconds are recorded, except in the first turn."""
    start = time.perf_counter()
    result = action()
    if turn:
        times.setdefault(name, []).append(1000 * (time.perf_counter() - start))
    return result


if __name__ == "__main__":
    main()
