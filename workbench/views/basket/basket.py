"""Basket: what do several latents have in common, and what tells them apart?"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.dictionary.several_latents import together
from analyses.figures.latents.together import together_figure
from analyses.text.latent_names import NONE
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.results import basket_html
from workbench.page import frame, numbers, type_rule
from workbench.page.basket import held, offer
from workbench.page.evidence import further_calls, record
from workbench.views.basket import basket_facets, basket_tags
from workbench.views.latents.latents import exported

MOST_DRAWN = 24
COLUMNS = ("latent", "label", "type", "tags", "document_frequency", "idf", "top_form", "top_form_share")


def page() -> None:
    key, study = frame.opened()
    frame.heading("Basket", "What do these latents have in common, and what tells them apart?")
    latents = held.latents(study.n_latents)
    if not latents:
        st.html(
            highlight.calm(
                "The basket is empty",
                "Put latents in it: with + beside one in a breakdown, by its box in the table, on its own page, or "
                "a whole region of the map with the lasso.",
            )
        )
        st.html(
            highlight.link_list(
                [("The table of latents", frame.address("latents")), ("The map", frame.address("map"))]
            )
        )
        return
    names = cache.labels(key)
    st.html(
        basket_html.chips(
            (
                names[latent],
                latent,
                frame.address("latent", latent=latent),
                offer.address([latent], held.DROP),
            )
            for latent in latents
        )
    )
    whole = table_of(key, latents)
    show_actions(key, study, latents, whole)
    if 1 < len(latents) <= MOST_DRAWN:
        frame.label(
            "Of the documents of the latent in a row, the share that the latent in the column is in too"
        )
        pairs = together(study, latents)
        chart = together_figure(pairs, {latent: names[latent] or NONE for latent in latents})
        frame.show(chart, "together", pairs, further_calls.together(study, latents))
    basket_facets.show(key, study, latents, whole)
    shown = whole[[name for name in COLUMNS if name in whole]]
    record.record("basket", table=whole, call=further_calls.some_latents(study, latents))
    with st.expander("These latents in numbers"):
        numbers.show(shown.round(4))


def table_of(key: cache.Key, latents: Sequence[int]) -> pd.DataFrame:
    """Every column of the table of latents, for these, in the basket's order."""
    table = cached_types.table(key, type_rule.chosen())
    rows = table.set_index("latent", drop=False).loc[list(latents)].reset_index(drop=True)
    return exported(key, rows)


def show_actions(key: cache.Key, study: Study, latents: Sequence[int], whole: pd.DataFrame) -> None:
    """Ablate, tag, export, empty."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Ablate",
            icon=":material/content_cut:",
            help="How does a query's ranking change without these latents?",
        ):
            frame.go("ablation", preset="", latents=",".join(map(str, latents)))
        basket_tags.show(key, study, latents)
        name = f"{study.name}-basket"
        st.download_button("CSV", lambda: csv_of(whole), f"{name}.csv", "text/csv", on_click="ignore")
        st.download_button(
            "JSON", lambda: json_of(study, whole), f"{name}.json", "application/json", on_click="ignore"
        )
        if st.button("Empty the basket", type="tertiary"):
            held.hold(())
            st.rerun()
        st.caption(f"{count(len(latents))} of at most {count(held.MOST)}")


def json_of(study: Study, whole: pd.DataFrame) -> str:
    """The latents with labels and statistics, and which SAE and study they are of."""
    rows = json.loads(whole.to_json(orient="records"))
    sae = str(study.manifest["sae"]["fingerprint"])
    return json.dumps({"study": study.name, "sae": sae, "latents": rows}, indent=1, ensure_ascii=False)
