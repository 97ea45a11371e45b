"""Response times of the pages on laws of language once warm: from a click to a page at rest.

    python benchmarks/language_pages.py artifacts/studies/docstrings [OTHER-STUDY] [--rounds 5] [--json]

With another study Compare collections is measured too. Complete the studies first (`workbench complete`): they keep
what is fitted once. `clock` defines "at rest".
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clock import come_to_rest, until_rest, visit
from pages import report

from retrieval.study import Study
from workbench.page import links
from workbench.page.browser import headless, open_page, running_app

PAGES = ("laws", "growth", "frequency-bands", "length", "polysemy", "compare-collections")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    studies = [path for path in (arguments.study, arguments.other) if path]
    pages = [name for name in PAGES if name != "compare-collections" or len(studies) > 1]
    times: dict[str, list[float]] = {}
    with running_app(studies) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(600_000)
        for name in (*pages, "method", "how-to-read"):  # warm
            open_page(page, f"{address}/{name}?study={arguments.study.name}")
            come_to_rest(page)
        titles = {"method": "Method, which computes nothing"} | {
            name: links.PAGES[name].title for name in pages
        }
        for name, title in titles.items():
            for _ in range(arguments.rounds):
                page.evaluate(visit("how-to-read"))
                come_to_rest(page)
                times.setdefault(title, []).append(until_rest(page, visit(name)))
    report(times, len(Study.open(arguments.study).corpus), arguments.json)


if __name__ == "__main__":
    main()
