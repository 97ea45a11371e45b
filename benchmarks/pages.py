"""Response times of the app's pages once warm: from a click in the browser to a page at rest.

    python benchmarks/pages.py artifacts/studies/docstrings [--rounds 9] [--json]

Each action runs once unmeasured. `clock` defines "at rest".
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from clock import as_table, click, come_to_rest, follow, summary, until_rest, visit

from retrieval.study import Study
from workbench.page.browser import headless, open_page, running_app

QUERIES = ("return the sum of an array", "open a file for reading", "a random number between two bounds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    study = Study.open(arguments.study)
    with running_app([arguments.study]) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(120_000)
        for query in (*QUERIES, *QUERIES[:1]):  # warm: the encoder, the postings, the figures' code
            open_page(page, f"{address}/search?q={quote_plus(query)}")
            page.wait_for_selector(".js-plotly-plot .bars")
        times: dict[str, list[float]] = {}

        def measure(action: str, prepare: Callable[[], Any], act: str) -> None:
            for turn in range(arguments.rounds + 1):
                prepare()
                come_to_rest(page)
                rest = until_rest(page, act)
                if turn:
                    times.setdefault(action, []).append(rest)

        def show(name: str) -> Callable[[], Any]:
            return lambda: page.evaluate(visit(name))

        measure("Method, which computes nothing", show("how-to-read"), visit("method"))
        measure("Overview", show("method"), visit("overview"))
        measure("Search, a repeated query", show("method"), visit("search"))
        measure("Latents", show("method"), visit("latents"))
        measure("Latent", show("method"), visit("latent"))
        show("search")()
        come_to_rest(page)
        measure(
            "Search, another document",
            lambda: page.locator(".lt-result .lt-title").nth(3).click(),
            click(".lt-result:not(.lt-chosen) .lt-title"),
        )
        measure("Search to a latent", show("search"), click(".lt-chip"))
        queries = [text for text in study.queries.texts if len(text) < 100][: arguments.rounds + 1]
        for query in queries:  # each for the first time
            show("search")()
            come_to_rest(page)
            rest = until_rest(page, follow(f"search?q={quote_plus(query)}"))
            times.setdefault("Search, a new query", []).append(rest)
    report(times, len(study.corpus), arguments.json)


def report(times: dict[str, list[float]], n_docs: int, as_json: bool) -> None:
    """Print medians, the fastest and the slowest, in milliseconds."""
    if as_json:
        print(json.dumps({"n_docs": n_docs, "pages": summary(times)}, indent=2))
        return
    print(f"{n_docs:,} documents, median of {len(next(iter(times.values())))} times\n")
    print(as_table(times, "action"))


if __name__ == "__main__":
    main()
