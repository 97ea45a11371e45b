"""How long the app's pages take to answer once warm: from a click in the browser to a page at rest.

    python benchmarks/pages.py artifacts/studies/docstrings [--rounds 9] [--json]

Each action runs once unmeasured. At rest is the moment of the last change to the page's content, drawing
included, after which nothing on it is old, still to come, or changing.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from retrieval.study import Study
from workbench.browser import STILL, headless, open_page, running_app, settle

QUERIES = ("return the sum of an array", "open a file for reading", "a random number between two bounds")
QUIET_MS = 400
# The clock runs in the page: from a click to the last change of the page's content before a quiet while.
CLOCK = f"""([selector, still]) => new Promise(resolve => {{
  let last = null;
  const start = performance.now();
  const watch = new MutationObserver(() => {{ last = performance.now(); }});
  watch.observe(document.querySelector('[data-testid=stMain]'),
                {{subtree: true, childList: true, characterData: true, attributes: true}});
  document.querySelector(selector).click();
  const look = () => {{
    const now = performance.now();
    const quiet = last !== null && now - last > {QUIET_MS} && eval(still);
    if (!quiet && now - start < 20000) return setTimeout(look, 20);
    watch.disconnect();
    resolve(quiet ? last - start : NaN);
  }};
  look();
}})"""


def navigate(name: str) -> str:
    return f"[data-testid=stSidebarNavLink][href*='/{name}']"


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

        def come_to_rest() -> None:
            page.wait_for_timeout(500)  # the click has reached Python
            settle(page)

        def measure(action: str, prepare: Callable[[], Any], selector: str) -> None:
            for turn in range(arguments.rounds + 1):
                prepare()
                come_to_rest()
                rest = page.evaluate(CLOCK, [selector, STILL])
                if turn:
                    times.setdefault(action, []).append(rest)

        def show(name: str) -> Callable[[], Any]:
            return lambda: page.locator(navigate(name)).click()

        measure("Method, which computes nothing", show("numbers"), navigate("method"))
        measure("Overview", show("method"), navigate("overview"))
        measure("Search, a query asked before", show("method"), navigate("search"))
        measure("Vocabulary", show("method"), navigate("vocabulary"))
        measure("Latent", show("method"), navigate("latent"))
        show("search")()
        come_to_rest()
        measure(
            "Search, another document",
            lambda: page.locator(".lt-result .lt-title").nth(3).click(),
            ".lt-result:not(.lt-chosen) .lt-title",
        )
        measure("Search to a latent", show("search"), ".lt-chip")
        asked = [text for text in study.queries.texts if len(text) < 100][: arguments.rounds + 1]
        for query in asked:  # a query never asked: link made in the page, followed as any other
            show("search")()
            come_to_rest()
            page.evaluate(
                "address => { const link = document.querySelector('.lt-chip'); link.setAttribute('href', address);"
                " link.id = 'asked'; }",
                f"search?q={quote_plus(query)}",
            )
            times.setdefault("Search, a new query", []).append(page.evaluate(CLOCK, ["#asked", STILL]))
    report(times, len(study.corpus), arguments.json)


def report(times: dict[str, list[float]], n_docs: int, as_json: bool) -> None:
    """Print medians and the slowest, in milliseconds."""
    rows = {
        action: {
            "median_ms": round(statistics.median(values)),
            "fastest_ms": round(min(values)),
            "slowest_ms": round(max(values)),
        }
        for action, values in times.items()
    }
    if as_json:
        print(json.dumps({"n_docs": n_docs, "pages": rows}, indent=2))
        return
    print(f"{n_docs:,} documents, median of {len(next(iter(times.values())))} times\n")
    print("| action | median, ms | fastest, ms | slowest, ms |\n| --- | ---: | ---: | ---: |")
    for action, row in rows.items():
        print(f"| {action} | {row['median_ms']} | {row['fastest_ms']} | {row['slowest_ms']} |")


if __name__ == "__main__":
    main()
