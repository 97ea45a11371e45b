"""One tag on every latent of the basket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from analyses.labels.latent_notes import annotate, latent_note
from analyses.latents.lexicon import tags_of
from data.errors import UserError
from retrieval.study import Study
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.formats import counted
from workbench.page.reader import reader

TAG, SAID = "tag of the basket", "what became of the tag"  # in the session


def show(key: cache.Key, study: Study, latents: Sequence[int]) -> None:
    """A form for a tag; what became of it stands in it."""
    with st.popover("Tag", icon=":material/label:", help="Add one tag to all of these latents"):
        with st.form("tag the basket", border=False, clear_on_submit=True):
            st.selectbox(
                "Tag",
                tags_of(cache.vocabulary_table(key)),
                None,
                accept_new_options=True,
                placeholder="Choose or type",
                key=TAG,
            )
            st.form_submit_button(
                f"Tag {counted(len(latents), 'latent')}",
                type="primary",
                on_click=add,
                args=(study, tuple(latents)),
            )
        if said := st.session_state.pop(SAID, None):
            st.html(highlight.note(said))


def add(study: Study, latents: Sequence[int]) -> None:
    """Add the chosen tag to the notes on these latents, in one change that can be undone."""
    tag = str(st.session_state.get(TAG) or "").strip()
    if not tag:
        return
    seen = {latent: latent_note(study, latent) for latent in latents}
    notes = [replace(note, tags=tuple(dict.fromkeys((*note.tags, tag)))) for note in seen.values()]
    try:
        changed = annotate(study, notes, reader(), seen)
        st.session_state[SAID] = f"“{tag}” is on {counted(len(latents), 'latent')}" + (
            "." if changed else " already."
        )
    except UserError as refusal:
        st.session_state[SAID] = f"Nothing is tagged: {refusal}"
