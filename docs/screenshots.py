"""Write the README's pictures, docs/*.png (1440 x 900), by driving the real app on a study.

    python docs/screenshots.py artifacts/studies/docstrings "integrate a function numerically"

The study is complete, its SAE has a card (`workbench sae-card`), and a paper was made (`workbench paper`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import quote_plus

from workbench.page.browser import headless, open_page, running_app, settle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("query")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    with running_app([arguments.study]) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(120_000)

        def shoot(name: str) -> None:
            settle(page)
            page.wait_for_timeout(800)  # the last animation
            page.screenshot(path=arguments.out / f"{name}.png")
            print(arguments.out / f"{name}.png")

        open_page(page, f"{address}/start")
        page.wait_for_selector(".lt-walk")
        shoot("start")
        open_page(page, f"{address}/overview")
        page.wait_for_selector(".js-plotly-plot .main-svg")
        shoot("overview")
        open_page(page, f"{address}/search?q={quote_plus(arguments.query)}")
        page.wait_for_selector(".lt-step")
        shoot("search")
        open_page(page, f"{address}/why")
        shoot("why")
        open_page(page, f"{address}/search?q={quote_plus(arguments.query)}")
        page.locator(".lt-chip").first.click()
        page.wait_for_selector(".lt-context")
        page.wait_for_selector(".lt-histogram")
        shoot("latent")
        open_page(page, f"{address}/latents")
        page.wait_for_selector(".js-plotly-plot .main-svg")
        shoot("vocabulary")
        open_page(page, f"{address}/saes")
        page.wait_for_selector(".js-plotly-plot .main-svg")
        shoot("saes")
        open_page(page, f"{address}/laws")
        page.wait_for_selector(".js-plotly-plot .main-svg")
        shoot("laws")
        open_page(page, f"{address}/figures")
        page.wait_for_selector(".lt-item")
        shoot("figures")
        open_page(page, f"{address}/train")
        page.wait_for_selector("button >> text=Start")
        shoot("train")
        open_page(page, f"{address}/method")
        shoot("method")


if __name__ == "__main__":
    main()
