"""How long it takes to say why: each action of the Search and A above B pages, on a study's own queries, once warm.

    python benchmarks/attribution.py artifacts/studies/docstrings [--queries 20] [--occlusion 3] [--json]

Queries are spread evenly over the study's; each action is timed once a query, on its first result, or its first
and fifth. `search and ledgers` is what Search asks for: the ranking, the ledgers of its first ten and the credit
of every token in them; `new query` also encodes the query. Occlusion encodes a text once a word: timed on a few.
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

from analyses.attribution import explain, explain_several
from analyses.cosine_ledger import beside_bm25, explain_cosine, why_no_ledger
from analyses.faithfulness import faithfulness
from analyses.lexical_ledger import explain_words
from analyses.pair import compare, difference_on_tokens, leave_top
from analyses.token_credit import credits, rescored
from retrieval.study import EncodedText, Study

Actions = dict[str, Callable[[], Any]]


def actions(study: Study, text: str, query: EncodedText, found: list[str]) -> Actions:
    """What is timed, by name."""
    first, fifth = found[0], found[min(4, len(found) - 1)]

    def ledgers(encoded: EncodedText) -> None:
        explain_several(study, encoded, study.search(encoded, 10)["doc_id"].tolist())

    def trust() -> None:
        given = [credits(study, query, first, method) for method in ("proportional", "leave-one-out")]
        faithfulness(rescored(study, query, first), given)

    def difference() -> None:
        difference_on_tokens(study, compare(study, query, first, fifth))

    timed: Actions = {
        "search, first 10": lambda: study.search(query, 10),
        "search and ledgers of the first 10": lambda: ledgers(query),
        "new query: the same, encoded first": lambda: ledgers(study.encode(text)),
        "ledger and token credit of one document": lambda: explain(study, query, first),
        "leave one out, document": lambda: credits(study, query, first, "leave-one-out"),
        "leave one out, query": lambda: credits(study, query, first, "leave-one-out", "query"),
        "two credits and their faithfulness": trust,
        "A above B: difference, smallest set, texts": difference,
        "smallest set out of the first 10": lambda: leave_top(study, query, first, 10),
        "lexical BM25's ledger of words": lambda: explain_words(study, text, first),
    }
    if why_no_ledger(study) is None:
        timed["cosine's ledger beside BM25's"] = lambda: beside_bm25(
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
    for turn, row in enumerate(rows.tolist()):  # the first is not counted: it compiles and loads
        text = study.queries.texts[row]
        query = study.encode(text)
        found = study.search(query, 10)["doc_id"].tolist()
        if len(found) < 2:
            continue
        timed = actions(study, text, query, found)
        if turn <= arguments.occlusion:
            timed["occlusion, document"] = lambda q=query, d=found[0]: credits(study, q, d, "occlusion")  # type: ignore[misc]
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
