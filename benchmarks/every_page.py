"""Every page of the app: its own code on the server, and from a click to a page at rest.

    python benchmarks/every_page.py artifacts/studies/docstrings [--rounds 9] [--only server screen] [--json]

server  `page_code`, once warm: what a selection costs that was never made before (another query, latent, word and
        document each time). 95% of all runs are within `p95`
screen  from the click to the last change on screen (`clock`), beyond the page Method, which computes nothing
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from clock import come_to_rest, follow, until_rest, visit
from dictionary import drawn_latents, drawn_texts, drawn_words
from page_code import prepare, run_page, wait_for_background

from retrieval.study import Study
from workbench.page import links
from workbench.page.browser import headless, open_page, running_app

NOTHING = "method"  # the page that computes nothing
Times = dict[str, list[float]]


def addresses(study: Study) -> Iterator[dict[str, str]]:
    """Selections: in each another query with two of its results, latent, word and text."""
    texts, latents, words = (
        drawn_texts(study),
        cycle(list(drawn_latents(study))),
        cycle(list(drawn_words(study))),
    )
    queries = np.random.default_rng(1).permutation(len(study.queries.texts)).tolist()
    for row in cycle(queries or [None]):
        query = study.queries.texts[row] if row is not None else next(words)
        results = study.search(query, depth=5)["doc_id"].tolist()
        yield {
            "q": query,
            "doc": results[0] if results else "",
            "other": results[-1] if results else "",
            "latent": str(next(latents)),
            "word": next(words),
            "text": next(texts),
        }


def of_page(page: links.Page, address: dict[str, str]) -> dict[str, str]:
    """What of a selection a page reads."""
    read = {*page.context, *page.keys, *(("latent",) if page.slug == "latent" else ())}
    return {name: value for name, value in address.items() if name in read and value}


def pages_of(study: Study) -> list[links.Page]:
    """The pages that a study of its own has something for."""
    needs = {None, "jobs", *(["judgements"] if study.qrels else [])}
    return [page for page in links.PAGES.values() if page.needs in needs]


def server_times(study: Study, rounds: int) -> Times:
    """Milliseconds of each page's code, a new selection each time."""
    prepare(study.path)
    selections, times = addresses(study), dict[str, list[float]]()
    for page in pages_of(study):
        for turn in range(rounds + 1):
            spent = run_page(page.slug, **of_page(page, next(selections)))
            if turn:
                times.setdefault(page.slug, []).append(spent)
            else:
                wait_for_background()
    return times


def screen_times(study: Study, rounds: int) -> Times:
    """Milliseconds from the click to the last change on screen, a new selection each time."""
    selections, times = addresses(study), dict[str, list[float]]()
    with running_app([study.path]) as address, headless() as browser:
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        open_page(tab, f"{address}/{NOTHING}")
        for page in pages_of(study):
            for turn in range(rounds + 1):
                tab.evaluate(visit("how-to-read" if page.slug == NOTHING else NOTHING))
                come_to_rest(tab)
                rest = until_rest(tab, follow(f"{page.slug}?{urlencode(of_page(page, next(selections)))}"))
                if turn:
                    times.setdefault(page.slug, []).append(rest)
    return times


def shown(times: Times, beyond: float = 0.0) -> dict[str, dict[str, float]]:
    """page -> median and p95 of its milliseconds, less `beyond`; the last row is of all runs together."""
    rows = times | {"all": [one for values in times.values() for one in values]}
    return {
        name: {
            share: round(float(np.percentile(values, at)) - beyond, 1)
            for share, at in (("p50", 50), ("p95", 95))
        }
        for name, values in rows.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=["server", "screen"])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    wanted = arguments.only or ["server", "screen"]
    results: dict[str, Any] = {}
    if "server" in wanted:
        results["server"] = shown(server_times(study, arguments.rounds))
    if "screen" in wanted:
        times = screen_times(study, arguments.rounds)
        nothing = float(np.median(times[NOTHING]))
        results |= {"nothing_ms": round(nothing, 1), "screen": shown(times, nothing)}
    size = {"n_docs": len(study.corpus), "n_latents": study.n_latents}
    if arguments.json:
        print(json.dumps(size | results, indent=2))
        return
    print(f"{study.name}: {size['n_docs']:,} documents, {size['n_latents']:,} latents")
    for part in wanted:
        print(f"\n| {part} | p50, ms | p95, ms |\n| --- | ---: | ---: |")
        for name, row in results[part].items():
            print(f"| {name} | {row['p50']} | {row['p95']} |")


if __name__ == "__main__":
    main()
