"""Your text: which latents fire on it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from analyses.dictionary.your_text import Kind, ReadText, latents_between
from analyses.figures.style.theme import ACTIVATION, FOR
from analyses.text.latent_names import NONE, latent_name
from retrieval.study import Study
from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import texts as cached_text
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, idf, numbers, selection, url_widgets
from workbench.page.evidence import calls, record
from workbench.page.live_text import live_text
from workbench.views.text.own_tokens import show_text

N_BARS = 18
EXAMPLES = (
    (
        "The state of the optimizer is kept in each checkpoint.",
        "A generator keeps its random state between draws.",
    ),
    ("Remove the leaves of the tree.", "Delete every terminal node of a hierarchy."),
    ("Sort the rows by one of their columns.", "Find the root of a function by bisection."),
)


def page() -> None:
    key, study = frame.opened()
    st.html(ASSETS / "words.css")
    frame.heading(
        "Your text", "Encode one text: which latents fire on it, and which does it share with another?"
    )
    kind, chosen_idf = reading(study), idf.chosen()
    left, right = st.columns(2, gap="large")
    with left:
        text = live_text("text", "Type any text: it is encoded while you type")
    with right:
        other = live_text("text2", "A second text, to compare with the first")
    if not text.strip():
        show_examples()
        return
    with st.spinner("Encoding; the first text also loads the encoder"):
        first = cached_text.read_text(key, text, kind, chosen_idf)
        second = cached_text.read_text(key, other, "document", chosen_idf) if other.strip() else None
    record.record("latents", table=first.pooled, call=calls.text_latents(study, text, kind, chosen_idf))
    latent = show_chosen(study, first, second)
    left, right = st.columns(2, gap="large")
    with left:
        show_text(first, latent)
    if second is None:
        with right:
            frame.label("The text's latents by term frequency × idf; choose one to highlight its tokens")
            show_bars(first.pooled.head(N_BARS), "strength", latent, ACTIVATION, pooled_note)
        with left:
            show_words(key, study, first, first)
        show_numbers(first)
    else:
        with right:
            show_text(second, latent)
        show_comparison(cached_text.compare_texts(key, text, other, kind, chosen_idf), latent)
        show_words(key, study, first, second)


def reading(study: Study) -> Kind:
    """How the first text is encoded: a choice only where the encoder reads queries differently."""
    config = study.manifest["encoder"]["config"]
    if config["query_prefix"] == config["document_prefix"]:
        return "document"
    kinds: dict[Kind, str] = {"document": "encoded as a document", "query": "encoded as a query"}
    return url_widgets.segmented("kind", "The first text is", kinds, "document", label_visibility="collapsed")


def show_examples() -> None:
    st.html(
        highlight.calm(
            "Nothing typed yet",
            "Each token shows the latents that fire on it; the latents of a second text are compared with "
            "the first's.",
        )
    )
    frame.label("Or take one of these pairs")
    st.html(
        highlight.link_list(
            (f"{text} / {other}", frame.address("your-text", text=text, text2=other))
            for text, other in EXAMPLES
        )
    )


def show_chosen(study: Study, first: ReadText, second: ReadText | None) -> int:
    """The latent to highlight, and a line on it: the URL's, else the first text's strongest."""
    here = selection.current().get("latent", "")
    known = here.isdecimal() and int(here) < study.n_latents
    latent = int(here) if known else int(first.pooled["latent"].iloc[0])
    key = cache.key_of(study.path)
    fires = [int((text.tokens["latent"] == latent).sum()) for text in (first, second) if text]
    name = highlight.link(
        latent_name(latent, cache.labels(key)[latent]), frame.address("latent", latent=latent)
    )
    where = f"on {' and '.join(map(tokens_of, fires))}" if any(fires) else "on no token of this text"
    st.html(
        f'<p class="lt-sense"><span class="lt-rest">Highlighted:</span>{name}'
        f'<span class="lt-rest">fires {where}</span></p>'
    )
    return latent


def show_numbers(text: ReadText) -> None:
    """The latents of the text, and of each token, as tables."""
    with st.expander("Every token and latent in numbers"):
        pooled, tokens = st.columns(2, gap="large")
        for column, name, table in (
            (pooled, "Latents of the text", text.pooled),
            (tokens, "Latents of each token", text.tokens),
        ):
            with column:
                frame.label(f"{name}: {count(len(table))} rows")
                numbers.show(table.round(4))


def show_bars(rows: pd.DataFrame, length: str, latent: int, colour: str, note: Callable[[Any], str]) -> None:
    """Latents as bars; a click on one highlights it in the text."""
    largest = float(rows[length].max()) if len(rows) else 0.0
    st.html(
        highlight.link_bars(
            (
                (
                    row["label"] or NONE,
                    row["latent"],
                    frame.address("your-text", latent=row["latent"]),
                    row[length] / (largest or 1.0),
                    note(row),
                )
                for row in rows.to_dict("records")
            ),
            colour,
            latent,
        )
    )


def show_comparison(table: pd.DataFrame, latent: int) -> None:
    """Three columns: the latents that both texts have, and those of one text alone."""
    table = table.assign(could=(table["weight_first"] + table["weight_second"]) * table["idf"])
    columns = {
        "shared": ("Shared: contribution to a match", "contribution", FOR),
        "first": ("Only in the first: term frequency × idf", "could", ACTIVATION),
        "second": ("Only in the second: term frequency × idf", "could", ACTIVATION),
    }
    for column, (side, (title, measure, colour)) in zip(
        st.columns(3, gap="large"), columns.items(), strict=True
    ):
        rows = table[table["side"] == side]
        with column:
            frame.label(f"{title}, {count(len(rows))} latents")
            show_bars(rows.head(N_BARS), measure, latent, colour, lambda row, m=measure: number(row[m]))  # type: ignore[misc]
    st.caption(
        f"The second text as a document scores {table['contribution'].sum():.2f} for the first as a query: "
        "the sum of the shared latents' contributions, with this study's idf and average length. A latent "
        "of one text alone adds nothing; term frequency × idf is what such a latent could add."
    )
    with st.expander("Every latent in numbers"):
        numbers.show(
            table.drop(columns="could").round(4),
            weight_first="term frequency, first",
            weight_second="term frequency, second",
        )


def show_words(key: cache.Key, study: Study, first: ReadText, second: ReadText) -> None:
    """Two words, and the latents that fire on both."""
    frame.label("Which latents fire on both of two words?")
    left, right = st.columns(2)
    word = one_word("word", first, "A word of the first", left)
    other = one_word("word2", second, "and another", right)
    if not word or not other:
        return
    table = latents_between(study, first, word, second, other, cached_text.word_table(key))
    if table.empty:
        st.html(highlight.note(f"No latent fires on both “{word}” and “{other}” here."))
        return
    st.html(
        linked_table(
            (
                "latents on both",
                f"activation on “{word}”",
                f"on “{other}”",
                f"share of all “{word}”",
                f"share of all “{other}”",
            ),
            (
                (
                    latent_name(row["latent"], row["label"]),
                    frame.address("latent", latent=row["latent"]),
                    (
                        f"{row['activation_first']:.2f}",
                        f"{row['activation_second']:.2f}",
                        f"{percent(row['share_first'])}, {tokens_of(row['count_first'])}",
                        f"{percent(row['share_second'])}, {tokens_of(row['count_second'])}",
                    ),
                )
                for row in table.head(N_BARS).to_dict("records")
            ),
        )
    )
    st.caption(
        "The last two columns: the share of the word's tokens in the collection on which the latent fires."
    )


def one_word(name: str, text: ReadText, placeholder: str, place: url_widgets.Place) -> str | None:
    """A word of a text, chosen from a list; None at first."""
    words = {word: word for word in text.words if word[:1].isalnum()}
    return url_widgets.select_any(name, name, words, placeholder, place, label_visibility="collapsed")


def pooled_note(row: dict[Any, Any]) -> str:
    return f"{number(row['strength'])}, {tokens_of(row['n_tokens'])}"


def tokens_of(number_of: int) -> str:
    return f"{count(number_of)} token{'' if number_of == 1 else 's'}"
