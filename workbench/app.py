"""Navigation of the app, and nothing else: `streamlit run workbench/app.py -- STUDY-OR-FOLDER ...`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

from workbench import frame, selection

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


def home() -> None:
    """The bare address leads to the first page, so that each page has an address of its own."""
    frame.go("overview")


def page(path: str, title: str, view: str = "") -> StreamlitPage:
    """A page of its own address; its view is imported when it is opened, so that the first waits for no other."""

    def show() -> None:
        import_module(f"workbench.views.{view or path}").page()

    return st.Page(show, title=title, url_path=path)


PAGES = {
    "overview": page("overview", "Overview"),
    "train": page("train", "Train"),
    "saes": page("saes", "SAEs"),
    "search": page("search", "Search"),
    "above": page("above", "A above B"),
    "interventions": page("interventions", "Interventions"),
    "carriers": page("carriers", "Carriers"),
    "steer": page("steer", "Steering"),
    "systems": page("systems", "Systems"),
    "failures": page("failures", "Failures"),
    "limit": page("limit", "LIMIT"),
    "vocabulary": page("vocabulary", "Vocabulary"),
    "latent": page("latent", "Latent"),
    "word": page("word", "Word"),
    "text": page("text", "Your text", view="your_text"),
    "types": page("types", "Types"),
    "map": page("map", "Map"),
    "laws": page("laws", "Laws"),
    "growth": page("growth", "Growth"),
    "head": page("head", "Head and tail"),
    "length": page("length", "Length and repetition"),
    "meaning": page("meaning", "Meaning"),
    "shift": page("shift", "Shift"),
    "method": page("method", "Method"),
    "numbers": page("numbers", "How to read", view="numbers_guide"),
}
GROUPS = {
    "Study": ["overview", "train", "saes"],
    "Ranking": ["search", "above", "interventions", "carriers", "steer", "systems", "failures", "limit"],
    "Vocabulary": [
        "vocabulary",
        "latent",
        "word",
        "text",
        "types",
        "map",
        "laws",
        "growth",
        "head",
        "length",
        "meaning",
        "shift",
    ],
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
