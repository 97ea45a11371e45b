"""The section of the page Why on minimal pairs: what moves a score?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.why.pairs import pairs_figure
from analyses.why.pairs import Pairs
from analyses.why.reading.edits import KINDS
from retrieval.study import Study
from retrieval.systems import system_title
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame


def show(study: Study, answer: Pairs) -> None:
    """The picture, then the table and what was done."""
    frame.label("Does a score move as expected, beyond the same text with a control edit of equal length?")
    frame.show(pairs_figure(answer.summary), "pairs")
    st.caption(
        "Documents of the collection with one edit, scored as if they were in it. Left: the share of documents "
        "that move as expected, with Wilson's 95% interval; the dotted line is chance. Right: the mean effect "
        "relative to the documents' mean score, with a bootstrap over documents. A system without a dot on the "
        "left does not move."
    )
    with st.expander("Every edit in numbers"):
        st.html(highlight.table(readable(answer.summary)))
    with st.expander("What is edited, against what, and who expects what"):
        st.html(highlight.facts((kind.title, about(name)) for name, kind in KINDS.items()))


def about(name: str) -> str:
    """What an edit and its control are, and which way the score should go."""
    kind = KINDS[name]
    way = "up" if kind.expected > 0 else "down"
    return f"{kind.done}; control: {kind.control}. The score should go {way} ({kind.source})."


def readable(summary: pd.DataFrame) -> pd.DataFrame:
    """The table for people."""
    rows = summary.to_dict("records")
    return pd.DataFrame(
        {
            "edit": [KINDS[row["kind"]].title for row in rows],
            "system": [system_title(row["system"]) for row in rows],
            "documents": [count(row["n"]) for row in rows],
            "as expected / against / tied": [
                f"{row['as_expected']:,} / {row['against']:,} / {row['tied']:,}" for row in rows
            ],
            "effect": [f"{row['effect']:+.2%} ({row['low']:+.2%} to {row['high']:+.2%})" for row in rows],
            "p (sign test)": [p_text(row["p_holm"]) for row in rows],
        }
    )


def p_text(p: float) -> str:
    """A corrected p-value, a dash where there is none."""
    return "–" if p != p else "< .001" if p < 0.001 else f"{p:.3f}"
