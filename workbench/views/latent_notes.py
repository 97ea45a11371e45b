"""The head of the latent page: its name, what the reader says of it, and the bar that changes it."""

from __future__ import annotations

import streamlit as st

from analyses.dictionary import LatentEntry
from analyses.explanations import Explanation, explanations
from analyses.latent_notes import LatentNote, annotate, undo, undoable
from analyses.lexicon import tags_of
from analyses.note_text import LONGEST
from data.errors import UserError
from retrieval.study import Study
from workbench import cache, frame, highlight
from workbench.latent_card import study_card
from workbench.latent_html import noted
from workbench.reader import reader

SAID, DRAFT = "notes said", "notes draft"  # in the session: a refusal to be told, and what was typed then


def show_heading(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Its label and number, the edit bar beside them, tags and note under them."""
    title, bar = st.columns([3, 1], vertical_alignment="bottom")
    with title:
        frame.heading(entry.label or f"Latent {entry.latent}", lead(entry))
    with bar, st.container(horizontal=True, horizontal_alignment="right"):
        show_bar(key, study, entry)
    if refused := st.session_state.pop(SAID, None):
        st.html(highlight.calm("Not changed", refused))
    if entry.tags or entry.note:
        tags = [(tag, frame.address("vocabulary", noted=tag)) for tag in entry.tags]
        st.html(noted(tags, entry.note))
    if said := explanations(study, latent=entry.latent):
        st.html(highlight.note(explained(said[0])))


def explained(each: Explanation) -> str:
    """What a model says of it, and how far that told firing from silence."""
    own, control = (part.measures()["value"].iloc[-1] for part in (each.detection, each.control))
    return f"“{each.text}” says {each.model}; balanced accuracy {own:.2f}, control {control:.2f}"


def lead(entry: LatentEntry) -> str:
    """Which latent it is, and its automatic label where the reader's stands above."""
    if entry.label == entry.automatic_label:
        return f"Latent {entry.latent}: what is it?"
    return f"Latent {entry.latent}: what is it? Its automatic label: {entry.automatic_label or 'none'}"


def show_bar(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Undo, where there is something to undo, and the form for label, tags and note."""
    st.download_button(
        "Card", lambda: study_card(study, entry.latent), f"{study.name}-latent-{entry.latent}.html", "text/html",
        help="This latent as one HTML file, to put into a blog", on_click="ignore",
    )  # fmt: skip
    last = undoable(study, reader())
    if last is not None:
        st.button(
            "Undo", help=f"Take back: {last.summary}", key=f"undo {last.batch}",
            on_click=take_back, args=(study, last.batch),
        )  # fmt: skip
    seen = LatentNote(entry.latent, own_label(entry), entry.tags, entry.note)
    shown: LatentNote = st.session_state.get(DRAFT) or seen
    shown = shown if shown.latent == entry.latent else seen
    state = f"{entry.latent} {hash((seen, shown))}"
    with st.popover("Name it" if not seen else "Edit", help="Your own label, tags and note"), st.form(
        f"note {state}", border=False
    ):  # fmt: skip
        st.text_input(
            "Label",
            shown.label,
            placeholder=entry.automatic_label,
            max_chars=LONGEST["label"],
            key=f"label {state}",
        )
        st.multiselect(
            "Tags", sorted({*tags_of(cache.vocabulary_table(key)), *shown.tags}), list(shown.tags),
            accept_new_options=True, placeholder="Choose or type", key=f"tags {state}",
        )  # fmt: skip
        st.text_area("Note", shown.note, height=110, max_chars=LONGEST["note"], key=f"text {state}")
        st.form_submit_button("Save", type="primary", on_click=save, args=(study, seen, state))


def own_label(entry: LatentEntry) -> str:
    """The reader's label; "" where the automatic one stands."""
    return entry.label if entry.label != entry.automatic_label else ""


def save(study: Study, seen: LatentNote, state: str) -> None:
    """Keep what the form says; where it has been changed since `seen`, what was typed stays in the form."""
    typed = LatentNote(
        seen.latent,
        st.session_state[f"label {state}"],
        tuple(st.session_state[f"tags {state}"]),
        st.session_state[f"text {state}"],
    )
    st.session_state[DRAFT] = None
    try:
        annotate(study, [typed], reader(), {seen.latent: seen})
    except UserError as refusal:
        st.session_state[SAID], st.session_state[DRAFT] = str(refusal), typed


def take_back(study: Study, batch: int) -> None:
    """Undo one act, or say why not."""
    try:
        undo(study, batch, reader())
    except UserError as refusal:
        st.session_state[SAID] = str(refusal)
