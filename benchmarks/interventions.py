"""Response times of interventions: each action of the Ablation page, on a study's own queries, once warm.

    python benchmarks/interventions.py artifacts/studies/docstrings [--rounds 9] [--only python screen] [--json]

python  the page's analysis, in this process, beside as many controls as the page draws. Parameters are new each
        time, so that nothing is read from a cache; the query is encoded before, as in the app
screen  from a slider's step, or a link, to a page at rest (`clock`); the Method page computes nothing

Queries are judged ones of the study, drawn by a fixed seed. An action over all queries is measured three times at
most; those that the app or a verb runs with progress say so, and importance is measured on 100 of the queries.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
from clock import as_table, come_to_rest, follow, summary, until_rest, visit
from scipy.sparse import csr_array

from analyses.attribution.score_breakdown import query_latents
from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.interventions.ablation import Where, ablate
from analyses.interventions.edited_index import Intervention
from analyses.interventions.effect import DEPTH, effect, rescored
from analyses.interventions.importance import lost_by_latent
from analyses.interventions.pruning_effect import ndcg_with_all
from analyses.latents.types import kept_types
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.caches.ablation import CONTROLS
from workbench.page.browser import headless, open_page, running_app
from workbench.views.explain.scoring import N_SAMPLE

N_STRONGEST, N_SLOW = 3, 3
STEP = "handle.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
Times = dict[str, list[float]]
Actions = dict[str, Callable[[], Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=["python", "screen"])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    results: dict[str, Times] = {}
    for name, measure in (("python", python_times), ("screen", screen_times)):
        if name in (arguments.only or (name,)):
            results[name] = measure(study, arguments.rounds)
    size = {"n_docs": len(study.corpus), "n_latents": study.n_latents, "n_queries": len(study.queries)}
    if arguments.json:
        print(json.dumps({**size, **{name: summary(times) for name, times in results.items()}}, indent=2))
        return
    print(", ".join(f"{n:,} {name.removeprefix('n_')}" for name, n in size.items()))
    for name, times in results.items():
        print(f"\n{as_table(times, name)}")


def drawn_queries(study: Study) -> Iterator[tuple[str, str]]:
    """Identifier and text of judged queries, in a seeded order."""
    rows = judged_queries(study).rows
    for row in np.random.default_rng(0).permutation(rows).tolist():
        yield study.queries.ids[row], study.queries.texts[row]


def python_times(study: Study, rounds: int) -> Times:
    times: Times = {}
    steps = iter(np.linspace(4.1, 11.9, 10_000).tolist())  # each k1 is new
    queries = zip(range(rounds + 1), drawn_queries(study), strict=False)
    for turn, (query_id, text) in queries:  # the first turn compiles and loads, and is not counted
        add(times, one_query(study, query_id, text, steps), turn)
    judged = judged_queries(study)
    for turn in range(min(rounds, N_SLOW) + 1):
        add(times, all_queries(study, judged, steps), turn)
    return times


def add(times: Times, actions: Actions, turn: int) -> None:
    for name, action in actions.items():
        start = time.perf_counter()
        action()
        if turn:
            times.setdefault(name, []).append(1000 * (time.perf_counter() - start))


def one_query(study: Study, query_id: str, text: str, steps: Iterator[float]) -> Actions:
    """Actions that change one query's ranking and its nDCG@10."""
    encoded = study.encode(text)
    query, parameters = encoded.counts, Bm25Parameters()
    ordered = query_latents(study, encoded, parameters)["latent"].tolist()
    first = study.search(encoded, DEPTH)["doc_id"].iloc[0]
    strongest, absent = tuple(ordered[:N_STRONGEST]), absent_latent(study, query)
    frequency, types = study.index.document_frequency, kept_types(study)
    stopwords = tuple(latent for latent in ordered if frequency[latent] > study.index.n_docs / 2)

    def act(change: Intervention, controls: bool = True) -> Callable[[], Any]:
        n = CONTROLS[change.place] if controls else 0
        return lambda: effect(study, query, [change], parameters, query_id, n_controls=n)

    def slide(**other: Any) -> Callable[[], Any]:
        return lambda: rescored(
            study, query, parameters, Bm25Parameters(**({"k1": next(steps)} | other)), query_id
        )

    everywhere = Intervention(strongest, "index")
    actions: Actions = {
        "query: remove the strongest": act(Intervention(strongest)),
        "query: keep only the strongest": act(Intervention(tuple(ordered[N_STRONGEST:]))),
        "query: remove those in over half": act(Intervention(stopwords)),
        "query: twice the strongest": act(Intervention(strongest, factor=2)),
        "query: add a latent": act(Intervention((absent,), activation=4.0)),
        "one document: add a latent": act(Intervention((absent,), "document", activation=4.0, doc_id=first)),
        "one document: remove the strongest": act(Intervention(strongest, "document", doc_id=first)),
        "whole index: remove the strongest": act(everywhere),
        "whole index: the same, without controls": act(everywhere, controls=False),
        "whole index: remove the strongest, length stays": act(
            Intervention(strongest, "index", length=False)
        ),
        "k1 slides: this query's ranking": slide(),
        "b slides: this query's ranking": slide(b=0.35),
        "φ changes: this query's ranking": slide(phi="log1p"),
        "idf changes: this query's ranking": slide(idf="lucene"),
    }
    if len(types):
        others = tuple(latent for latent in ordered if types.iloc[latent] != "broad")
        actions["query: keep only one type"] = act(Intervention(others))
    return actions


