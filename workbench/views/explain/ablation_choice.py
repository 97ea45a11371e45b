"""The controls of the ablation page: which latents change, by how much, and where; the URL keeps each choice."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.style.names import cut
from analyses.interventions.edited_index import Intervention, Place
from analyses.latents.types import TYPES
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import ablation as cached_ablation
from workbench.caches import cache
from workbench.markup.formats import count
from workbench.markup.glossary import tooltip
from workbench.page import selection, url_widgets
from workbench.page.url_widgets import Spelling
from workbench.views.explain import search

PRESETS = {
    "strongest": "Remove the strongest",
    "only": "Keep only the strongest",
    "stopwords": "Remove those in over half of the documents",
    "type": "Keep only one type",
    "chosen": "Choose latents",
}
PLACE_NAMES: dict[Place, str] = {"query": "Query", "index": "Whole index", "document": "One document"}
N_STRONGEST, MOST, LONGEST = 3, 40, 60
LARGEST_ACTIVATION = 1000.0


def choose(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame
) -> tuple[Intervention, ...]:
    """The intervention that the controls describe. latents: the query's, the strongest first."""
    first, second, third = st.columns([1.25, 1.5, 1.25], gap="medium", vertical_alignment="bottom")
    usual = "chosen" if selection.current().get("latents") else "strongest"
    preset = url_widgets.select("preset", "What to change", PRESETS, usual, first)
    if preset != "chosen":
        selection.choose(latents=None)
    place = url_widgets.segmented("place", "Where", PLACE_NAMES, "query", third)
    with second:
        chosen = chosen_latents(key, study, preset, latents)
    factor, summed, length, doc_id = 0.0, None, True, None
    first, second, third = st.columns([1.25, 1.5, 1.25], gap="medium", vertical_alignment="center")
    if preset == "chosen":
        with first:
            factor, summed = strength(place)
    if place != "query":
        length = url_widgets.toggle(
            "length",
            "Document length and idf change too",
            True,
            "kept",
            third,
            help="On: as if documents were indexed with the change. Off: only these latents' scores change.",
        )
    if place == "document":
        doc_id = one_document(key, study, query, idf, second)
    return (Intervention(tuple(chosen), place, factor, summed, doc_id, length),)


def chosen_latents(key: cache.Key, study: Study, preset: str, latents: pd.DataFrame) -> list[int]:
    """The latents that a preset names for this query."""
    ordered = latents["latent"].tolist()
    if preset in ("strongest", "only"):
        most = min(MOST, len(ordered))
        n = int(url_widgets.slider("part", "How many", 1, max(most, 2), 1, min(N_STRONGEST, most)))
        return ordered[:n] if preset == "strongest" else ordered[n:]
    if preset == "stopwords":
        frequency = study.index.document_frequency
        common = [latent for latent in ordered if frequency[latent] > study.index.n_docs / 2]
        st.caption(
            f"In over half of the documents: {count(len(common))} of this query's {count(len(ordered))} "
            "latents. Their idf is 0 under the paper's formula, and above 0 under Lucene's."
        )
        return common
    if preset == "type":
        types = cached_ablation.types(key, cache.version(key, "types"))
        if types.empty:
            st.caption("This study keeps no types yet: open the Types page once.")
            return []
        kept = url_widgets.segmented(
            "type", "Type that stays", {name: TYPE_NAMES[name] for name in TYPES}, TYPES[0]
        )
        return [latent for latent in ordered if types.iloc[latent] != kept]
    return named_latents(key, study, ordered)


def named_latents(key: cache.Key, study: Study, ordered: list[int]) -> list[int]:
    """Latents that the reader names: of the query, or any other by its number."""
    labels = cache.labels(key)

    def known(text: str) -> tuple[int, ...] | None:
        numbers = [int(part) for part in text.split(",") if part.isdecimal() and int(part) < study.n_latents]
        return tuple(numbers) or None

    named = known(selection.current().get("latents", "")) or ()
    options = list(dict.fromkeys([*named, *ordered]))

    def draw(widget: str) -> tuple[int, ...]:
        drawn = st.multiselect(
            "Latents of the query, or any by number",
            options,
            key=widget,
            accept_new_options=True,
            format_func=lambda j: latent_name(j, labels.get(j, "")) if isinstance(j, int) else str(j),
        )
        return known(",".join(map(str, drawn))) or ()

    spelling = Spelling(known, lambda latents: ",".join(map(str, latents)))
    chosen = url_widgets.bound("latents", tuple(ordered[:1]), spelling, draw, options, keep_default=True)
    if not chosen:  # the last one was taken away: start again from the strongest
        selection.choose(preset="chosen")
        st.rerun()
    return list(chosen)


def strength(place: Place) -> tuple[float, float | None]:
    """What happens to the latents: the factor of their activation, and the summed activation that replaces it."""
    if place != "index" and selection.current().get("mass"):
        summed = url_widgets.number(
            "mass",
            "Set their summed activation to",
            0.0,
            LARGEST_ACTIVATION,
            0.5,
            1.0,
            keep_default=True,
            help=tooltip("summed activation"),
        )
        if st.button("Multiply instead", type="tertiary"):
            selection.choose(mass=None)
            st.rerun()
        return 0.0, summed
    factor = url_widgets.slider(
        "factor", "Multiply their activation by (0 removes them)", 0.0, 4.0, 0.25, 0.0
    )
    if place != "index" and st.button("Set an activation instead, which also adds latents", type="tertiary"):
        selection.choose(mass="4")
        st.rerun()
    return factor, None


def one_document(key: cache.Key, study: Study, query: str, idf: cache.Idf, place: url_widgets.Place) -> str:
    """The document that is changed: the URL's, or the first result."""
    ranking = cache.rankings(key, query, idf, search.DEPTH)
    results = ranking["doc_id"].tolist() or list(study.corpus.ids[:1])
    in_url = selection.current().get("doc", "")
    options = dict.fromkeys([in_url, *results] if in_url in study.position else results)

    def name(doc_id: str) -> str:
        title = study.corpus.titles[study.position[doc_id]] or doc_id
        return cut(title, LONGEST)

    names = {str(doc_id): name(doc_id) for doc_id in options}
    return url_widgets.select("doc", "In which document", names, str(results[0]), place, keep_default=True)
