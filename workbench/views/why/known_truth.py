"""The section of the page Why on the known truth: does the workbench find what is known to be there?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.why.known_truth import known_truth_figure
from analyses.why.known_truth import KnownTruth
from retrieval.study import Study
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame


def show(study: Study, answer: KnownTruth) -> None:
    """The picture, then the table and how the states are made."""
    frame.label("Left: which true directions the SAE finds. Right: what each dictionary's ranking is worth")
    frame.show(known_truth_figure(answer.measures, answer.directions), "known truth")
    setting = answer.setting
    st.caption(
        f"A positive control, the same for every study: {count(setting.n_documents * setting.n_tokens)} token "
        f"states made from {count(setting.n_directions)} directions whose firing follows Zipf-Mandelbrot's law, "
        "and words that share a direction. The workbench trains an SAE on them, counts, fits laws and ranks as for "
        "a real collection. Dotted: the cosine from which a direction counts as found."
    )
    with st.expander("What was put in, and what came out"):
        st.html(highlight.table(readable(answer.measures)))


def readable(measures: pd.DataFrame) -> pd.DataFrame:
    """The table for people."""
    rows = measures.to_dict("records")
    return pd.DataFrame(
        {
            "measure": [row["measure"] for row in rows],
            "of": [row["dictionary"] for row in rows],
            "value, 95% interval": [_interval(row) for row in rows],
            "put in": ["–" if row["truth"] != row["truth"] else f"{row['truth']:.3g}" for row in rows],
            "n": [count(row["n"]) for row in rows],
        }
    )


def _interval(row: Mapping[Hashable, Any]) -> str:
    value = f"{row['value']:.3f}" if row["value"] == row["value"] else "–"
    return value if row["low"] != row["low"] else f"{value} ({row['low']:.3f} to {row['high']:.3f})"
