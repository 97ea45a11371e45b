"""How to read: every statistic of the app, from the glossary."""

from __future__ import annotations

import streamlit as st

from workbench.markup import glossary, highlight
from workbench.page import frame

LEFT = ("A latent", "Types of latents", "An SAE", "Names in SAELens and Neuronpedia")


def page() -> None:
    frame.heading("How to read", "What does each statistic mean, and what does it not?")
    st.html(highlight.note("The same lines are the tooltips of tables, figures and sliders."))
    right = tuple(section for section in glossary.SECTIONS if section not in LEFT)
    for column, sections in zip(st.columns(2, gap="large"), (LEFT, right), strict=True):
        for section in sections:
            column.html(highlight.glossary_list(glossary.SECTIONS[section]))
