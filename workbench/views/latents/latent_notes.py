"""The head of the latent page: label, tags and note, and the bar that edits them."""

from __future__ import annotations

import streamlit as st

from analyses.dictionary.entry import LatentEntry
from analyses.labels.explanations import Explanation, explanations
from analyses.labels.latent_notes import LatentNote, annotate, undo, undoable
from analyses.labels.note_text import LONGEST
from analyses.latents.lexicon import tags_of
from analyses.text.latent_names import latent_name
from data.errors import UserError
from retrieval.study import Study
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.latent_card import study_card
from workbench.markup.latent_html import noted
from workbench.page import frame
from workbench.page.basket import held
from workbench.page.reader import reader
from workbench.page.sharing.own_notes import with_own_notes

MESSAGE, DRAFT = (
    "notes message",
    "notes draft",
)  # in the session: why a change was refused, and what was typed


def show_heading(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Label and number of the latent, the edit bar beside them, tags and note under them."""
    title, bar = st.columns([3, 1], vertical_alignment="bottom")
    with title:
        frame.heading(latent_name(entry.latent, entry.label), lead(entry))
    with bar, st.container(horizontal=True, horizontal_alignment="right"):
        show_bar(key, study, entry)
    if refused := st.session_state.pop(MESSAGE, None):
        st.html(highlight.calm("Not changed", refused))
    if entry.tags or entry.note:
        tags = [(tag, frame.address("latents", noted=tag)) for tag in entry.tags]
        st.html(noted(tags, entry.note))
    if kept := explanations(study, latent=entry.latent):
        st.html(highlight.note(explained(kept[0])))


def explained(each: Explanation) -> str:
    """A model's explanation, and how well it separates firing from silent contexts."""
    own, control = (part.measures()["value"].iloc[-1] for part in (each.detection, each.control))
    return f"“{each.text}” says {each.model}; balanced accuracy {own:.2f}, control {control:.2f}"


def lead(entry: LatentEntry) -> str:
    """The latent's number, and its automatic label where the reader's own is the title."""
    if entry.label == entry.automatic_label:
        return f"Latent {entry.latent}: what does it fire on?"
    return (
        f"Latent {entry.latent}: what does it fire on? Its automatic label: {entry.automatic_label or 'none'}"
    )


def show_bar(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """Undo, where there is something to undo, and the form for label, tags and note."""
    st.download_button(
        "Card",
        with_own_notes(lambda: study_card(study, entry.latent)),
        f"{study.name}-latent-{entry.latent}.html",
        "text/html",
        help="This latent as one HTML file, such as for a blog",
        on_click="ignore",
    )
    is_in = entry.latent in held.latents()
    st.button(
        "Take from basket" if is_in else "Put in basket",
        help="The basket holds latents to ablate, tag, compare and export together",
        on_click=held.hold,
        args=([one for one in held.latents() if one != entry.latent] + [entry.latent] * (not is_in),),
    )
    last = undoable(study, reader())
    if last is not None:
        st.button(
            "Undo",
            help=f"Undo: {last.summary}",
            key=f"undo {last.batch}",
            on_click=undo_last,
            args=(study, last.batch),
        )
    seen = LatentNote(entry.latent, own_label(entry), entry.tags, entry.note)
    shown: LatentNote = st.session_state.get(DRAFT) or seen
    shown = shown if shown.latent == entry.latent else seen
    state = f"{entry.latent} {hash((seen, shown))}"
    with (
        st.popover("Name it" if not seen else "Edit", help="Your own label, tags and note"),
        st.form(f"note {state}", border=False),
    ):
        st.text_input(
            "Label",
            shown.label,
            placeholder=entry.automatic_label,
            max_chars=LONGEST["label"],
            key=f"label {state}",
        )
        st.multiselect(
            "Tags",
            sorted({*tags_of(cache.vocabulary_table(key)), *shown.tags}),
            list(shown.tags),
            accept_new_options=True,
            placeholder="Choose or type",
            key=f"tags {state}",
        )
        st.text_area("Note", shown.note, height=110, max_chars=LONGEST["note"], key=f"text {state}")
        st.form_submit_button("Save", type="primary", on_click=save, args=(study, seen, state))


def own_label(entry: LatentEntry) -> str:
    """The reader's label; "" where the automatic one stands."""
    return entry.label if entry.label != entry.automatic_label else ""


def save(study: Study, seen: LatentNote, state: str) -> None:
    """Save the form; if the note has changed since `seen`, nothing is saved and the form keeps what was typed."""
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
        st.session_state[MESSAGE], st.session_state[DRAFT] = str(refusal), typed


def undo_last(study: Study, batch: int) -> None:
    """Undo one change, or show why not."""
    try:
        undo(study, batch, reader())
    except UserError as refusal:
        st.session_state[MESSAGE] = str(refusal)
