"""Latents: all of them, with their labels, types and frequencies; find one, or take the table away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.laws.rank_frequency import rank_frequency_figure
from analyses.latents.frequency_bands import band_names
from analyses.latents.lexicon import NOTED, Alive, matching, ranked, tags_of
from analyses.latents.types import KINDS, UNTYPED
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, numbers, selection, type_rule, url_widgets
from workbench.page.basket import offer
from workbench.page.evidence import calls, record
from workbench.page.url_widgets import several_of
from workbench.views.latents.notes_file import show_exchange

COLUMNS = {
    "label": "Label",
    "latent": "Latent",
    "on_word": "Activation on the text",
    "type": "Type",
    "tags": "Tags",
    "document_frequency": "Document frequency",
    "top_form": "Top form",
    "top_form_share": "Top form share",
    "idf": "idf",
    "rank": "Rank by document frequency",
    "token_count": "Token count",
    "collection_frequency": "Summed activation",
    "idf_lucene": "idf, Lucene",
    "share_of_length": "Share of length",
    "form_entropy": "Entropy, bits",
    "closeness": "Closeness",
    "coherence": "Coherence",
    "alive": "Active",
}
ALWAYS = ("label", "latent", "on_word", "tags")  # the last two where they say anything
USUAL = ("type", "document_frequency", "top_form", "top_form_share")
ORDERS = {
    "": "Usual order",
    "document_frequency": "Most documents first",
    "-document_frequency": "Fewest documents first",
    "collection_frequency": "Largest summed activation",
    "top_form_share": "Largest top form share",
    "-form_entropy": "Fewest forms (lowest entropy)",
    "form_entropy": "Most forms (highest entropy)",
    "closeness": "Closest in meaning",
    "coherence": "Most coherent documents",
    "-latent": "By number",
}
FORMATS = {
    "Rank by document frequency": "localized",
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
MOST_AT_ONCE = 200  # rows that one link puts in the basket
ALIVE: dict[Alive, str] = {
    "yes": "Active here",
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
    rows = filtered(key, study, table.assign(type=table["kind"]))
    n_active = int(table["alive"].sum())
    note, order, place = st.columns([3.4, 2, 4.2], vertical_alignment="center")
    row = place.container(horizontal=True)
    note.caption(
        f"{count(len(rows))} of {count(n_active)} latents active in this collection; "
        f"{count(len(table) - n_active)} are inactive. Click a row to open its latent."
    )
    rows = ordered(rows, url_widgets.select("sort", "Order", ORDERS, "", order, label_visibility="collapsed"))
    with row.popover("Columns", help="Which columns the table shows", width="stretch"):
        columns = chosen_columns()
    with row:
        show_exchange(study)
    if rows.empty:
        st.html(highlight.calm("No such latent", "No latent passes all of these filters: remove one."))
        return
    show_exports(key, study, rows, row)
    show_table(rows, columns)


def show_exports(key: cache.Key, study: Study, rows: pd.DataFrame, place: url_widgets.Place) -> None:
    """The rows as files: with every column, and labels as the command line has them."""
    name, whole = f"{study.name}-latents", exported(key, rows)
    is_whole = len(rows) == len(cached_types.table(key, type_rule.chosen()))
    call = calls.latent_table(study, type_rule.chosen()) if is_whole else None
    record.record("latents", table=whole, call=call)
    place.download_button(
        "CSV",
        lambda: csv_of(whole),
        f"{name}.csv",
        "text/csv",
        width="stretch",
        on_click="ignore",
    )
    place.download_button(
        "Parquet",
        lambda: whole.to_parquet(index=False),
        f"{name}.parquet",
        "application/vnd.apache.parquet",
        width="stretch",
        on_click="ignore",
    )


def exported(key: cache.Key, rows: pd.DataFrame) -> pd.DataFrame:
    """Every column of the rows, with labels and types as the command line has them."""
    automatic = cache.automatic_vocabulary(key)["label"].to_numpy()[rows["latent"]]
    own = rows["label"] != rows["automatic_label"]
    kept = rows.drop(columns=[each for each in ("on_word", "kind") if each in rows])
    types = cached_types.table(key, type_rule.chosen()).set_index("latent")["type"]
    return kept.assign(
        label=rows["label"].where(own, automatic),
        automatic_label=automatic,
        type=types.reindex(rows["latent"]).to_numpy(),
    )


def ordered(rows: pd.DataFrame, order: str) -> pd.DataFrame:
    """The rows in one of ORDERS; "" leaves them as they are, those without a value last."""
    if not order:
        return rows
    rising = order.startswith("-")
    return rows.sort_values(order.removeprefix("-"), ascending=rising, kind="stable", na_position="last")


def chosen_columns() -> tuple[str, ...]:
    """The columns that the reader wants beside label and number, as the URL names them."""
    offered = {name: title for name, title in COLUMNS.items() if name not in ALWAYS}
    known = several_of(offered)

    def draw(widget: str) -> tuple[str, ...]:
        drawn = st.pills(
            "Columns",
            list(offered),
            selection_mode="multi",
            format_func=offered.__getitem__,
            key=widget,
            label_visibility="collapsed",
        )
        return tuple(name for name in offered if name in drawn)

    return url_widgets.bound("columns", USUAL, known, draw)


def filtered(key: cache.Key, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that pass the filters; with a text, by how much of each latent's activation falls on it."""
    find, kind, frequency, active, notes = st.columns([2.4, 3.6, 2, 2, 2])
    types = {name: TYPE_NAMES[name] for name in (*KINDS, *UNTYPED)}
    bands = {"": "Any", **{name: name for name in band_names(len(study.corpus))}}
    marks = {"": "Any or none", NOTED: "With a label, tag or note"}
    marks |= {tag: f"Tag: {tag}" for tag in tags_of(table)}
    wanted = url_widgets.text("find", "Find", find, placeholder="A label, a word or a number")
    share = cached_types.on_word(key, wanted) if wanted else {}
    rows = matching(
        table,
        wanted,
        url_widgets.multiselect("type", "Type", types, kind, placeholder="Every type"),
        url_widgets.select("band", "Document frequency", bands, "", frequency),
        url_widgets.select("alive", "Active", ALIVE, "yes", active),
        url_widgets.select("noted", "Your notes", marks, "", notes),
        also=share,
    )
    return ranked(rows, wanted, share) if wanted else rows


