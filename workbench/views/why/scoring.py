"""The section of the page Why on BM25's factors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.why.scoring import FACTOR_NAMES, shapley_figure
from analyses.why.scoring import Scoring
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, STEMS
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, numbers
from workbench.page.evidence import calls

VOCABULARIES = {LATENTS.name: "latents", STEMS.name: "words"}
COLUMNS = ("nDCG@10", "95% interval", "R@100", "all factors minus this")


def show(study: Study, answer: Scoring) -> None:
    """Its picture, and every number."""
    frame.label("nDCG@10 that each part of BM25 adds: over latents, and over words as the control")
    frame.show(
        shapley_figure(answer.table), "why-scoring", answer.table, calls.why(study, "scoring", "table")
    )
    st.caption(
        f"Each subset of the factors ranks all documents exactly, for {count(answer.n_queries)} judged queries; a "
        "factor's Shapley value is its mean gain over all orders of switching the factors on, and the values sum "
        "to what all factors gain."
    )
    frame.label("Cosines over the same counts and states")
    st.html(highlight.table(readable(answer.rows(LATENTS.name, "cosine"), "cosine")))
    if answer.no_reconstruction:
        st.caption(f"No cosine of the reconstruction: {answer.no_reconstruction}")
    with st.expander("Every subset of the factors"):
        for vocabulary, name in VOCABULARIES.items():
            subsets = answer.rows(vocabulary, "subset")
            if len(subsets):
                frame.label(f"Over {name}, the best first")
                numbers.show(readable(subsets.sort_values("value", ascending=False), "factors"))


def readable(table: pd.DataFrame, heading: str) -> pd.DataFrame:
    """Rows of the answer with readable headings and rounded numbers."""
    return pd.DataFrame(
        {
            heading: [_name(name) for name in table["name"]],
            COLUMNS[0]: table["value"].round(4),
            COLUMNS[1]: _intervals(table["low"], table["high"], ".3f"),
            COLUMNS[2]: table["recall"].round(4),
            COLUMNS[3]: [
                f"{lost:+.3f} ({low:+.3f} to {high:+.3f})"
                for lost, low, high in zip(table["lost"], table["lost_low"], table["lost_high"], strict=True)
            ],
        }
    )


def _intervals(lows: pd.Series, highs: pd.Series, digits: str) -> list[str]:
    return [f"{low:{digits}} to {high:{digits}}" for low, high in zip(lows, highs, strict=True)]


def _name(name: str) -> str:
    """A cosine, or the factors of a subset as people read them."""
    if not name:
        return "none: the sum of counts"
    return " + ".join(FACTOR_NAMES.get(part, part) for part in name.split(" + "))
