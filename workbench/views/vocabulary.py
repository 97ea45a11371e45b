"""Vocabulary: which terms do the latents form, and how often is each used?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast, get_args

import pandas as pd
import streamlit as st

from analyses.figures.rank_frequency import rank_frequency_figure
from analyses.figures.types import TYPE_NAMES
from analyses.lexicon import NOTED, Alive, matching, tags_of
from analyses.recurrence import band_names
from analyses.types import TYPES, UNTYPED
from retrieval.study import Study
from workbench import cache, cached_types, frame, highlight, selection, type_rule
from workbench.formats import count
from workbench.views.latent_notes_file import show_exchange

COLUMNS = {
    "latent": "Latent",
    "label": "Label",
    "type": "Type",
    "tags": "Tags",
    "rank": "Rank",
    "document_frequency": "Documents",
    "token_count": "Tokens",
    "collection_frequency": "Activation",
    "idf": "idf",
    "idf_lucene": "idf, Lucene",
    "share_of_length": "Share of length",
    "top_form": "Top form",
    "top_form_share": "Its share",
    "form_entropy": "Entropy, bits",
    "closeness": "Closeness",
    "coherence": "Coherence",
    "alive": "Fires",
}
FORMATS = {
    "Rank": "localized",
    "Documents": "localized",
    "Tokens": "localized",
    "Activation": "%.0f",
    "idf": "%.2f",
    "idf, Lucene": "%.2f",
    "Share of length": "%.4f%%",
    "Entropy, bits": "%.1f",
    "Closeness": "%.2f",
    "Coherence": "%.2f",
}
TOLD = "filters told"  # what the filters said when they were last shown
ALIVE: dict[Alive, str] = {"yes": "Fire here", "no": "Never fire here", "any": "All latents"}


def page() -> None:
    key, study = frame.opened()
    table = cached_types.table(key, type_rule.chosen())
    here = selection.current()
    frame.heading("Vocabulary", "Which terms do the latents form, and are they used as words are?")
    chosen = int(here["latent"]) if here.get("latent", "").isdigit() else None
    frame.show(rank_frequency_figure(cache.rank_frequency(key), chosen), "ranks")
    found = filtered(study, table)
    n_alive = int(table["alive"].sum())
    note, *exports = st.columns([5, 1, 1, 1], vertical_alignment="center")
    note.caption(
        f"{count(len(found))} of {count(n_alive)} latents that fire here; {count(len(table) - n_alive)} never do. "
        "Select a row to open its latent."
    )
    with exports[2]:
        show_exchange(study)
    if found.empty:
        st.html(highlight.calm("No such latent", "No latent passes these filters: take one away."))
        return
    name = f"{study.name}-vocabulary"
    exports[0].download_button(
        "CSV",
        lambda: found.to_csv(index=False),
        f"{name}.csv",
        "text/csv",
        width="stretch",
        on_click="ignore",
    )
    exports[1].download_button(
        "Parquet", lambda: found.to_parquet(index=False), f"{name}.parquet",
        "application/vnd.apache.parquet", width="stretch", on_click="ignore",
    )  # fmt: skip
    show_table(found)


def filtered(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the filters let through; what they say lives in the URL."""
    options: dict[str, list[str]] = {
        "type": [*TYPES, *UNTYPED],
        "band": ["", *band_names(len(study.corpus))],
        "alive": list(get_args(Alive)),
        "noted": ["", NOTED, *tags_of(table)],
    }
    take_up(options)
    text, kind, frequency, liveness, notes = st.columns([2.4, 3.6, 2, 2, 2])
    wanted = text.text_input("Find", placeholder="A label, a word or a number", key="filter find").strip()
    types = kind.multiselect(
        "Type",
        options["type"],
        key="filter type",
        format_func=TYPE_NAMES.__getitem__,
        placeholder="Every type",
    )
    band = frequency.selectbox(
        "Documents", options["band"], key="filter band", format_func=lambda name: name or "Any number"
    )
    alive = liveness.selectbox(
        "Liveness", options["alive"], key="filter alive", format_func=lambda name: ALIVE[cast(Alive, name)]
    )
    noted = notes.selectbox(
        "Your notes", options["noted"], key="filter noted",
        format_func=lambda mark: {"": "Any or none", NOTED: "With a label, tag or note"}.get(mark, f"Tag: {mark}"),
    )  # fmt: skip
    said = {"find": wanted, "type": ",".join(types), "band": band, "alive": alive, "noted": noted}
    st.session_state[TOLD] = said | {"alive": "" if alive == "yes" else alive}
    selection.choose(**st.session_state[TOLD])
    return matching(table, wanted, types, band, cast(Alive, alive), noted)


def take_up(options: Mapping[str, Sequence[str]]) -> None:
    """Set the filters to what the URL says, where that is not what they themselves said last."""
    here = selection.current()
    now = {name: here.get(name, "") for name in ("find", *options)}
    state = st.session_state
    if state.get(TOLD) == now and all(f"filter {name}" in state for name in now):
        return
    state["filter find"] = now["find"]
    state["filter type"] = [name for name in now["type"].split(",") if name in options["type"]]
    for name in ("band", "alive", "noted"):
        state[f"filter {name}"] = now[name] if now[name] in options[name] else options[name][0]


def show_table(found: pd.DataFrame) -> None:
    """The rows; one that is selected opens its latent."""
    columns = {name: title for name, title in COLUMNS.items() if name != "tags" or found["tags"].any()}
    percents = found.assign(
        share_of_length=100 * found["share_of_length"]
    )  # of 30,000 latents, each has little
    shown = percents[list(columns)].rename(columns=columns)
    numbers = {name: st.column_config.NumberColumn(format=form) for name, form in FORMATS.items()}
    event = st.dataframe(
        shown, hide_index=True, width="stretch", height=460,
        on_select="rerun", selection_mode="single-row", key="vocabulary table",
        column_config={
            **numbers,
            "Its share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )  # fmt: skip
    if event.selection.rows:
        frame.go("latent", latent=int(found["latent"].iloc[event.selection.rows[0]]))
