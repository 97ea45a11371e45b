"""Ctrl-K: a box that finds pages, studies, latents, words, documents and queries while the reader types.

The text goes to Python, the choices come back; what the reader takes is followed by the router, without a reload.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from analyses.text.word_table import words_are_kept
from data.errors import UserError
from workbench import ASSETS
from workbench.caches import cache, texts
from workbench.page import frame, links, selection
from workbench.palette.search import Recent, search
from workbench.palette.study_index import KIND_NAMES, Choice, StudyIndex

KEY, TEXT, RECENT = "palette", "palette text", "palette recent"
LONGEST = 300  # characters
FEW = 5_000  # documents of which the words are counted on the spot
BOX = st.components.v2.component(
    "palette",
    html=(ASSETS / "palette.html").read_text(encoding="utf-8"),
    css=(ASSETS / "palette.css").read_text(encoding="utf-8"),
    js=(ASSETS / "palette.js").read_text(encoding="utf-8"),
)


@st.fragment
def show() -> None:
    """The hint and the box; typing runs this fragment alone."""
    here = selection.current()
    recent: Recent = st.session_state.get(RECENT, Recent()).seen(here.get("q", ""), here.get("latent", ""))
    st.session_state[RECENT] = recent
    text = st.session_state.get(TEXT)
    choices = [] if text is None else choices_for(text, here, recent)
    data = {"text": text, "choices": [as_data(one, here) for one in choices]}
    with st.container(key=KEY):
        BOX(key=f"{KEY} box", data=data, on_text_change=_typed)


def choices_for(text: str, here: dict[str, str], recent: Recent) -> list[Choice]:
    """What is offered for a text in the study that is open."""
    studies = frame.studies()
    pages = {slug: page.title for slug, page in links.PAGES.items()}
    return search(text, pages, list(studies), selection.page() or "overview", _index(here, studies), recent)


def as_data(choice: Choice, here: dict[str, str]) -> dict[str, str]:
    """A choice as the box shows it; its address names the study."""
    parameters = {"study": here.get("study"), "idf": here.get("idf"), **dict(choice.parameters)}
    return {
        "kind": KIND_NAMES[choice.kind],
        "title": choice.title,
        "detail": choice.detail,
        "href": links.href(choice.page, **parameters),
    }


def _index(here: dict[str, str], studies: dict[str, Any]) -> StudyIndex | None:
    name = here.get("study", next(iter(studies), ""))
    if name not in studies:
        return None
    try:
        key = cache.key_of(studies[name])
        study = cache.open_study(key)
        return texts.palette_index(key, words_are_kept(study) or len(study.corpus) <= FEW)
    except (*frame.UNREADABLE, UserError):
        return None


def _typed() -> None:
    typed = st.session_state[f"{KEY} box"].get("text")
    st.session_state[TEXT] = str(typed or "")[:LONGEST]
