"""The section of the page Why on k1: how early a weight should saturate."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.why.k1 import k1_figure
from analyses.why.k1 import NAMES, K1Curve
from retrieval.study import Study
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame
from workbench.page.evidence import calls


def show(study: Study, answer: K1Curve) -> None:
    """Its picture, and every number."""
    frame.label(
        "nDCG@10 by k1 in units of the mean weight: latents under both idfs, and words as the control"
    )
    frame.show(k1_figure(answer.table), "why-k1", answer.table, calls.why(study, "k1", "table"))
    st.caption(
        f"Exact rankings for {count(answer.n_queries)} judged queries; a ring marks the vocabulary's own k1 and "
        "idf. A weight of k1 is half saturated; the mean weight is that of all postings, so that a unit means the "
        "same on long and on short documents."
    )
    with st.expander("Every setting"):
        st.html(highlight.table(readable(answer.table)))


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The settings with readable headings and rounded numbers."""
    rows = table.to_dict("records")
    return pd.DataFrame(
        {
            "of": [NAMES[name] for name in table["vocabulary"]],
            "idf": table["idf"],
            "k1": table["k1"].round(3),
            "k1 / mean weight": table["units"].round(3),
            "nDCG@10": table["value"].round(4),
            "95% interval": [
                f"{low:.3f} to {high:.3f}" for low, high in zip(table["low"], table["high"], strict=True)
            ],
            "minus its own parameters": [_difference(row) for row in rows],
            "p (Holm)": ["–" if row["is_own"] else f"{row['p_holm']:.4f}" for row in rows],
        }
    )


def _difference(row: Mapping[Hashable, Any]) -> str:
    if row["is_own"]:
        return "its own"
    return f"{-row['lost']:+.3f} ({-row['lost_high']:+.3f} to {-row['lost_low']:+.3f})"
