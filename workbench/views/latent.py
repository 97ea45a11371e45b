"""Latent: what are you?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from analyses.dictionary import Context, LatentEntry
from analyses.figures.histogram import activation_histogram
from analyses.figures.theme import ACTIVATION
from retrieval.study import Study
from workbench import cache, frame, highlight, selection
from workbench.formats import count, number, percent


def page() -> None:
    key, study = frame.opened()
    latent = choose_latent(key, study)
    entry = cache.latent_entry(key, latent)
    frame.heading(entry.label or f"Latent {latent}", f"Latent {latent}: what is it?")
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
        frame.show(activation_histogram(entry.histogram, 230), "histogram")
        frame.label("On which wordpieces: share of its activation")
        pieces = entry.wordpieces.head(14)
        largest = float(pieces["share"].max())
        st.html(
            highlight.bar_list(
                (
                    (
                        row["wordpiece"],
                        row["share"] / largest,
                        f"{percent(row['share'])}, {count(row['count'])} tokens",
                    )
                    for row in pieces.to_dict("records")
                ),
                ACTIVATION,
            )
        )
    with right:
        bands = {"Strongest": entry.contexts} | {
            f"{low:.2f} to {high:.2f}": contexts for (low, high), contexts in entry.bands
        }
        frame.label("Where it fires, one context a document; the tabs go down in activation")
        for tab, contexts in zip(st.tabs(list(bands)), bands.values(), strict=True):
            with tab:
                show_contexts(contexts, float(entry.statistics["strongest"]))


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
    s = entry.statistics
    part = float(s["document_frequency"]) / float(s["n_docs"])
    return [
        (count(float(s["document_frequency"])), f"documents, {percent(part)}", "document frequency"),
        (count(float(s["rank"])), f"of {count(float(s['n_latents']))}", "rank by document frequency"),
        (count(float(s["token_count"])), "tokens", "it fires on"),
        (number(float(s["idf"])), f"Lucene's {number(float(s['idf_lucene']))}", "idf"),
        (percent(float(s["share_of_length"])), "", "share of all document length"),
        (number(float(s["strongest"])), "", "strongest activation"),
    ]


def show_contexts(contexts: tuple[Context, ...], strongest: float) -> None:
    """A card a context, each token's ground as deep as its activation."""
    st.html(
        "".join(
            highlight.context_card(
                context.title or context.doc_id, frame.address("search", doc=context.doc_id), context.activation,
                highlight.marked(context.text, context.highlights, "activation", strongest),
            )
            for context in contexts
        )
    )  # fmt: skip
