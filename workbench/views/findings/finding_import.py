"""A file of findings taken in, once the reader has seen what it would change."""

from __future__ import annotations

import streamlit as st

from analyses.labels.findings_json import FindingsImport, import_findings, read_findings
from data.errors import UserError
from retrieval.study import Study
from workbench.markup import highlight
from workbench.markup.formats import count

PLACE = "findings file"  # in the session: a new box once a file is taken in


def show_import(study: Study, message: str) -> None:
    """A button that opens on the box for a file. message: where in the session the outcome is left."""
    with st.popover(
        "Import", icon=":material/upload:", help="A JSON file that was exported here or elsewhere"
    ):
        place = st.session_state.setdefault(PLACE, 0)
        file = st.file_uploader("Findings as JSON", "json", key=f"{PLACE} {place}")
        if file is None:
            return
        try:
            imported = read_findings(study, file.getvalue())
        except UserError as refusal:
            st.html(highlight.note(f"Nothing is changed: {refusal}"))
            return
        st.html(highlight.note(f"This file holds {imported.summary}."))
        if imported.new or imported.overwriting:
            name = "Overwrite and import" if imported.overwriting else "Import"
            st.button(name, type="primary", on_click=take_in, args=(study, imported, message))


def take_in(study: Study, imported: FindingsImport, message: str) -> None:
    """Take the file in, or leave the reason why not."""
    try:
        st.session_state[message] = f"{count(import_findings(study, imported))} findings imported."
        st.session_state[PLACE] += 1
    except UserError as refusal:
        st.session_state[message] = f"Nothing is changed: {refusal}"