def show_table(rows: pd.DataFrame, chosen: Collection[str]) -> None:
    """The rows; a click on one opens the latent."""
    there = ["label", "latent", *(name for name in ("on_word", "tags") if name in rows and rows[name].any())]
    columns = {name: title for name, title in COLUMNS.items() if name in (*there, *chosen)}
    percents = rows.assign(
        share_of_length=100 * rows["share_of_length"]
    )  # of 30,000 latents, each has little
    if "type" in columns:
        percents["type"] = percents["type"].map(TYPE_NAMES)
    shown = percents[list(columns)].rename(columns=columns)
    formats: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=form) for name, form in FORMATS.items()
    }
    for name in ("Top form share", "Activation on the text"):
        formats[name] = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    formats["Label"] = st.column_config.TextColumn(pinned=True, width=150 if frame.is_narrow() else 320)
    formats["Latent"] = st.column_config.NumberColumn(format="#%d", width="small")
    event = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=460,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        key="latents table",
        column_config=numbers.explained(shown.columns, formats),
    )
    if event.selection.cells:
        frame.go("latent", latent=int(rows["latent"].iloc[event.selection.cells[0][0]]))
    if event.selection.rows:
        offer.several(rows["latent"].iloc[event.selection.rows].tolist(), "that are ticked")
    elif len(rows) <= MOST_AT_ONCE:
        offer.several(rows["latent"].tolist(), "of this table")
