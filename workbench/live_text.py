"""A box whose text reaches the page while it is being typed; Streamlit's own waits until the reader leaves it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "assets"
LONGEST = 6000  # characters: the text goes into the URL, and no encoder here reads more of one
BOX = st.components.v2.component(
    "live_text",
    html='<textarea rows="4" spellcheck="false"></textarea>',
    css=(ASSETS / "live_text.css").read_text(encoding="utf-8"),
    js=(ASSETS / "live_text.js").read_text(encoding="utf-8"),
)


def live_text(name: str, text: str, placeholder: str) -> str:
    """The text in the box: `text`, or what the reader has just typed over it."""
    data = {"name": name, "text": text, "placeholder": placeholder, "longest": LONGEST}
    typed = BOX(key=f"live {name}", data=data, on_text_change=lambda: None)
    return text if typed.text is None else str(typed.text)[:LONGEST]
