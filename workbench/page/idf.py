"""The idf of every page's scores: `idf=lucene` in the URL, the paper's where the URL names none."""

from __future__ import annotations

import streamlit as st

from workbench.caches.cache import Idf
from workbench.page import selection, url_widgets

NAMES: dict[Idf, str] = {"clipped": "The paper's idf", "lucene": "Lucene's idf"}


def chosen() -> Idf:
    """The idf of the URL."""
    return "lucene" if selection.current().get("idf") == "lucene" else "clipped"


def choose(place: url_widgets.Place = st) -> Idf:
    """The control that changes the idf, and its choice; it stands in the context above the page."""
    return url_widgets.select(
        "idf", "Inverse document frequency", NAMES, "clipped", place, label_visibility="collapsed", width=150
    )
