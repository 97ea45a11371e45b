"""Response times of explanations: each action of Search and Compare documents, on a study's own queries, once warm.

    python benchmarks/attribution.py artifacts/studies/docstrings [--queries 20] [--occlusion 3] [--json]

Queries are spread evenly over the study's; each action is timed once per query, on the first result, or the first
and fifth. `search and breakdowns` is one Search page: the ranking, the score breakdowns of the first ten and the
credit of every token in them; `new query` also encodes the query. Occlusion encodes a text once per word: timed on
a few.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analyses.attribution.compare_documents import compare, difference_on_tokens, leave_top
from analyses.attribution.cosine_breakdown import beside_bm25, explain_cosine, why_no_breakdown
from analyses.attribution.faithfulness import faithfulness
from analyses.attribution.score_breakdown import explain, explain_several
from analyses.attribution.token_credit import credits, rescored
from analyses.attribution.word_breakdown import explain_words
from analyses.why.token_pairs import token_pairs, why_no_pairs
from retrieval.queries import EncodedText
from retrieval.study import Study

Actions = dict[str, Callable[[], Any]]


def actions(study: Study, text: str, query: EncodedText, results: list[str]) -> Actions:
    """Name -> timed action. results: document ids of the query's first results."""
    first, fifth = results[0], results[min(4, len(results) - 1)]

    def breakdowns(encoded: EncodedText) -> None:
        explain_several(study, encoded, study.search(encoded, 10)["doc_id"].tolist())

    def trust() -> None:
        both = [credits(study, query, first, method) for method in ("proportional", "leave-one-out")]
        faithfulness(rescored(study, query, first), both)

    def difference() -> None:
        difference_on_tokens(study, compare(study, query, first, fifth))

    timed: Actions = {
        "search, first 10": lambda: study.search(query, 10),
        "search and breakdowns of the first 10": lambda: breakdowns(query),
        "new query: the same, encoded first": lambda: breakdowns(study.encode(text)),
        "breakdown and token credit of one document": lambda: explain(study, query, first),
        "leave one out, document": lambda: credits(study, query, first, "leave-one-out"),
        "leave one out, query": lambda: credits(study, query, first, "leave-one-out", "query"),
        "two credits and their faithfulness": trust,
        "compare documents: difference, smallest set, texts": difference,
        "smallest set out of the first 10": lambda: leave_top(study, query, first, 10),
        "lexical BM25's breakdown by words": lambda: explain_words(study, text, first),
        "pairs of tokens by latents": lambda: token_pairs(study, query, first),
    }
    if why_no_pairs(study, "cosine") is None:
        timed["pairs of tokens by the cosine, both texts encoded"] = lambda: token_pairs(
            study, query, first, "cosine"
        )
    if why_no_breakdown(study) is None:
        timed["cosine's breakdown beside BM25's"] = lambda: beside_bm25(
            explain_cosine(study, query, first), explain(study, query, first)
        )
    return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--occlusion", type=int, default=3, help="queries on which occlusion is timed")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    rows = np.linspace(0, len(study.queries) - 1, arguments.queries + 1).round().astype(int)
    times: dict[str, list[float]] = {}
    for turn, row in enumerate(rows.tolist()):  # the first turn compiles and loads, and is not counted
        text = study.queries.texts[row]
        query = study.encode(text)
        results = study.search(query, 10)["doc_id"].tolist()
        if len(results) < 2:
            continue
        timed = actions(study, text, query, results)
        if turn <= arguments.occlusion:
            timed["occlusion, document"] = lambda q=query, d=results[0]: credits(study, q, d, "occlusion")  # type: ignore[misc]
        for name, action in timed.items():
            start = time.perf_counter()
            action()
            if turn:
                times.setdefault(name, []).append(1000 * (time.perf_counter() - start))
    report(times, study, arguments.json)


def report(times: dict[str, list[float]], study: Study, as_json: bool) -> None:
    """Print medians and the slowest, in milliseconds."""
    table = {
        name: {"median_ms": statistics.median(values), "slowest_ms": max(values), "n": len(values)}
        for name, values in times.items()
    }
    shape = {"n_docs": len(study.corpus), "n_latents": study.n_latents}
    if as_json:
        print(json.dumps({**shape, "actions": table}, indent=2))
        return
    print(f"{shape['n_docs']:,} documents, {shape['n_latents']:,} latents\n")
    print("| action | median, ms | slowest, ms | queries |\n| --- | ---: | ---: | ---: |")
    for name, row in table.items():
        print(f"| {name} | {row['median_ms']:.1f} | {row['slowest_ms']:.1f} | {row['n']} |")


if __name__ == "__main__":
    main()
