"""Latent: what are you?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from analyses.dictionary import LatentEntry
from analyses.figures.types import TYPE_NAMES
from retrieval.study import Study
from workbench import cache, cached_latent, frame, highlight, selection
from workbench.formats import count, number, percent
from workbench.histogram_html import histogram
from workbench.views import latent_notes, latent_sections

N_WORDS = 8


def page() -> None:
    key, study = frame.opened()
    latent = choose_latent(key, study)
    with st.spinner("Reading the study's words, once"):
        entry = cached_latent.latent_entry(key, latent)
    for styles in ("latent.css", "histogram.css"):
        st.html(frame.ASSETS / styles)
    latent_notes.show_heading(key, study, entry)
    if entry.dead:
        st.html(
            highlight.calm(
                "Never fires here",
                f"No token of {study.name} is among those on which latent {latent} fires. Trained latents can be "
                "silent on a collection that never speaks of what they stand for; some are silent everywhere.",
            )
        )
        return
    st.html(highlight.figures(headline(entry)))
    left, right = st.columns([1, 1.55], gap="large")
    with left:
        frame.label("How strongly it fires")
        st.html(histogram(entry.token_histogram))
        frame.label("Its words, the most telling first: share, and PMI in bits")
        latent_sections.show_words(cached_latent.words_of(key, latent, "telling")[0], N_WORDS)
    with right:
        frame.label("Where it fires most strongly, one context a document")
        latent_sections.show_contexts(key, study, entry, entry.contexts[: latent_sections.N_ABOVE])
    latent_sections.show(key, study, entry)


def choose_latent(key: cache.Key, study: Study) -> int:
    """The latent of the URL; without one, the one that carries most activation without being everywhere."""
    here = selection.current().get("latent", "")
    if here.isdigit():
        return int(here)
    table = cache.vocabulary_table(key)
    common = table["document_frequency"] > 0.1 * len(study.corpus)
    latent = int(np.argmax(table["collection_frequency"].mask(common, 0).to_numpy()))
    selection.choose(latent=latent)
    return latent


def headline(entry: LatentEntry) -> list[tuple[str, str, str]]:
    """The statistics at the top: value, unit, what it is."""
    s = {name: float(value) for name, value in entry.statistics.items() if isinstance(value, int | float)}
    kind = entry.statistics["type"]
    return [
        (TYPE_NAMES[str(kind)], "", "type") if kind else ("–", "not kept in this study yet", "type"),
        (count(s["document_frequency"]), percent(s["document_frequency"] / s["n_docs"]), "documents"),
        (count(s["rank"]), f"of {count(s['n_latents'])}", "rank by documents"),
        (count(s["token_count"]), "", "tokens it fires on"),
        (number(s["collection_frequency"]), f"up to {number(s['strongest'])}", "activation in all"),
        (number(s["idf"]), f"Lucene's {number(s['idf_lucene'])}", "idf"),
        (percent(s["share_of_length"]) if s["share_of_length"] > 1e-5 else "< 0.001%", "", "of all |d|"),
    ]
