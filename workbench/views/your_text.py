"""Your text: what does it see in this?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.theme import ACTIVATION, FOR
from analyses.own_text import Kind, OwnText, latents_between
from retrieval.study import Study
from workbench import cache, cached_text, frame, highlight, selection
from workbench.formats import count, number, percent
from workbench.latent_html import linked_table
from workbench.live_text import live_text
from workbench.views.own_tokens import show_text

N_BARS = 18
EXAMPLES = (
    ("The state of the optimizer is kept in each checkpoint.", "A generator keeps its random state between draws."),
    ("Remove the leaves of the tree.", "Delete every terminal node of a hierarchy."),
    ("Sort the rows by one of their columns.", "Find the root of a function by bisection."),
)  # fmt: skip


def page() -> None:
    key, study = frame.opened()
    st.html(frame.ASSETS / "words.css")
    frame.heading("Your text", "What does it see in this?")
    kind, idf = reading(study)
    left, right = st.columns(2, gap="large")
    with left:
        text = text_box("text", "Type anything: it is read while you type")
    with right:
        other = text_box("text2", "A second text, to compare it with")
    if not text.strip():
        show_examples()
        return
    with st.spinner("Reading; the first text also loads the encoder"):
        first = cached_text.read_text(key, text, kind, idf)
        second = cached_text.read_text(key, other, "document", idf) if other.strip() else None
    latent = show_chosen(study, first, second)
    left, right = st.columns(2, gap="large")
    with left:
        show_text(first, latent)
    if second is None:
        with right:
            frame.label("All of it: its latents by weight × idf; choose one to see where it fires")
            show_bars(first.pooled.head(N_BARS), "strength", latent, ACTIVATION, pooled_note)
        with left:
            show_words(key, study, first, first)
        show_numbers(first)
    else:
        with right:
            show_text(second, latent)
        show_comparison(cached_text.compare_texts(key, text, other, kind, idf), latent)
        show_words(key, study, first, second)


def reading(study: Study) -> tuple[Kind, cache.Idf]:
    """How the first text is read, a choice only where the encoder reads queries differently; and the idf."""
    here = selection.current()
    idf: cache.Idf = "lucene" if here.get("idf") == "lucene" else "clipped"
    config = study.manifest["encoder"]["config"]
    if config["query_prefix"] == config["document_prefix"]:
        return "document", idf
    kind: Kind = "query" if here.get("kind") == "query" else "document"
    names = {"document": "read as a document", "query": "read as a query"}
    picked = st.segmented_control(
        "The first text is", list(names), default=kind, format_func=names.__getitem__,
        label_visibility="collapsed", key=f"kind {kind}", required=True,
    )  # fmt: skip
    if picked != kind:
        selection.choose(kind="query" if picked == "query" else None)
        st.rerun()
    return kind, idf


def text_box(name: str, placeholder: str) -> str:
    """A box for the text that the URL keeps under `name`."""
    here = selection.current().get(name, "")
    text = live_text(name, here, placeholder)
    if text != here:
        selection.choose(**{name: text})
    return text


def show_examples() -> None:
    st.html(
        highlight.calm(
            "Nothing typed yet",
            "Each token shows the latents that fire on it; a second text is compared with the first.",
        )
    )
    frame.label("Or take two texts from here")
    st.html(
        highlight.link_list(
            (f"{text} / {other}", frame.address("text", text=text, text2=other)) for text, other in EXAMPLES
        )
    )


def show_chosen(study: Study, first: OwnText, second: OwnText | None) -> int:
    """The latent to highlight: the URL's, else the first text's strongest. Says which it is."""
    here = selection.current().get("latent", "")
    known = here.isdecimal() and int(here) < study.n_latents
    latent = int(here) if known else int(first.pooled["latent"].iloc[0])
    key = cache.key_of(study.path)
    fires = [int((text.tokens["latent"] == latent).sum()) for text in (first, second) if text]
    name = highlight.link(
        f"{cache.labels(key)[latent] or 'no label'} ({latent})", frame.address("latent", latent=latent)
    )
    where = f"on {' and '.join(map(tokens_of, fires))}" if any(fires) else "nowhere in this"
    st.html(f'<p class="lt-sense"><span class="lt-rest">Highlighted:</span>{name}'
            f'<span class="lt-rest">fires {where}</span></p>')  # fmt: skip
    return latent


def show_numbers(text: OwnText) -> None:
    """The pooled vector, and each token with each of its latents, as tables."""
    with st.expander("Every token and latent in numbers"):
        pooled, tokens = st.columns(2, gap="large")
        for column, name, table in (
            (pooled, "The pooled vector", text.pooled),
            (tokens, "Each token's latents", text.tokens),
        ):
            with column:
                frame.label(f"{name}: {count(len(table))} rows")
                st.dataframe(table.round(4), hide_index=True, height=360)


def show_bars(rows: pd.DataFrame, length: str, latent: int, colour: str, note: Callable[[Any], str]) -> None:
    """Latents as bars; a click on one highlights it in the text."""
    largest = float(rows[length].max()) if len(rows) else 0.0
    st.html(
        highlight.link_bars(
            (
                (
                    row["label"] or "no label", row["latent"], frame.address("text", latent=row["latent"]),
                    row[length] / (largest or 1.0), note(row),
                )
                for row in rows.to_dict("records")
            ),
            colour, latent,
        )
    )  # fmt: skip


def show_comparison(table: pd.DataFrame, latent: int) -> None:
    """Three columns: what both have, and what only one has."""
    table = table.assign(could=(table["weight_first"] + table["weight_second"]) * table["idf"])
    columns = {
        "shared": ("Shared: contribution to a match", "contribution", FOR),
        "first": ("Only in the first: weight × idf", "could", ACTIVATION),
        "second": ("Only in the second: weight × idf", "could", ACTIVATION),
    }
    for column, (side, (title, measure, colour)) in zip(
        st.columns(3, gap="large"), columns.items(), strict=True
    ):
        rows = table[table["side"] == side]
        with column:
            frame.label(f"{title}, {count(len(rows))} latents")
            show_bars(rows.head(N_BARS), measure, latent, colour, lambda row, m=measure: number(row[m]))  # type: ignore[misc]
    st.caption(
        f"The second text as a document scores {table['contribution'].sum():.2f} for the first as a query: the sum "
        "of the shared latents' contributions, with this study's idf and average length. What only one of them "
        "has adds nothing; weight × idf says what it could."
    )
    with st.expander("Every latent in numbers"):
        st.dataframe(table.drop(columns="could").round(4), hide_index=True, height=360)


def show_words(key: cache.Key, study: Study, first: OwnText, second: OwnText) -> None:
    """Two words, and the latents that fire on both."""
    frame.label("Why do these two words share a latent?")
    here = selection.current()
    chosen = []
    for column, (name, text) in zip(st.columns(2), (("word", first), ("word2", second)), strict=True):
        words = [word for word in text.words if word[:1].isalnum()]
        known = words.index(here[name]) if here.get(name) in words else None
        chosen.append(
            column.selectbox(
                name, words, index=known, placeholder="A word of the first" if name == "word" else "and another",
                label_visibility="collapsed", key=f"{name} {here.get(name)} {hash(text.text)}",
            )
        )  # fmt: skip
        if chosen[-1] and chosen[-1] != here.get(name):
            selection.choose(**{name: chosen[-1]})
    word, other = chosen
    if not word or not other:
        return
    table = latents_between(study, first, word, second, other, cached_text.word_table(key))
    if table.empty:
        st.html(highlight.note(f"No latent fires on both “{word}” and “{other}” here."))
        return
    st.html(
        linked_table(
            ("latents on both", f"on “{word}”", f"on “{other}”", f"of all “{word}”", f"of all “{other}”"),
            (
                (
                    f"{row['label'] or 'no label'} ({row['latent']})",
                    frame.address("latent", latent=row["latent"]),
                    (
                        f"{row['activation_first']:.2f}", f"{row['activation_second']:.2f}",
                        f"{percent(row['share_first'])}, {tokens_of(row['count_first'])}",
                        f"{percent(row['share_second'])}, {tokens_of(row['count_second'])}",
                    ),
                )
                for row in table.head(N_BARS).to_dict("records")
            ),
        )
    )  # fmt: skip
    st.caption(
        "The last two columns: on how many of the word's tokens in the whole collection the latent fires."
    )


def pooled_note(row: dict[Any, Any]) -> str:
    return f"{number(row['strength'])}, {tokens_of(row['n_tokens'])}"


def tokens_of(number_of: int) -> str:
    return f"{count(number_of)} token{'' if number_of == 1 else 's'}"
