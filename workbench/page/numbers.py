"""Tables with every number: readable headings, each statistic's with the glossary's line on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from workbench.markup import glossary

# Columns of the analyses' tables -> their headings
HEADINGS: Mapping[str, str] = {
    "query_weight": "query term frequency",
    "weight": "term frequency",
    "document_weight": "document term frequency",
    "weight_first": "term frequency, A",
    "weight_second": "term frequency, B",
    "contribution_first": "contribution, A",
    "contribution_second": "contribution, B",
    "mass": "summed activation",
    "strength": "term frequency × idf",
    "n_tokens": "token count",
    "share_cosine": "share of the cosine",
    "share_bm25": "share of BM25",
    "averaged_away": "averaged away",
    "document_frequency": "document frequency",
}


def show(table: pd.DataFrame, height: int | Literal["content"] = 360, **headings: str) -> None:
    """A table of numbers; headings: column -> its heading, where HEADINGS has another or none."""
    names = {str(name): heading(str(name), headings) for name in table.columns}
    shown = table.rename(columns=names)
    st.dataframe(shown, hide_index=True, height=height, column_config=explained(shown.columns))


def heading(column: str, headings: Mapping[str, str]) -> str:
    return headings.get(column) or HEADINGS.get(column) or column.replace("_", " ")


def explained(
    columns: Iterable[Any], formats: Mapping[str, ColumnConfig] | None = None
) -> dict[str, ColumnConfig]:
    """How columns are shown: `formats`, with the glossary's line on each statistic."""
    configured: dict[str, ColumnConfig] = {}
    for name in map(str, columns):
        column = (formats or {}).get(name) or st.column_config.Column()
        if text := glossary.tooltip(name):
            column["help"] = text
        configured[name] = column
    return configured
