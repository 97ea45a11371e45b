"""Seconds to take a study's ranking apart: every subset of BM25's factors, and exact, inflected and soft matches.

    python benchmarks/why.py artifacts/studies/docstrings [--json] [--ladder]

Each is done on two queries first, which compiles, and then once on all judged queries; nothing is kept. `wall` is
what a reader waits for, `processor` the seconds of all threads. `--ladder` times the ladder instead, stage by
stage, on a copy of the study; "Encode the documents" is the one encoding pass that it needs where no token states
are kept (`--states FOLDER`: they are kept there).
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.why.factors.game import scoring_game
from analyses.why.match import match_of
from analyses.why.matches.table import match_table
from analyses.why.matches.word_tokens import Words, document_tokens, query_tokens
from analyses.why.scoring import scoring_of
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study


def rehearse(study: Study, judged: Judged) -> None:
    """Compile and load what is timed, on a few queries."""
    parameters = Bm25Parameters()
    scoring_game(study.index, judged.counts, parameters, judged)
    documents, names = document_tokens(study)
    queries = query_tokens(study, judged, names)
    match_table(
        documents, queries, Words.of(names, documents), study.weighted(parameters), judged, study.pooling
    )


Times = dict[str, dict[str, float]]


class Clock:
    """Wall and processor seconds since the last reading."""

    def __init__(self) -> None:
        self.last = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        now = time.perf_counter(), time.process_time()
        wall, processor = now[0] - self.last[0], now[1] - self.last[1]
        self.last = now
        return {"wall": wall, "processor": processor}


def ladder_times(study: Study, states: Path | None) -> Times:
    """Seconds of each stage of the ladder, made on a copy that is removed afterwards, and of all together."""
    from analyses.why.ladder.making import write_ladder
    from analyses.why.ladder.stores import Stores
    from data.activations import ActivationStore

    kept = Stores() if states is None else Stores(ActivationStore.open(states))
    times: Times = {}
    clock = Clock()

    def progress(stage: str, done: int, total: int) -> None:
        spent = times.setdefault(stage, {"wall": 0.0, "processor": 0.0})
        for name, seconds in clock.read().items():
            spent[name] += seconds

    with TemporaryDirectory(dir=study.path.parent, prefix=".benchmark-") as folder:
        copy = Path(folder) / study.name
        shutil.copytree(study.path, copy, ignore=shutil.ignore_patterns("why"))
        clock.read()
        write_ladder(Study.open(copy), progress, lambda: kept)
        progress("Text, intervals and tests", 1, 1)
    return times | {"all": {name: sum(row[name] for row in times.values()) for name in ("wall", "processor")}}


def aspect_times(actions: Mapping[str, Callable[[], object]]) -> Times:
    """Seconds of each of the actions."""
    times, clock = {}, Clock()
    for name, action in actions.items():
        action()
        times[name] = clock.read()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ladder", action="store_true", help="time the ladder, stage by stage")
    parser.add_argument(
        "--states", type=Path, help="token states of the documents, which are not encoded again"
    )
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    judged = judged_queries(study)
    if arguments.ladder:
        times = ladder_times(study, arguments.states)
    else:
        rehearse(study, judged.sample(2))
        times = aspect_times({"scoring": lambda: scoring_of(study), "match": lambda: match_of(study)})
    if arguments.json:
        print(json.dumps({"n_docs": len(study.corpus), "n_queries": len(judged), "seconds": times}, indent=2))
        return
    print(f"{len(study.corpus):,} documents, {len(judged):,} judged queries\n")
    print("| | wall, s | processor, s |\n| --- | ---: | ---: |")
    for name, row in times.items():
        print(f"| {name} | {row['wall']:.1f} | {row['processor']:.1f} |")


if __name__ == "__main__":
    main()
