"""Two dictionaries side by side: the latents that each study gives a word, those that correspond in one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.saes.two_dictionaries import RECURS
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.caches import texts as cached_texts
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.results import side_html
from workbench.page import frame, links, selection, url_widgets
from workbench.page.evidence import further_calls, record

N_ROWS, N_EXAMPLES, N_COMMON = 20, 8, 2000


def choose_study(study: Study, others: Mapping[str, Any], place: url_widgets.Place) -> str:
    """The name of the study on the right; "" for the chosen one."""
    if not others:
        place.text_input("Right: study", study.name, disabled=True, help="This app has opened one study.")
        return ""
    names = {"": f"{study.name} (the same)", **{name: name for name in others}}
    return url_widgets.select("against", "Right: study", names, "", place)


def show(key: cache.Key, study: Study, others: Mapping[str, frame.OpenStudy]) -> None:
    """Two words or two studies, and their latents."""
    first, second, third = st.columns(3, gap="medium")
    word = url_widgets.text("word", "Left: word", first, placeholder="A word of the collection")
    name = choose_study(study, others, second)
    other_word = url_widgets.text("word2", "Right: word", third, placeholder=word or "The same word") or word
    here = selection.current().get("study", study.name)
    there = others.get(name)
    other_key, other, other_name = (there.key, there.study, name) if there else (key, study, here)
    if not word:
        st.html(
            highlight.calm(
                "Look up a word", "Then set its latents in another study, or another word's, beside it."
            )
        )
        show_examples(key)
        return
    if other is study and word.casefold() == other_word.casefold():
        st.html(highlight.calm("Both sides are the same", "Set another word or another study on the right."))
        return
    for one_key, one, text in ((key, here, word), (other_key, other_name, other_word)):
        if cached_texts.word_entry(one_key, text) is None:
            st.html(
                highlight.calm(
                    f"“{text}” is not in {one}", "No token there is part of this word: try another."
                )
            )
            return
    table = cached_systems.two_dictionaries(key, word, other_key, other_word)
    assert table is not None
    record.record("latents", table=table, call=further_calls.two_dictionaries(study, word, other, other_word))
    st.html(highlight.note(how_paired(study, other)))
    st.html(highlight.figures(headline(table)))
    heads = (
        title(here, word, here != other_name, word != other_word),
        title(other_name, other_word, here != other_name, word != other_word),
    )
    rows = [row_of(row, here, other_name, other is study) for row in table.to_dict("records")]
    frame.label(
        "Latents that fire on the word: share of its tokens, and share of the latent's activation that falls on it"
    )
    st.html(side_html.dictionary(heads, rows[:N_ROWS]))
    if len(rows) > N_ROWS:
        with st.expander(f"{count(len(rows) - N_ROWS)} more, which fire on fewer of its tokens"):
            st.html(side_html.dictionary(heads, rows[N_ROWS:]))


def title(study: str, word: str, studies_differ: bool, words_differ: bool) -> str:
    """What is said over a side: what differs."""
    return ": ".join([study] * studies_differ + [word] * (words_differ or not studies_differ))


def how_paired(study: Study, other: Study) -> str:
    """What makes two latents one row."""
    if study.manifest["sae"]["fingerprint"] == other.manifest["sae"]["fingerprint"]:
        return "One SAE: both sides are of the same latents."
    if study.manifest["encoder"]["fingerprint"] == other.manifest["encoder"]["fingerprint"]:
        return (
            "Two SAEs of one encoder: two latents are in one row where each is the other's nearest, by a cosine of "
            f"their directions of {RECURS} or more."
        )
    return "Two encoders: no latent of one corresponds to one of the other, so each has a row of its own."


def headline(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """How many latents each side has, and how many correspond."""
    left, right = table["latent"].notna(), table["latent_other"].notna()
    return [
        (count((left & right).sum()), "latents", "on both sides"),
        (count((left & ~right).sum()), "latents", "only on the left"),
        (count((right & ~left).sum()), "latents", "only on the right"),
    ]


def row_of(row: Mapping[Any, Any], here: str, there: str, one_sae: bool) -> str:
    """A pair, or a latent that stands alone."""

    def side(suffix: str, study: str) -> str:
        if pd.isna(row[f"latent{suffix}"]):
            return ""
        latent = int(row[f"latent{suffix}"])
        name, address = (
            latent_name(latent, row[f"label{suffix}"]),
            links.href("latent", study=study, latent=latent),
        )
        return side_html.share_bar(name, address, row[f"share{suffix}"], row[f"share_of_latent{suffix}"])

    left, right = side("", here), side("_other", there)
    if not right or not left:
        return side_html.pair(left, "◂ only left" if left else "only right ▸", right)
    difference = row["share_other"] - row["share"]
    more = "=" if abs(difference) < 0.005 else f"{difference:+.0%}"
    return side_html.pair(
        left, more if one_sae or row["cosine"] >= 0.9995 else f"{more} · cos {row['cosine']:.2f}", right
    )


def show_examples(key: cache.Key) -> None:
    """Some common words of the collection."""
    table = cached_texts.word_table(key)
    often: Sequence[int] = np.argsort(-np.diff(table.ptr), kind="stable")[:N_COMMON].tolist()
    words = [table.words[i] for i in often if table.words[i].isalpha() and len(table.words[i]) > 3]
    chosen = words[:: max(len(words) // N_EXAMPLES, 1)][:N_EXAMPLES]
    frame.label("Or take one of this collection's own words")
    st.html(
        highlight.link_list((word, frame.address("side-by-side", look="word", word=word)) for word in chosen)
    )
