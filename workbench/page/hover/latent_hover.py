"""Cards of latents on hover: any link to a latent, on any page, shows the latent's name and three contexts.

A page holds no card. The browser asks for one when the pointer rests on a link, in a fragment of the page that runs
by itself, and keeps it.
"""

from __future__ import annotations

import streamlit as st

from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup.formats import count
from workbench.markup.hover_card import hover_card
from workbench.page import frame, links, selection

KEY, ANSWER = "latent hover", "latent hover answer"
HOVER = st.components.v2.component(
    "latent_hover", js=(ASSETS / "latent_hover.js").read_text(encoding="utf-8")
)


@st.fragment
def serve() -> None:
    """Answer what the browser asked for last."""
    HOVER(key=KEY, data=st.session_state.get(ANSWER, {}), on_wanted_change=_answer)


def _answer() -> None:
    wanted = str(getattr(st.session_state[KEY], "wanted", None) or "")
    try:
        html = card_of(wanted)
    except frame.UNREADABLE:
        html = ""
    st.session_state[ANSWER] = {"address": wanted, "html": html}


def card_of(address: str) -> str:
    """The card of the latent that an address of a page names; "" where it names none of a study that is open."""
    target = links.parse(address)
    chosen = {} if target is None else target[1]
    name, latent = chosen.get("study") or selection.current().get("study", ""), chosen.get("latent", "")
    path = frame.studies().get(name)
    if path is None or not latent.isdecimal():
        return ""
    key = cache.key_of(path)
    if int(latent) >= cache.open_study(key).n_latents:
        return ""
    return _card(key, int(latent))


def _card(key: cache.Key, latent: int) -> str:
    row = cache.vocabulary_table(key).iloc[latent]
    facts = f"in {count(row['document_frequency'])} documents, idf {row['idf']:.2f}"
    return hover_card(latent, str(row["label"]), facts, cached_latent.few_contexts(key, latent))
