"""Widgets whose value lives in the URL, and that stay in their reader's hand while they move.

key = steering.take_up("share", now)        now: what the URL says
chosen = st.select_slider(..., key=key)
steering.tell("share", chosen)              and into the URL with it, by `selection.choose`
"""

from __future__ import annotations

import streamlit as st


def take_up(name: str, now: object) -> str:
    """The widget's key; set to what the URL says, where that is not what the widget itself said last."""
    key = f"steered {name}"
    if key not in st.session_state or st.session_state.get(_told(name)) != now:
        st.session_state[key] = now
    return key


def tell(name: str, chosen: object) -> None:
    """Remember what the widget said, by which a link that says otherwise is told from the widget's own move."""
    st.session_state[_told(name)] = chosen


def _told(name: str) -> str:
    return f"told {name}"