def absent_latent(study: Study, query: csr_array) -> int:
    """The latent of highest document frequency among those that are not in the query."""
    frequency = study.index.document_frequency.copy()
    frequency[query.indices] = -1
    return int(frequency.argmax())


def all_queries(study: Study, judged: Judged, steps: Iterator[float]) -> Actions:
    """Actions that change nDCG@10 over the judged queries."""
    sample, n = judged.sample(N_SAMPLE), len(judged)
    latents = tuple(np.argsort(-study.index.document_frequency, kind="stable")[:N_STRONGEST].tolist())

    def slide(chosen: Judged) -> Callable[[], Any]:
        return lambda: ndcg_with_all(study, chosen, Bm25Parameters(k1=next(steps)))

    def without(where: Where, n_controls: int) -> Callable[[], Any]:
        return lambda: ablate(study, latents, where, judged=judged, n_controls=n_controls)

    return {
        f"k1 slides: nDCG@10 of {len(sample):,} queries": slide(sample),
        f"k1 slides: nDCG@10 of all {n:,}": slide(judged),
        f"with progress, {n:,} queries: without 3 latents, 10 controls": without("query", 10),
        f"with progress, {n:,} queries: index without 3 latents, 10 controls": without("index", 10),
        f"with progress, {len(sample):,} queries: without each of their latents": lambda: lost_by_latent(
            study, sample, Bm25Parameters()
        ),
    }


def slider(label: str) -> str:
    """Selector of the slider whose label begins with `label`."""
    return f"input[type=range][aria-label^={json.dumps(label)}]"


def screen_times(study: Study, rounds: int) -> Times:
    """Milliseconds from a slider's step, or a click, to the last change on screen; the query's page is open."""
    times: Times = {}
    with running_app([study.path]) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(120_000)
        queries = [text for _, text in drawn_queries(study)][: rounds + 1]

        def measure(action: str, start: Callable[[int], str], act: Callable[[], float]) -> None:
            """Time each round on another query, whose page is at rest."""
            for turn, query in enumerate(queries):
                page.evaluate(follow(start(turn) + f"&q={quote_plus(query)}"))
                come_to_rest(page)
                before, rest = page.url, act()
                if page.url == before:  # the URL holds every selection
                    raise SystemExit(f"{action}: the act did not reach the app")
                if turn:
                    times.setdefault(action, []).append(rest)

        def link(preset: str, place: str) -> Callable[[], float]:
            return lambda: until_rest(page, follow(latents(0, preset, place)))

        def press(label: str) -> Callable[[], float]:
            return lambda: until_rest(page, STEP, page.locator(slider(label)).element_handle())

        def latents(turn: int, preset: str = "strongest", place: str = "query") -> str:
            return f"ablation?change=latents&place={place}&preset={preset}&part={N_STRONGEST}"

        def scoring(phi: str) -> Callable[[int], str]:  # each turn has a b of its own
            return lambda turn: f"ablation?change=scoring&k1=8&b={0.05 * (turn % 20):.2f}&phi={phi}"

        for change in ("latents", "scoring"):  # warm
            open_page(page, f"{address}/ablation?change={change}&q={quote_plus(queries[0])}")
            come_to_rest(page)
        method = visit("method")
        measure("Method, which computes nothing", latents, lambda: until_rest(page, method))
        measure("query: one more of the strongest", latents, press("How many"))
        measure("query: keep only the strongest", latents, link("only", "query"))
        measure("query: remove those in over half", latents, link("stopwords", "query"))
        measure("whole index: remove the strongest", latents, link("strongest", "index"))
        measure("one document: remove the strongest", latents, link("strongest", "document"))
        measure("k1 slides: ranking, and nDCG@10", scoring("sqrt"), press("k1"))
        measure("b slides: ranking, and nDCG@10", scoring("log1p"), press("b:"))
    return times


if __name__ == "__main__":
    main()
