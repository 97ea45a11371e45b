"""Navigation of the app, and nothing else: `streamlit run workbench/app.py -- STUDY-OR-FOLDER ...`."""

from __future__ import annotations

import streamlit as st

from workbench import frame, selection
from workbench.views import (
    above,
    growth,
    head,
    latent,
    length,
    map,
    meaning,
    method,
    numbers_guide,
    overview,
    saes,
    search,
    shift,
    train,
    types,
    vocabulary,
    word,
    your_text,
)


def home() -> None:
    """The bare address leads to the first page, so that each page has an address of its own."""
    frame.go("overview")


PAGES = {
    "overview": st.Page(overview.page, title="Overview", url_path="overview"),
    "train": st.Page(train.page, title="Train", url_path="train"),
    "saes": st.Page(saes.page, title="SAEs", url_path="saes"),
    "search": st.Page(search.page, title="Search", url_path="search"),
    "above": st.Page(above.page, title="A above B", url_path="above"),
    "vocabulary": st.Page(vocabulary.page, title="Vocabulary", url_path="vocabulary"),
    "latent": st.Page(latent.page, title="Latent", url_path="latent"),
    "word": st.Page(word.page, title="Word", url_path="word"),
    "text": st.Page(your_text.page, title="Your text", url_path="text"),
    "types": st.Page(types.page, title="Types", url_path="types"),
    "map": st.Page(map.page, title="Map", url_path="map"),
    "growth": st.Page(growth.page, title="Growth", url_path="growth"),
    "head": st.Page(head.page, title="Head and tail", url_path="head"),
    "length": st.Page(length.page, title="Length and repetition", url_path="length"),
    "meaning": st.Page(meaning.page, title="Meaning", url_path="meaning"),
    "shift": st.Page(shift.page, title="Shift", url_path="shift"),
    "method": st.Page(method.page, title="Method", url_path="method"),
    "numbers": st.Page(numbers_guide.page, title="How to read", url_path="numbers"),
}
GROUPS = {
    "Study": ["overview", "train", "saes"],
    "Ranking": ["search", "above"],
    "Vocabulary": ["vocabulary", "latent", "word", "text", "types", "map", "growth", "head", "length", "meaning", "shift"],
    "Guide": ["method", "numbers"],
}

HOME = st.Page(home, title="Latent terms", visibility="hidden", default=True)

st.set_page_config(
    page_title="Latent terms",
    page_icon=str(frame.ASSETS / "icon.svg"),
    layout="wide",
    initial_sidebar_state=232,
)
st.html(frame.ASSETS / "style.css")
chosen = st.navigation(
    {"": [HOME]} | {group: [PAGES[page] for page in pages] for group, pages in GROUPS.items()},
    expanded=True,
)
selection.arrive()
frame.follow_links(PAGES, chosen.url_path)
frame.sidebar()
frame.guarded(chosen.run)
