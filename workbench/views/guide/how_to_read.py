"""How to read: every statistic of the app, from the glossary; folded by topic, and found by a word."""

from __future__ import annotations

import streamlit as st

from workbench.markup import glossary, highlight
from workbench.markup.formats import count
from workbench.markup.shell import shell_html
from workbench.page import frame, url_widgets


def page() -> None:
    frame.heading("How to read", "What does each statistic mean, and what does it not?")
    wanted = url_widgets.text(
        "term",
        "Find a term",
        placeholder="A term, or a word of its meaning",
        label_visibility="collapsed",
        width=420,
    )
    found = {title: matching(entries, wanted) for title, entries in glossary.SECTIONS.items()}
    n_found = sum(map(len, found.values()))
    if wanted and not n_found:
        st.html(
            highlight.calm("No such term", "No name, meaning or formula has this text: try a shorter one.")
        )
        return
    st.html(
        highlight.note(
            f"{count(n_found)} terms. The same lines are the tooltips of tables, figures and sliders, and stand "
            "behind the ? of each page."
        )
    )
    st.html(
        "".join(
            shell_html.folded(title, count(len(entries)), highlight.glossary_list(entries), bool(wanted))
            for title, entries in found.items()
            if entries
        )
    )


def matching(entries: tuple[glossary.Entry, ...], wanted: str) -> list[glossary.Entry]:
    """The entries whose name, other names, meaning or formula have a text."""
    folded = wanted.casefold()
    return [
        each
        for each in entries
        if any(folded in text.casefold() for text in (each.name, each.meaning, each.formula, *each.also))
    ]
