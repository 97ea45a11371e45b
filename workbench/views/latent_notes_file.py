"""A reader's notes on all latents as a file: taken out, and taken in once it is said what that would overwrite."""

from __future__ import annotations

import streamlit as st

from analyses.notes_json import NotesImport, notes_to_json, read_import, take_in
from data.errors import UserError
from retrieval.study import Study
from workbench import highlight
from workbench.reader import reader

TAKEN = "notes taken in"  # in the session: what came of the last file


def show_exchange(study: Study) -> None:
    """A quiet button that opens on both."""
    with st.popover("Notes", help="Your labels, tags and notes as a file", width="stretch"):
        st.download_button(
            "Export as JSON", lambda: notes_to_json(study), f"{study.name}-notes.json", "application/json",
            width="stretch", on_click="ignore",
        )  # fmt: skip
        place = st.session_state.setdefault("notes file", 0)  # a new box once a file is taken in
        given = st.file_uploader("Take in a file that was exported", "json", key=f"notes file {place}")
        if given is not None:
            ask(study, given.getvalue())
        if told := st.session_state.pop(TAKEN, None):
            st.html(highlight.note(told))


def ask(study: Study, content: bytes) -> None:
    """Say what the file would change, and change it when told to."""
    try:
        found = read_import(study, content)
    except UserError as refusal:
        st.html(highlight.note(f"Nothing is changed: {refusal}"))
        return
    st.html(highlight.note(f"This file holds {found.summary}."))
    if found.new or found.overwriting:
        name = "Overwrite and take in" if found.overwriting else "Take in"
        st.button(name, type="primary", on_click=take, args=(study, found))


def take(study: Study, found: NotesImport) -> None:
    """Take the file in, or say why not."""
    try:
        taken = take_in(study, found, reader())
        st.session_state[TAKEN] = f"{taken.summary}: taken in." if taken else "Nothing to change."
        st.session_state["notes file"] += 1
    except UserError as refusal:
        st.session_state[TAKEN] = f"Nothing is changed: {refusal}"
