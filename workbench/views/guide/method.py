"""Method: where latent terms come from, which claims are whose, and what is not known yet."""

from __future__ import annotations

import streamlit as st

from workbench import ASSETS
from workbench.page import frame


def page() -> None:
    frame.heading("Method", "How does a dense retriever come to have a vocabulary?")
    column, _ = st.columns([2.1, 1])
    column.markdown((ASSETS / "method.md").read_text(encoding="utf-8"))
