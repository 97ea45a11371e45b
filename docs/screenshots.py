"""Write the pictures of the README and the gallery, docs/pictures/*.png (1440 x 900), by driving the real app.

    python docs/screenshots.py artifacts/studies/docstrings "compute the convolution of two signals" [--only why]

The study is complete, its ladder is made (`workbench why`), its SAE has a card (`workbench sae-card`), and a
paper was made (`workbench paper`).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from retrieval.study import Study
from workbench import explain
from workbench.page.browser import headless, open_page, running_app, settle

PLOT, SETTLED = ".js-plotly-plot .main-svg", ".lt-lead"


@dataclass(frozen=True)
class Shot:
    """name: of the file. reads: what of the selection the page's address has. awaits: what is on it at rest."""

    name: str
    page: str
    reads: str
    awaits: str


SHOTS = (
    Shot("why", "why", "", PLOT),
    Shot("search", "search", "q", ".lt-step"),
    Shot("compare", "compare-documents", "q doc other", SETTLED),
    Shot("ablation", "ablation", "q latents", SETTLED),
    Shot("systems", "systems", "q", SETTLED),
    Shot("failures", "failures", "", SETTLED),
    Shot("latents", "latents", "", PLOT),
    Shot("latent", "latent", "latent", ".lt-histogram"),
    Shot("map", "map", "", "canvas"),
    Shot("word", "word", "word", SETTLED),
    Shot("importance", "importance", "", SETTLED),
    Shot("laws", "laws", "", PLOT),
    Shot("saes", "saes", "", PLOT),
    Shot("make", "make", "", SETTLED),
    Shot("figures", "figures", "", ".lt-item"),
)


def selection_of(study: Study, query: str) -> dict[str, str]:
    """The query, its first two results, and the latent that contributes most to the first."""
    first, second = study.search(query, depth=2)["doc_id"]
    top = str(explain(study, query, first).breakdown["latent"].iloc[0])
    return {
        "q": query,
        "doc": first,
        "other": second,
        "latent": top,
        "latents": top,
        "word": query.split()[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("query")
    parser.add_argument("--only", nargs="+", choices=[shot.name for shot in SHOTS])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    arguments = parser.parse_args()
    chosen = selection_of(Study.open(arguments.study), arguments.query)
    with running_app([arguments.study]) as address, headless() as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        for shot in SHOTS:
            if arguments.only and shot.name not in arguments.only:
                continue
            open_page(
                page, f"{address}/{shot.page}?{urlencode({key: chosen[key] for key in shot.reads.split()})}"
            )
            page.wait_for_selector(shot.awaits)
            settle(page)
            page.wait_for_timeout(800)  # the last animation
            page.screenshot(path=arguments.out / f"{shot.name}.png")
            print(arguments.out / f"{shot.name}.png")


if __name__ == "__main__":
    main()
