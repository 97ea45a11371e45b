"""Vocabulary: which terms do the latents form, and how often is each used?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.rank_frequency import rank_frequency_figure
from workbench import cache, frame, highlight, selection
from workbench.formats import count

COLUMNS = {
    "latent": "Latent",
    "label": "Label",
    "document_frequency": "Documents",
    "token_count": "Tokens",
    "collection_frequency": "Activation",
    "idf": "idf",
    "idf_lucene": "idf, Lucene",
    "share_of_length": "Share of length",
    "top_wordpiece": "Top wordpiece",
    "top_wordpiece_share": "Its share",
}


def page() -> None:
    key, _ = frame.opened()
    table = cache.vocabulary_table(key)
    alive = table[table["document_frequency"] > 0]
    here = selection.current()
    frame.heading("Vocabulary", "Which terms do the latents form, and are they used as words are?")
    chosen = int(here["latent"]) if here.get("latent", "").isdigit() else None
    frame.show(rank_frequency_figure(cache.rank_frequency(key), chosen), "ranks")
    box, note = st.columns([1, 2], vertical_alignment="center")
    wanted = box.text_input(
        "Find", value=here.get("find", ""), placeholder="Find a label, a wordpiece or a number",
        label_visibility="collapsed",
    ).strip()  # fmt: skip
    if wanted != here.get("find", ""):
        selection.choose(find=wanted)
    found = matching(alive, wanted)
    note.caption(
        f"{count(len(found))} of {count(len(alive))} latents that fire here; "
        f"{count(len(table) - len(alive))} never do. Select a row to open its latent."
    )
    if found.empty:
        st.html(highlight.calm("No such latent", f'No label, wordpiece or number matches "{wanted}".'))
        return
    event = st.dataframe(
        found[list(COLUMNS)].rename(columns=COLUMNS), hide_index=True, width="stretch", height=460,
        on_select="rerun", selection_mode="single-row", key="vocabulary table",
        column_config={
            "Activation": st.column_config.NumberColumn(format="%.0f"),
            "idf": st.column_config.NumberColumn(format="%.2f"),
            "idf, Lucene": st.column_config.NumberColumn(format="%.2f"),
            "Share of length": st.column_config.NumberColumn(format="percent"),
            "Its share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )  # fmt: skip
    if event.selection.rows:
        frame.go("latent", latent=int(found["latent"].iloc[event.selection.rows[0]]))


def matching(table: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Rows whose label, wordpiece or number holds `wanted`, the most frequent first."""
    if wanted:
        text = table["label"].str.contains(wanted, case=False, regex=False)
        piece = table["top_wordpiece"].str.contains(wanted, case=False, regex=False)
        table = table[text | piece | (table["latent"].astype(str) == wanted)]
    return table.sort_values("document_frequency", ascending=False, kind="stable")
