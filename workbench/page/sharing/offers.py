"""What a page offers: the buttons, where the app may do what they do, and the line that says where it may not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import streamlit as st

from data import permissions
from data.permissions import Action
from workbench.markup import highlight

LINE = (
    "Read-only: this app starts no job, writes nothing, sends nothing and opens no path. Your own notes and "
    "findings stay in this browser session: download them on the pages Latents and Findings before you leave."
)


def may(action: Action) -> bool:
    """Whether the app may do that; a page asks it to leave out what would be refused."""
    return permissions.may(action)


def can_keep(folder: Path) -> bool:
    """Whether what is measured in the app can be kept in a folder: the app may, and the folder lets it."""
    return permissions.may("write files") and os.access(folder, os.W_OK)


def button(action: Action, name: str, place: Any = st, **options: Any) -> bool:
    """Whether the button was pressed; none is drawn where the app may not do what it does."""
    return permissions.may(action) and bool(place.button(name, **options))


def show_line() -> None:
    """The line that says what a shared app does not do."""
    if permissions.permissions() == permissions.READ_ONLY:
        st.html(highlight.note(LINE))
