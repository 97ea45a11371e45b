"""Where a reader's notes are in an app that keeps none in the study: in the browser session alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analyses.labels import notes_file
from data.permissions import may

T = TypeVar("T")
COPIES = "notes of this session"


def with_own_notes(make: Callable[[], T]) -> Callable[[], T]:
    """`make` with this reader's notes, wherever it is called: Streamlit makes downloads in threads of its own."""
    own = copies()

    def with_own() -> T:
        with notes_file.with_copies(own):
            return make()

    return with_own


def copies() -> notes_file.Copies | None:
    """This session's notes, by their file; None where notes are kept in the study, and outside of a session."""
    if may("keep notes") or get_script_run_ctx(suppress_warning=True) is None:
        return None
    own: notes_file.Copies = st.session_state.setdefault(COPIES, {})
    return own
