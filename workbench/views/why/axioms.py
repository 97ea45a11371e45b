"""The section of the page Why on axioms: does each system order documents as they prefer?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.why.axioms import axioms_figure
from analyses.why.axioms import Axioms
from analyses.why.reading.axiom_rules import AXIOMS
from retrieval.study import Study
from retrieval.systems import system_title
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.page import frame


def show(study: Study, answer: Axioms) -> None:
    """The picture, then the table and the axioms."""
    frame.label(
        "Of the pairs of documents on which an axiom has a preference, how many are ordered as it prefers?"
    )
    frame.show(axioms_figure(answer.summary), "axioms")
    n = int(answer.by_query["query_id"].nunique())
    st.caption(
        f"Pairs of documents among a system's own first ten, {count(n)} queries. 95% bootstrap intervals over "
        "queries. Controls: a random order (dotted: half of the pairs), and lexical BM25. Pooled, in the table: "
        "pairs among the first ten of all systems."
    )
    with st.expander("Every axiom in numbers"):
        st.html(highlight.table(readable(answer.summary)))
    with st.expander("The axioms"):
        st.html(
            highlight.facts(
                (f"{axiom.title}, {name}", f"prefers {axiom.says} ({axiom.source})")
                for name, axiom in AXIOMS.items()
            )
        )


def readable(summary: pd.DataFrame) -> pd.DataFrame:
    """The table for people."""
    rows = summary.to_dict("records")
    return pd.DataFrame(
        {
            "axiom": [row["axiom"] for row in rows],
            "system": [system_title(row["system"]) for row in rows],
            "agreement": [_share(row) for row in rows],
            "agreement, pooled": [_share(row, "pooled_") for row in rows],
            "preferred pairs": [count(row["pairs"]) for row in rows],
            "minus lexical BM25": [_difference(row) for row in rows],
            "p (Holm)": [_p(row["p_holm"]) for row in rows],
        }
    )


def _share(row: Mapping[Hashable, Any], of: str = "") -> str:
    share, low, high = (row[f"{of}{name}"] for name in ("share", "low", "high"))
    return "–" if share != share else f"{percent(share)} ({percent(low)} to {percent(high)})"


def _difference(row: Mapping[Hashable, Any]) -> str:
    if row["minus_lexical"] != row["minus_lexical"]:
        return "–"
    return f"{row['minus_lexical']:+.3f} ({row['minus_low']:+.3f} to {row['minus_high']:+.3f})"


def _p(p: float) -> str:
    return "–" if p != p else "< .001" if p < 0.001 else f"{p:.3f}"
