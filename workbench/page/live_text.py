"""A box whose text reaches page and URL while the reader types; Streamlit's own waits until the reader leaves."""

from __future__ import annotations

import streamlit as st

from workbench import ASSETS
from workbench.page import selection

LONGEST = 6000  # characters: the text goes into the URL, and no encoder here reads more of one
BOX = st.components.v2.component(
    "live_text",
    html='<textarea rows="4" spellcheck="false" aria-label="Your text"></textarea>',
    css=(ASSETS / "live_text.css").read_text(encoding="utf-8"),
    js=(ASSETS / "live_text.js").read_text(encoding="utf-8"),
)


def live_text(name: str, placeholder: str) -> str:
    """The text that the URL keeps under `name`, or what the reader types over it, letter by letter."""
    kept = selection.current().get(name, "")
    data = {"name": name, "text": kept, "placeholder": placeholder, "longest": LONGEST}
    typed = BOX(key=f"live {name}", data=data, on_text_change=lambda: None)
    text = kept if typed.text is None else str(typed.text)[:LONGEST]
    if text != kept:
        selection.choose(**{name: text})
    return text
