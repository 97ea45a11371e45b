"""Map: which latents point in similar directions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.figures.latents.map import Colour, map_figure
from analyses.latents.regions import naming_words
from analyses.latents.types import classify
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.caches import map as cached_map
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, idf, numbers, selection, type_rule, url_widgets
from workbench.page.basket import offer
from workbench.page.evidence import further_calls
from workbench.views.latents.map_method import show_method

COLOURS: dict[str, Colour] = {"type": "type", "frequency": "document_frequency", "query": "strength"}
NAMES = {"type": "Type", "frequency": "Document frequency", "query": "A query"}
N_NEIGHBOURS, N_NAMES, NARROW_HEIGHT = 10, 8, 480
BUTTONS = {
    "displaylogo": False,
    "displayModeBar": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["select2d", "zoom2d", "autoScale2d"],
}
COLUMNS = {
    "latent": "Latent",
    "label": "Label",
    "type": "Type",
    "document_frequency": "Document frequency",
    "collection_frequency": "Summed activation",
    "idf": "idf",
    "top_wordpiece": "Top wordpiece",
    "top_wordpiece_share": "Top wordpiece share",
    "strength": "In the query",
}
FORMATS = {
    "Document frequency": "localized",
    "Summed activation": "%.0f",
    "idf": "%.2f",
    "In the query": "%.3f",
}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Map", "Which latents point in similar directions?")
    made = cache.version(key, "map")
    with st.spinner("Laying the latents out"):
        shown = cached_map.latent_map(key, made)
        table = cached_map.points(key, made)
        named = cached_map.region_table(key, made)
    typed = cached_map.has_types(key, cache.version(key, "types"))
    query, colour = controls(typed)
    if typed:
        table = table.assign(type=classify(cached_types.measures(key), type_rule.chosen()))
    if query:
        table = with_strength(key, table, query)
    chosen = chosen_latent(study)
    ring = [] if chosen is None else nearest(key, chosen)["latent"].tolist()
    dark = st.context.theme.type == "dark"
    chart = map_figure(table, COLOURS[colour], named, chosen, ring, dark)
    if frame.is_narrow():
        legend = {"y": 0, "yanchor": "bottom"}
        chart.update_layout(height=NARROW_HEIGHT, margin={"t": 16, "b": 70}, legend=legend)
    left, right = st.columns([2.3, 1], gap="large")
    with left:
        event = frame.show(
            chart,
            "map",
            table[["x", "y"]],
            further_calls.places_on_map(study),
            config=BUTTONS,
            on_select="rerun",
            selection_mode=("points", "lasso"),
        )
    follow(key, table, event.selection)
    with right:
        st.caption(
            "Each point is a latent: click a point to open its latent, scroll to zoom, take the lasso to list "
            "a region. Only nearness has a meaning; the axes and the distance between regions have none."
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
    """The query that colours the map, and what the colour shows."""
    offered = {name: NAMES[name] for name in COLOURS if name != "type" or typed}
    usual = next(iter(offered))
    colour = url_widgets.segmented("colour", "Colour", offered, usual, label_visibility="collapsed")
    query = selection.current().get("q", "").strip()
    if colour == "query" and not query:
        st.html(highlight.note("Type a query above, and see its latents."))
    return (query, colour) if colour == "query" and query else ("", usual if colour == "query" else colour)


def with_strength(key: cache.Key, table: pd.DataFrame, query: str) -> pd.DataFrame:
    """The points with their strength in a query: query term frequency × idf, 0 where the query lacks the latent."""
    with st.spinner("Encoding the query; the first one also loads the encoder"):
        latents = cache.query_latents(key, query, idf.chosen())
    strength = np.zeros(len(table))
    strength[latents["latent"].to_numpy()] = latents["strength"].to_numpy()
    return table.assign(strength=strength)


def chosen_latent(study: Study) -> int | None:
    """The latent of the URL; None where the URL names none of this SAE."""
    text = selection.current().get("latent", "")
    return int(text) if text.isdecimal() and int(text) < study.n_latents else None


def follow(key: cache.Key, table: pd.DataFrame, chosen: Mapping[str, Any]) -> None:
    """A click on a point opens its latent; the latents inside a lasso are listed."""
    latents = latents_of(chosen.get("points", ()))
    if not latents:
        return
    if not chosen.get("lasso"):
        frame.go("latent", latent=latents[0])
    words = naming_words(cached_map.latent_words(key), np.array(latents), N_NAMES)
    st.html(highlight.subheading(f"{count(len(latents))} latents of this region"))
    if words:
        st.html(highlight.note(f"Words that set this region apart: {' · '.join(words)}"))
    offer.several(latents, "of this region")
    listed = table[table["latent"].isin(latents)]
    listed = listed.sort_values("strength" if "strength" in listed else "document_frequency", ascending=False)
    shown = listed[[column for column in COLUMNS if column in listed]].rename(columns=COLUMNS)
    formats = {name: st.column_config.NumberColumn(format=form) for name, form in FORMATS.items()}
    formats["Top wordpiece share"] = st.column_config.ProgressColumn(
        format="percent", min_value=0, max_value=1
    )
    event = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=min(460, 38 + 35 * len(listed)),
        on_select="rerun",
        selection_mode="single-row",
        key="region table",
        column_config=numbers.explained(shown.columns, formats),
    )
    st.caption("Select a row to open the latent.")
    if event.selection.rows:
        frame.go("latent", latent=int(listed["latent"].iloc[event.selection.rows[0]]))


def latents_of(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """The latents of selected points, each once: the first number of their customdata, a dict or a list."""
    customdata = [point.get("customdata") for point in points]
    first = [data.get("0") if isinstance(data, Mapping) else data[0] for data in customdata if data]
    return list(dict.fromkeys(int(latent) for latent in first if latent is not None))


def nearest(key: cache.Key, latent: int) -> pd.DataFrame:
    """The ringed neighbours of a latent: latent, cosine; the nearest by decoder direction first."""
    return cached_latent.nearest_by_direction(key, latent).head(N_NEIGHBOURS)


def show_neighbours(key: cache.Key, chosen: int) -> None:
    """The ringed latents as chips, the nearest by decoder direction first."""
    names = cache.labels(key)
    near = nearest(key, chosen)
    frame.label(f"Ringed: {latent_name(chosen, names[chosen])}, and its nearest by decoder direction")
    items = "".join(
        highlight.chip(
            names[latent],
            latent,
            frame.address("map", latent=latent),
            max(cosine, 0.0),
            f"cosine {cosine:.2f}",
        )
        for latent, cosine in zip(near["latent"].tolist(), near["cosine"].tolist(), strict=True)
    )
    st.html(f'<div class="lt-chips">{items}</div>')
