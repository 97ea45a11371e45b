"""A reader's notes on all latents as a file: exported, and imported once the reader has seen what changes."""

from __future__ import annotations

import streamlit as st

from analyses.labels.notes_json import NotesImport, import_notes, notes_to_json, read_import
from data.errors import UserError
from retrieval.study import Study
from workbench.markup import highlight
from workbench.page.reader import reader
from workbench.page.sharing import offers
from workbench.page.sharing.own_notes import with_own_notes

IMPORTED = "notes imported"  # in the session: the result of the last import


def show_exchange(study: Study) -> None:
    """A button that opens on export and import."""
    with st.popover("Notes", help="Your labels, tags and notes as a file", width="stretch"):
        st.download_button(
            "Export as JSON",
            with_own_notes(lambda: notes_to_json(study)),
            f"{study.name}-notes.json",
            "application/json",
            width="stretch",
            on_click="ignore",
        )
        if not offers.may("open paths"):
            st.html(highlight.note("They are in this browser session alone: export them before you leave."))
            return
        place = st.session_state.setdefault("notes file", 0)  # a new box once a file is imported
        file = st.file_uploader("Import an exported file", "json", key=f"notes file {place}")
        if file is not None:
            preview(study, file.getvalue())
        if message := st.session_state.pop(IMPORTED, None):
            st.html(highlight.note(message))


def preview(study: Study, content: bytes) -> None:
    """Show what the file would change, and the button that imports it."""
    try:
        notes = read_import(study, content)
    except UserError as refusal:
        st.html(highlight.note(f"Nothing is changed: {refusal}"))
        return
    st.html(highlight.note(f"This file holds {notes.summary}."))
    if notes.new or notes.overwriting:
        name = "Overwrite and import" if notes.overwriting else "Import"
        st.button(name, type="primary", on_click=import_file, args=(study, notes))


def import_file(study: Study, notes: NotesImport) -> None:
    """Import the file, or show why not."""
    try:
        imported = import_notes(study, notes, reader())
        st.session_state[IMPORTED] = f"{imported.summary}: imported." if imported else "Nothing to change."
        st.session_state["notes file"] += 1
    except UserError as refusal:
        st.session_state[IMPORTED] = f"Nothing is changed: {refusal}"
