"""Navigation of the app, and nothing else: `streamlit run workbench/app.py -- STUDY-OR-FOLDER ...`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

from workbench import frame, links, selection

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


def home() -> None:
    """The bare address leads to the first page, so that each page has an address of its own."""
    frame.go("overview")


def page(path: str, title: str) -> StreamlitPage:
    """A page of its own address; its view is imported when it is opened, so that the first waits for no other."""

    def show() -> None:
        import_module(f"workbench.views.{VIEWS.get(path, path)}").page()

    return st.Page(show, title=title, url_path=path)


VIEWS = {"text": "your_text", "numbers": "numbers_guide"}  # where a view's name is not its page's
GROUPS = {
    group: {path: page(path, title) for path, title in pages.items()} for group, pages in links.GROUPS.items()
}
PAGES = {path: shown for pages in GROUPS.values() for path, shown in pages.items()}
HOME = st.Page(home, title="Latent terms", visibility="hidden", default=True)

st.set_page_config(
    page_title="Latent terms",
    page_icon=str(frame.ASSETS / "icon.svg"),
    layout="wide",
    initial_sidebar_state=232,
)
st.html(frame.ASSETS / "style.css")
chosen = st.navigation(
    {"": [HOME]} | {group: list(pages.values()) for group, pages in GROUPS.items()},
    expanded=True,
)
selection.arrive()
frame.follow_links(PAGES, chosen.url_path)
frame.sidebar()
frame.guarded(chosen.run)
