"""The parts of the latent page below its first screen; only the chosen one is computed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analyses.dictionary.entry import LatentEntry
from analyses.dictionary.latent_words import AT_LEAST, Order, WordUse
from analyses.dictionary.near_misses import NEARLY
from analyses.figures.latents.positions import position_figure
from analyses.figures.style.theme import ACTIVATION
from analyses.text.contexts import Context
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup import highlight, latent_html
from workbench.markup.formats import count, number, percent
from workbench.markup.histogram_html import histogram
from workbench.page import frame, url_widgets
from workbench.views.latents import latent_company, latent_explanation

SECTIONS = {
    "contexts": "Contexts",
    "near-misses": "Near misses",
    "words": "Words and places",
    "neighbours": "Neighbours",
    "documents": "Documents",
    "queries": "Queries",
    "explanation": "Explanation",
}
N_ABOVE = 4  # contexts on the first screen
ORDERS: dict[Order, str] = {"telling": "Most telling", "share": "Largest share", "pmi": "Highest PMI"}


def show(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """The choice of sections, and the chosen one."""
    chosen = url_widgets.segmented("section", "Section", SECTIONS, "contexts", label_visibility="collapsed")
    if chosen == "contexts":
        show_bands(key, study, entry)
    elif chosen == "near-misses":
        show_near_misses(key, study, entry)
    elif chosen == "words":
        show_words_and_places(key, entry)
    elif chosen == "neighbours":
        latent_company.show_neighbours(key, entry)
    elif chosen == "documents":
        latent_company.show_documents(key, entry)
    elif chosen == "explanation":
        latent_explanation.show(key, study, entry)
    else:
        latent_company.show_queries(key, entry)


def show_contexts(key: cache.Key, study: Study, entry: LatentEntry, contexts: Sequence[Context]) -> None:
    """A card per context, each token coloured by its activation; the whole document opens under it."""
    strongest = float(entry.statistics["strongest"] or 0)
    cards = []
    for context in contexts:
        text = study.corpus.texts[study.position[context.doc_id]]
        marks = cached_latent.highlights(key, entry.latent, context.doc_id)
        whole = highlight.marked(text, marks, "activation", strongest)
        address = frame.address("search", doc=context.doc_id)
        cards.append(latent_html.context_card(context, address, strongest, whole))
    st.html("".join(cards))


def show_words(use: WordUse, depth: int) -> None:
    """Bars of the words with most of the activation, by their share of it."""
    rows = use.table.head(depth)
    largest = float(rows["share"].max())
    st.html(
        highlight.bar_list(
            (
                (
                    row["word"],
                    row["share"] / largest,
                    f"{percent(row['share'])}, {row['pmi']:+.1f}",
                )
                for row in rows.to_dict("records")
            ),
            ACTIVATION,
        )
    )


def show_bands(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Contexts by quantile of activation, and drawn at random."""
    n_tokens = count(float(entry.statistics["token_count"] or 0))
    names = [f"{100 * band.low:.0f} to {100 * band.high:.0f}%" for band in entry.bands]
    further = entry.contexts[N_ABOVE:]
    tabs = st.tabs([*names, "Random", *(["Next strongest"] if further else [])])
    for tab, band in zip(tabs, entry.bands, strict=False):
        with tab:
            st.caption(
                f"{100 * band.low:.0f} to {100 * band.high:.0f}% of the latent's {n_tokens} tokens by activation, "
                f"that is {number(band.weakest)} to {number(band.strongest)}: {len(band.contexts)} of "
                f"{count(band.n_tokens)}, drawn with a fixed seed, one per document."
            )
            show_contexts(key, study, entry, band.contexts)
    with tabs[len(entry.bands)]:
        st.caption(
            "Drawn uniformly from all tokens on which the latent fires, with a fixed seed; one per document."
        )
        show_contexts(key, study, entry, entry.random)
    if further:
        with tabs[-1]:
            st.caption("The strongest token of each further document, by falling activation.")
            show_contexts(key, study, entry, further)


def show_near_misses(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Tokens on which the latent almost fires, on demand: they need the encoder."""
    wanted = f"near misses {key.digest} {entry.latent}"
    if not st.session_state.get(wanted):
        st.caption(
            "Tokens on which the latent almost fires. A study keeps no token states, so the encoder reads a "
            "few documents again: a second or two."
        )
        if st.button("Look for near misses"):
            st.session_state[wanted] = True
            st.rerun()
        return
    with st.spinner("Reading documents again"):
        near = cached_latent.near_misses_of(key, entry.latent)
    if not near.misses:
        st.html(
            highlight.calm(
                "No near miss",
                "In the documents read, the latent's pre-activation is 0 or less wherever it is silent on its "
                "wordpieces.",
            )
        )
        return
    st.caption(
        f"The nearest of {count(near.n_tokens)} tokens in {near.n_documents} documents, one per document: "
        f"first those that reach {percent(NEARLY)} or more of what firing needs, by falling pre-activation, "
        "then the rest. Documents are drawn with a fixed seed from those in which the latent is silent on one "
        "of its eight most telling wordpieces; exact for these documents. Rank: among all latents on that token."
    )
    strongest = float(entry.statistics["strongest"] or 0)
    st.html(
        "".join(
            latent_html.near_miss_card(miss, frame.address("search", doc=miss.context.doc_id), strongest)
            for miss in near.misses
        )
    )


def show_words_and_places(key: cache.Key, entry: LatentEntry) -> None:
    """Words and wordpieces with their entropy, positions in documents, and summed activation per document."""
    order = st.segmented_control(
        "Order",
        list(ORDERS),
        default="telling",
        format_func=ORDERS.__getitem__,
        label_visibility="collapsed",
        key="order of words",
        required=True,
    )
    words, wordpieces = cached_latent.words_of(key, entry.latent, order)
    left, right = st.columns(2, gap="large")
    for column, name, use in ((left, "Words", words), (right, "Wordpieces", wordpieces)):
        with column:
            frame.label(
                f"{name}: {count(use.n_words)} in all; entropy {use.entropy:.2f} bits, "
                f"effective number {number(use.effective_words)}"
            )
            show_words(use, 20)
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("Position of the latent's tokens in their documents; dotted: all tokens")
        frame.show(position_figure(entry.positions), "positions")
    with right:
        frame.label("Summed activation per document")
        st.html(histogram(entry.document_histogram, "documents", "summed activation"))
    st.caption(
        "Share: of the latent's activation. PMI: log2 of that share over the word's share of the collection's "
        "tokens. Most telling: by share × PMI, a word's part in the divergence of this latent's words from "
        f"the collection's. Highest PMI: first the words on which the latent fires {AT_LEAST} times or more. "
        "Entropy: of the shares of all words. Exact over the collection."
    )
