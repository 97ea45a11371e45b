"""Map: who are your neighbours?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.figures import theme
from analyses.figures.map import Colour, map_figure
from analyses.maps import CARD
from analyses.regions import naming_words
from analyses.types import classify
from retrieval.study import Study
from workbench import (
    cache,
    cached_latent,
    cached_map,
    cached_types,
    frame,
    highlight,
    selection,
    type_rule,
)
from workbench.formats import count
from workbench.views.map_method import show_method

COLOURS: dict[str, Colour] = {"type": "type", "frequency": "document_frequency", "query": "strength"}
NAMES = {"type": "Type", "frequency": "Document frequency", "query": "A query"}
N_NEIGHBOURS, N_NAMES = 10, 8
BUTTONS = {
    "displaylogo": False,
    "displayModeBar": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["select2d", "zoom2d", "autoScale2d", "toImage"],
}
COLUMNS = {
    "latent": "Latent",
    "label": "Label",
    "type": "Type",
    "document_frequency": "Documents",
    "collection_frequency": "Activation",
    "idf": "idf",
    "top_wordpiece": "Top wordpiece",
    "top_wordpiece_share": "Its share",
    "strength": "In the query",
}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Map", "Who are your neighbours?")
    made = cached_map.modified(key, CARD)
    with st.spinner("Laying the latents out"):
        shown = cached_map.latent_map(key, made)
        table = cached_map.points(key, made)
        named = cached_map.region_table(key, made)
    typed = cached_map.has_types(key, cached_map.modified(key, "types.parquet"))
    query, colour = controls(typed)
    if typed:
        table = table.assign(type=classify(cached_types.measures(key), type_rule.chosen()))
    if query:
        table = with_strength(key, table, query)
    chosen = chosen_latent(study)
    ring = [] if chosen is None else nearest(key, chosen)["latent"].tolist()
    dark = st.context.theme.type == "dark"
    chart = map_figure(table, COLOURS[colour], named, chosen, ring, dark)
    chart.update_layout(template=theme.template(dark))
    left, right = st.columns([2.3, 1], gap="large")
    with left:
        event = st.plotly_chart(
            chart, key="map", theme=None, config=BUTTONS, on_select="rerun",
            selection_mode=("points", "lasso"),
        )  # fmt: skip
    follow(key, table, event.selection)
    with right:
        st.caption(
            "A point is a latent: click it to open it, scroll to come nearer, take the lasso to list a region. "
            "Only who is near whom has a meaning, not the axes, and not how far apart two regions lie."
        )
        if chosen is not None:
            show_neighbours(key, chosen)
        if not typed:
            st.html(
                highlight.note(
                    "Colour by type is offered once this study keeps its types: see the page Types."
                )
            )
        show_method(key, study, shown, made)


def controls(typed: bool) -> tuple[str, str]:
    """What the colour says, and the query that it may be about."""
    here = selection.current()
    query = here.get("q", "")
    offered = [name for name in COLOURS if name != "type" or typed]
    kept = here.get("colour", offered[0])
    colour = kept if kept in offered else offered[0]
    choice, box = st.columns([1, 2], vertical_alignment="bottom")
    picked = choice.segmented_control(
        "Colour", offered, default=colour, format_func=lambda name: NAMES[name], label_visibility="collapsed",
        key=f"colour {colour}", required=True,
    )  # fmt: skip
    if picked and picked != colour:
        selection.choose(colour=picked)
        st.rerun()
    if colour != "query":
        return "", colour
    asked = box.text_input(
        "Query", value=query, placeholder="Ask something, and see where its latents lie",
        label_visibility="collapsed", key=f"map query {query}",
    ).strip()  # fmt: skip
    if asked != query:
        selection.choose(q=asked)
        st.rerun()
    return query, colour if query else offered[0]


def with_strength(key: cache.Key, table: pd.DataFrame, query: str) -> pd.DataFrame:
    """The points with their strength in a query: query weight × idf, 0 for latents that it has not."""
    idf: cache.Idf = "lucene" if selection.current().get("idf") == "lucene" else "clipped"
    with st.spinner("Reading the query; the first one also loads the encoder"):
        latents = cache.query_latents(key, query, idf)
    strength = np.zeros(len(table))
    strength[latents["latent"].to_numpy()] = latents["strength"].to_numpy()
    return table.assign(strength=strength)


def chosen_latent(study: Study) -> int | None:
    """The latent of the address; None where there is none, or no such one."""
    given = selection.current().get("latent", "")
    return int(given) if given.isdecimal() and int(given) < study.n_latents else None


def follow(key: cache.Key, table: pd.DataFrame, chosen: Mapping[str, Any]) -> None:
    """A clicked point opens its latent; what a lasso holds is listed."""
    latents = latents_of(chosen.get("points", ()))
    if not latents:
        return
    if not chosen.get("lasso"):
        frame.go("latent", latent=latents[0])
    words = naming_words(cached_map.latent_words(key), np.array(latents), N_NAMES)
    st.html(highlight.subheading(f"{count(len(latents))} latents of this region"))
    if words:
        st.html(highlight.note(f"More of their activation than elsewhere falls on: {' · '.join(words)}"))
    found = table[table["latent"].isin(latents)]
    found = found.sort_values("strength" if "strength" in found else "document_frequency", ascending=False)
    shown = [column for column in COLUMNS if column in found]
    event = st.dataframe(
        found[shown].rename(columns=COLUMNS), hide_index=True, width="stretch",
        height=min(460, 38 + 35 * len(found)), on_select="rerun", selection_mode="single-row", key="region table",
        column_config={
            "Documents": st.column_config.NumberColumn(format="localized"),
            "Activation": st.column_config.NumberColumn(format="%.0f"),
            "idf": st.column_config.NumberColumn(format="%.2f"),
            "In the query": st.column_config.NumberColumn(format="%.3f"),
            "Its share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )  # fmt: skip
    st.caption("Select a row to open its latent.")
    if event.selection.rows:
        frame.go("latent", latent=int(found["latent"].iloc[event.selection.rows[0]]))


def latents_of(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """The latents of selected points, each once: the first number of their customdata, a dict or a list."""
    given = [point.get("customdata") for point in points]
    first = [data.get("0") if isinstance(data, Mapping) else data[0] for data in given if data]
    return list(dict.fromkeys(int(latent) for latent in first if latent is not None))


def nearest(key: cache.Key, latent: int) -> pd.DataFrame:
    """The latents that are ringed with one: latent, cosine; nearest by decoder direction first."""
    return cached_latent.nearest_by_direction(key, latent).head(N_NEIGHBOURS)


def show_neighbours(key: cache.Key, chosen: int) -> None:
    """The ringed latents as chips, the nearest by decoder direction first."""
    names = cache.labels(key)
    near = nearest(key, chosen)
    frame.label(
        f"Ringed: latent {chosen}, {names[chosen] or 'no label'}, and its nearest by decoder direction"
    )
    items = "".join(
        highlight.chip(
            names[latent], latent, frame.address("map", latent=latent), max(cosine, 0.0),
            f"cosine {cosine:.2f}",
        )
        for latent, cosine in zip(near["latent"].tolist(), near["cosine"].tolist(), strict=True)
    )  # fmt: skip
    st.html(f'<div class="lt-chips">{items}</div>')
