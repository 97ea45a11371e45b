"""The item on the ladder: the same BM25 over every kind of states and of dictionary."""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.ladder import ladder_figure
from analyses.why.ladder.ladder import ladder
from retrieval.systems import COSINE, LEXICAL
from workbench.paper.item import Evidence, Item, Made, collection_of, interval, p_text, records


def ladder_item(evidence: Evidence) -> Made:
    """nDCG@10 of every cell, with its difference from the trained SAE and from the encoder's cosine."""
    study = evidence.study()
    made = ladder(study)
    assert made is not None  # a part of the item
    cells, n_seeds = made.cells, made.facts["n_seeds"]
    caption = (
        f"nDCG@10 of BM25 over latents on {made.facts['n_queries']:,} queries, {collection_of(study)}, by the "
        "states that the latents are made of (with and without context) and by dictionary, the same parameters "
        f"everywhere. 95% bootstrap intervals over queries; drawn dictionaries are means over {n_seeds} seed(s)."
    )
    levels = {system.title: study.evaluation[system.name]["nDCG@10"] for system in (COSINE, LEXICAL)}
    chart = ladder_figure(cells, levels)
    return Made(cells, caption, tuple(made.sentences()), _shown(cells), chart, "double", 1.2)


def _shown(cells: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "States": row["states"],
            "Dictionary": row["dictionary"],
            "nDCG@10": interval(row["nDCG@10"], row["low"], row["high"]),
            "Lucene's idf": f"{row['nDCG@10_lucene']:.3f}",
            "R@100": f"{row['R@100']:.3f}",
            "less the SAE": _difference(row, "minus_sae"),
            "p (Holm)": p_text(row["minus_sae_p"]) or "–",
            "less cosine": _difference(row, "minus_cosine"),
            "postings": _count(row["postings_per_document"]),
        }
        for row in records(cells)
    )


def _count(value: float) -> str:
    return "–" if value != value else f"{value:.0f}"


def _difference(row: dict[str, float], name: str) -> str:
    return interval(row[name], row[f"{name}_low"], row[f"{name}_high"], signed=True)


ITEMS = (
    Item(
        "ladder",
        "States by dictionaries, ranked by the same BM25",
        ladder_item,
        needs_study=True,
        parts=("why_ladder",),
        wanted=lambda config: config.controls.why,
    ),
)
