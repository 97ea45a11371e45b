"""The item on minimal pairs: what moves a system's score?"""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.pairs import pairs_figure
from analyses.why.pairs import read_pairs
from analyses.why.reading.edits import KINDS
from retrieval.systems import system_title
from workbench.paper.item import Evidence, Item, Made, collection_of, p_text, records


def pairs_item(evidence: Evidence) -> Made:
    """How often and by how much scores move with an edit, beyond a control edit of equal length."""
    study = evidence.study()
    answer = read_pairs(study)
    if answer is None or not len(answer.summary):
        none = f"No document of the {collection_of(study)} can be edited for a query."
        return Made(pd.DataFrame({"": []}), none, (none,), pd.DataFrame({"": []}))
    table = answer.summary
    caption = (
        f"Minimal pairs from {collection_of(study)}: one edit against a control edit of equal length (at most "
        f"{int(table['n'].max()):,} documents an edit, each with one of its queries), scored as documents of the "
        "collection. Left: the share of documents whose score moves as expected, Wilson's 95% intervals, .5 by "
        "chance; a system without a point has the same score for both. Right: the mean difference relative to the "
        "documents' mean score, 95% bootstrap over documents. Expected up: "
        f"{_titles(1)}. Expected down: {_titles(-1)}."
    )
    shown = pd.DataFrame(
        {
            "Edit": [KINDS[row["kind"]].title for row in records(table)],
            "system": [system_title(row["system"]) for row in records(table)],
            "n": [f"{row['n']:,}" for row in records(table)],
            "as expected": [f"{row['as_expected']:,}" for row in records(table)],
            "against": [f"{row['against']:,}" for row in records(table)],
            "effect": [
                f"{row['effect']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})" for row in records(table)
            ],
            "p (Holm)": [p_text(row["p_holm"]) or "–" for row in records(table)],
        }
    )
    return Made(table, caption, tuple(answer.sentences()), shown, pairs_figure(table), "double", 0.6)


def _titles(expected: int) -> str:
    return ", ".join(kind.title.lower() for kind in KINDS.values() if kind.expected == expected)


ITEMS = (
    Item(
        "pairs",
        "Minimal pairs",
        pairs_item,
        needs_study=True,
        parts=("why_pairs",),
        wanted=lambda config: config.controls.why,
    ),
)
