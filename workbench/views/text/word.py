"""Word: which latents fire on this word?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.dictionary.lookup import WordEntry
from analyses.figures.style.theme import ACTIVATION
from analyses.text.latent_names import NONE, latent_name
from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import texts as cached_text
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, url_widgets
from workbench.page.evidence import calls, record

N_BARS, N_SENSES, N_EXAMPLES = 16, 6, 8
NEARLY_ALL = 0.9  # of a word's tokens
WAYS = {
    "id": "By number",
    "label": "By label",
    "sentence": "By example: the latents of this text, by term frequency × idf",
}


def page() -> None:
    key, study = frame.opened()
    st.html(ASSETS / "words.css")
    frame.heading("Word", "Which latents fire on this word?")
    wanted = search_box()
    if not wanted:
        show_examples(key)
        return
    entry = cached_text.word_entry(key, wanted)
    with st.spinner("Looking up; the first sentence also loads the encoder"):
        results = cached_text.find_latents(key, wanted)
    if entry is None:
        record.record("found", table=results, call=calls.found_latents(study, wanted))
        if not set(results["how"]) & {"id", "label"} and wanted.isalnum():
            st.html(
                highlight.note(
                    f"No document of {study.name} holds “{wanted}”; these latents fire on the text itself."
                )
            )
        for column, how in zip(
            st.columns(2, gap="large"), [w for w in WAYS if w in set(results["how"])], strict=False
        ):
            with column:
                show_found(results, how)
        return
    st.html(highlight.figures(headline(entry)))
    record.record("latents", table=entry.latents, call=calls.word(study, wanted))
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        frame.label(
            "Latents that fire on the word: share of the word's tokens, share of the latent's activation"
            if entry.whole
            else "Latents that fire on this wordpiece: share of its tokens, share of the latent's activation"
        )
        show_latents_of_word(entry)
        for how in ("id", "label"):
            if (results["how"] == how).any():
                show_found(results, how)
    with right:
        show_senses(key, wanted, entry)


def search_box() -> str:
    """What to look up: a word, part of a label, a sentence or a number."""
    return url_widgets.text(
        "word",
        "Look up",
        placeholder="A word, part of a label, a sentence, or a latent's number",
        label_visibility="collapsed",
    )


def show_examples(key: cache.Key) -> None:
    st.html(
        highlight.calm(
            "Look up a word",
            "A word leads to the latents that fire on it, and to its contexts split by them; a sentence, a "
            "label or a number leads to latents too.",
        )
    )
    table = cached_text.word_table(key)
    often = np.argsort(-np.diff(table.ptr), kind="stable")
    words = [table.words[i] for i in often[:2000] if table.words[i].isalpha() and len(table.words[i]) > 3]
    frame.label("Or take one of this collection's own words")
    chosen = words[N_EXAMPLES :: max(len(words) // 12, 1)][:N_EXAMPLES]
    st.html(highlight.link_list((word, frame.address("word", word=word)) for word in chosen))


def headline(entry: WordEntry) -> list[tuple[str, str, str]]:
    """The statistics at the top: value, unit, name."""
    latents = entry.latents
    return [
        (count(len(entry.tokens)), "tokens", "of this word" if entry.whole else "of this wordpiece"),
        (count(entry.n_documents), "documents", "hold the word"),
        (count(len(latents)), "latents", "fire on some of its tokens"),
        (
            count((latents["share"] >= NEARLY_ALL).sum()),
            "latents",
            f"fire on {percent(NEARLY_ALL)} of its tokens",
        ),
    ]


def show_latents_of_word(entry: WordEntry) -> None:
    """The latents of the word, the rare ones that fire on most of its tokens first."""
    st.html(
        highlight.link_bars(
            (
                (
                    row["label"] or NONE,
                    row["latent"],
                    frame.address("latent", latent=row["latent"]),
                    row["share"],
                    f"{percent(row['share'])}, {percent(row['share_of_latent'])}",
                )
                for row in entry.latents.head(N_BARS).to_dict("records")
            ),
            ACTIVATION,
        )
    )
    st.caption(
        "First number: share of the word's tokens on which the latent fires. Second: share of the latent's "
        "activation in the collection that falls on this word."
    )


def show_senses(key: cache.Key, word: str, entry: WordEntry) -> None:
    """Contexts of the word, split by latents that fire on some of its tokens and not on others."""
    some = entry.latents[entry.latents["share"] < NEARLY_ALL]
    split = some.sort_values("splitting", ascending=False, kind="stable").head(N_SENSES)
    frame.label(
        "Contexts of the word, split by latents that fire on some of its tokens only: perhaps its senses"
    )
    if split.empty:
        st.html(highlight.note("Every latent of this word fires on nearly all of its tokens."))
        split = entry.latents.head(N_SENSES)
    for row in split.to_dict("records"):
        latent = int(row["latent"])
        name = highlight.link(latent_name(latent, row["label"]), frame.address("latent", latent=latent))
        cards = "".join(
            highlight.context_card(
                context.title or context.doc_id,
                frame.address("search", doc=context.doc_id),
                context.activation,
                highlight.focused(context.text, context.highlights, context.focus, "activation"),
            )
            for context in cached_text.word_contexts(key, word, latent)
        )
        st.html(
            f'<p class="lt-sense">{name}<span class="lt-rest">on {percent(row["share"])} of its tokens</span></p>'
            f"{cards}"
        )


def show_found(results: pd.DataFrame, how: str) -> None:
    """The latents of one way to look up."""
    rows = results[results["how"] == how]
    frame.label(WAYS[how])
    st.html(
        linked_table(
            (
                "latent",
                "document frequency",
                *(["term frequency × idf"] if how == "sentence" else []),
            ),
            (
                (
                    latent_name(row["latent"], row["label"]),
                    frame.address("latent", latent=row["latent"]),
                    (
                        count(row["document_frequency"]),
                        *([number(row["score"])] if how == "sentence" else []),
                    ),
                )
                for row in rows.to_dict("records")
            ),
        )
    )
