"""Latent: what does one latent fire on, where, and how strongly?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from analyses.dictionary.entry import LatentEntry
from analyses.figures.latents.types import TYPE_NAMES
from retrieval.study import Study
from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.histogram_html import histogram
from workbench.page import frame, selection
from workbench.page.evidence import calls, record
from workbench.views.latents import latent_notes, latent_sections

N_WORDS = 8


def page() -> None:
    key, study = frame.opened()
    latent = choose_latent(key, study)
    with st.spinner("Reading the words of the study, once"):
        entry = cached_latent.latent_entry(key, latent)
    for styles in ("latent.css", "histogram.css"):
        st.html(ASSETS / styles)
    latent_notes.show_heading(key, study, entry)
    if entry.dead:
        st.html(
            highlight.calm(
                "Inactive in this collection",
                f"Latent {latent} fires on no token of {study.name}. Some latents are inactive on a "
                "collection that lacks what they fire on; dead latents fire on no text.",
            )
        )
        return
    st.html(highlight.figures(headline(entry, cached_latent.kind_of(key, latent))))
    left, right = st.columns([1, 1.55], gap="large")
    with left:
        frame.label("How strongly the latent fires")
        st.html(histogram(entry.token_histogram))
        frame.label("Words, the most telling first: share of activation, and PMI in bits")
        latent_sections.show_words(cached_latent.words_of(key, latent, "telling")[0], N_WORDS)
    with right:
        frame.label("Where the latent fires most strongly, one context per document")
        latent_sections.show_contexts(key, study, entry, entry.contexts[: latent_sections.N_ABOVE])
    words = cached_latent.words_of(key, latent, "telling")[0].table
    record.record("words", table=words, call=calls.latent_words(study, latent, "telling"))
    latent_sections.show(key, study, entry)


def choose_latent(key: cache.Key, study: Study) -> int:
    """The latent of the URL; without one, the latent of most summed activation among those that are not common."""
    text = selection.current().get("latent", "")
    if text.isdigit():
        return int(text)
    table = cache.vocabulary_table(key)
    common = table["document_frequency"] > 0.1 * len(study.corpus)
    latent = int(np.argmax(table["collection_frequency"].mask(common, 0).to_numpy()))
    selection.choose(latent=latent)
    return latent


def headline(entry: LatentEntry, kind: str) -> list[tuple[str, str, str]]:
    """The statistics at the top: value, unit, name; kind: "" where the study keeps no types."""
    s = {name: float(value) for name, value in entry.statistics.items() if isinstance(value, int | float)}
    return [
        (TYPE_NAMES[kind], "", "type") if kind else ("–", "not measured in this study yet", "type"),
        (
            count(s["document_frequency"]),
            f"{percent(s['document_frequency'] / s['n_docs'])} of documents",
            "document frequency",
        ),
        (count(s["rank"]), f"of {count(s['n_latents'])}", "rank by document frequency"),
        (count(s["token_count"]), "", "token count"),
        (number(s["collection_frequency"]), f"at most {number(s['strongest'])}", "summed activation"),
        (number(s["idf"]), f"Lucene's {number(s['idf_lucene'])}", "idf"),
        (
            percent(s["share_of_length"]) if s["share_of_length"] > 1e-5 else "< 0.001%",
            "of all length",
            "share of length",
        ),
    ]
