"""Latents: all of them, with their labels, types and frequencies; find one, or take the table away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.laws.rank_frequency import rank_frequency_figure
from analyses.latents.frequency_bands import band_names
from analyses.latents.lexicon import NOTED, Alive, matching, tags_of
from analyses.latents.types import TYPES, UNTYPED
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, numbers, selection, type_rule, url_widgets
from workbench.page.evidence import calls, record
from workbench.views.latents.notes_file import show_exchange

COLUMNS = {
    "latent": "Latent",
    "label": "Label",
    "type": "Type",
    "tags": "Tags",
    "rank": "Rank",
    "document_frequency": "Document frequency",
    "token_count": "Token count",
    "collection_frequency": "Summed activation",
    "idf": "idf",
    "idf_lucene": "idf, Lucene",
    "share_of_length": "Share of length",
    "top_form": "Top form",
    "top_form_share": "Top form share",
    "form_entropy": "Entropy, bits",
    "closeness": "Closeness",
    "coherence": "Coherence",
    "alive": "Active",
}
FORMATS = {
    "Rank": "localized",
    "Document frequency": "localized",
    "Token count": "localized",
    "Summed activation": "%.0f",
    "idf": "%.2f",
    "idf, Lucene": "%.2f",
    "Share of length": "%.4f%%",
    "Entropy, bits": "%.1f",
    "Closeness": "%.2f",
    "Coherence": "%.2f",
}
ALIVE: dict[Alive, str] = {
    "yes": "Active in this collection",
    "no": "Inactive",
    "any": "All latents",
}


def page() -> None:
    key, study = frame.opened()
    table = cached_types.table(key, type_rule.chosen())
    frame.heading("Latents", "What does each latent fire on, how often, and of which type is it?")
    latent = selection.current().get("latent", "")
    chosen = int(latent) if latent.isdigit() else None
    ranks = cache.rank_frequency(key)
    frame.show(rank_frequency_figure(ranks, chosen), "ranks", ranks)
    rows = filtered(study, table)
    n_active = int(table["alive"].sum())
    note, *exports = st.columns([5, 1, 1, 1], vertical_alignment="center")
    note.caption(
        f"{count(len(rows))} of {count(n_active)} latents active in this collection; "
        f"{count(len(table) - n_active)} are inactive. Select a row to open the latent."
    )
    with exports[2]:
        show_exchange(study)
    if rows.empty:
        st.html(highlight.calm("No such latent", "No latent passes all of these filters: remove one."))
        return
    name = f"{study.name}-latents"
    exports[0].download_button(
        "CSV",
        lambda: csv_of(rows),
        f"{name}.csv",
        "text/csv",
        width="stretch",
        on_click="ignore",
    )
    exports[1].download_button(
        "Parquet",
        lambda: rows.to_parquet(index=False),
        f"{name}.parquet",
        "application/vnd.apache.parquet",
        width="stretch",
        on_click="ignore",
    )
    record.record(
        "latents",
        table=rows,
        call=calls.latent_table(study, type_rule.chosen()) if len(rows) == len(table) else None,
    )
    show_table(rows)


def filtered(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that pass the filters."""
    find, kind, frequency, active, notes = st.columns([2.4, 3.6, 2, 2, 2])
    types = {name: TYPE_NAMES[name] for name in (*TYPES, *UNTYPED)}
    bands = {"": "Any", **{name: name for name in band_names(len(study.corpus))}}
    marks = {"": "Any or none", NOTED: "With a label, tag or note"}
    marks |= {tag: f"Tag: {tag}" for tag in tags_of(table)}
    return matching(
        table,
        url_widgets.text("find", "Find", find, placeholder="A label, a word or a number"),
        url_widgets.multiselect("type", "Type", types, kind, placeholder="Every type"),
        url_widgets.select("band", "Document frequency", bands, "", frequency),
        url_widgets.select("alive", "Active", ALIVE, "yes", active),
        url_widgets.select("noted", "Your notes", marks, "", notes),
    )


def show_table(rows: pd.DataFrame) -> None:
    """The rows; selecting one opens the latent."""
    columns = {name: title for name, title in COLUMNS.items() if name != "tags" or rows["tags"].any()}
    percents = rows.assign(
        share_of_length=100 * rows["share_of_length"]
    )  # of 30,000 latents, each has little
    shown = percents[list(columns)].rename(columns=columns)
    formats = {name: st.column_config.NumberColumn(format=form) for name, form in FORMATS.items()}
    formats["Top form share"] = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    event = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=460,
        on_select="rerun",
        selection_mode="single-row",
        key="latents table",
        column_config=numbers.explained(shown.columns, formats),
    )
    if event.selection.rows:
        frame.go("latent", latent=int(rows["latent"].iloc[event.selection.rows[0]]))
