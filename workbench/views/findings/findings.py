"""Findings: what was pinned, in the reader's order, and does it still hold?"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analyses.labels.findings import delete, last_deleted, move, restore
from analyses.labels.findings import findings as kept_findings
from data.errors import UserError
from retrieval.study import Study
from workbench.findings.exports import EXPORTS
from workbench.findings.printed import ANOTHER_BUILD, Printed, printed
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, links, selection
from workbench.page.evidence.tools import KEY, REPIN
from workbench.page.sharing import offers
from workbench.page.sharing.own_notes import with_own_notes
from workbench.views.findings import finding_card
from workbench.views.findings.finding_import import show_import

AT_ONCE = 12  # cards that are drawn at once
MORE = "findings shown"  # in the session: how many
MESSAGE = "findings message"


def page() -> None:
    _, study = frame.opened()
    frame.heading("Findings", "What did you pin, and does it still hold?")
    found = printed(study)
    if message := st.session_state.pop(MESSAGE, None):
        st.html(highlight.note(message))
    if not found:
        show_empty()
    else:
        show_summary(found)
    show_exchange(study, found)
    shown = st.session_state.get(MORE, AT_ONCE)
    grouped, section = any(one.finding.section for one in found), None
    for place, one in enumerate(found[:shown]):
        if grouped and one.finding.section != section:
            section = one.finding.section
            st.html(highlight.subheading(section or "Others"))
        show_one(study, one, first=place == 0, last=place == len(found) - 1)
    if len(found) > shown and st.button(f"Show {count(len(found) - shown)} more"):
        st.session_state[MORE] = len(found)
        st.rerun()


def show_empty() -> None:
    """How to begin."""
    st.html(
        highlight.calm(
            "Nothing pinned yet",
            f"On any page press {KEY}, or Pin at its top: the view is kept here with its address, its picture and "
            "the table behind it.",
        )
    )


def show_summary(found: Sequence[Printed]) -> None:
    """How many there are, and how many are out of date."""
    outdated = sum(one.outdated for one in found)
    numbers = [(count(len(found)), "", "pinned")]
    if outdated:
        numbers.append((count(outdated), "", f"of {ANOTHER_BUILD}"))
    st.html(highlight.figures(numbers))


def show_exchange(study: Study, found: Sequence[Printed]) -> None:
    """All of them as a file, a file taken in, and the last deletion undone."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if found:
            with st.popover("Export", icon=":material/download:", help="All findings in one file"):
                for one in EXPORTS:
                    st.download_button(
                        one.title,
                        with_own_notes(lambda one=one: one.make(study)),  # type: ignore[misc]
                        f"{study.name}-findings.{one.ending}",
                        one.mime,
                        on_click="ignore",
                        width="stretch",
                        help=one.help,
                        key=f"export {one.ending}",
                    )
                if offers.may("start jobs"):
                    st.caption("Pictures are drawn when they are first needed: some seconds.")
        if offers.may("open paths"):
            show_import(study, MESSAGE)
        gone = last_deleted(study)
        if gone is not None:
            st.button(
                "Undo delete",
                icon=":material/undo:",
                help=f"Bring back “{gone.title}”",
                on_click=_do,
                args=(restore, study, gone),
            )
    if found and not offers.may("keep notes"):
        st.html(
            highlight.note("These findings are in this browser session alone: export them before you leave.")
        )


def show_one(study: Study, one: Printed, first: bool, last: bool) -> None:
    """A card, and what can be done with the finding."""
    finding = one.finding
    with st.container(key=f"finding-{finding.id}", border=True):
        finding_card.show(one)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            known = finding.page in links.PAGES
            if known and st.button("Open", icon=":material/arrow_outward:", key=f"open {finding.id}"):
                open_view(one)
            if known and st.button(
                "Pin again",
                icon=":material/refresh:",
                key=f"again {finding.id}",
                help="Open the view, and replace picture and table by today's",
            ):
                st.session_state[REPIN] = finding.id
                open_view(one)
            finding_card.show_editor(study, one, MESSAGE)
            for steps, icon, end in ((-1, "arrow_upward", first), (1, "arrow_downward", last)):
                st.button(
                    "Up" if steps < 0 else "Down",
                    icon=f":material/{icon}:",
                    key=f"move {steps} {finding.id}",
                    disabled=end,
                    type="tertiary",
                    on_click=_do,
                    args=(_move, study, one, steps),
                )
            st.button(
                "Delete",
                icon=":material/delete:",
                key=f"delete {finding.id}",
                type="tertiary",
                on_click=_do,
                args=(delete, study, finding),
            )


def open_view(one: Printed) -> None:
    """Go to the finding's address, with nothing chosen that it does not name."""
    others = dict.fromkeys(key for key in selection.KEYS if key != "study")
    known = {key: value for key, value in one.finding.parameters.items() if key in others}
    frame.go(one.finding.page, **(others | known))


def _move(study: Study, one: Printed, steps: int) -> None:
    """Past the neighbour that the reader sees, which is of the same group."""
    order = [finding.id for finding in kept_findings(study)]
    shown = [each.finding.id for each in printed(study)]
    neighbour = shown.index(one.finding.id) + steps
    if 0 <= neighbour < len(shown):
        move(study, one.finding, order.index(shown[neighbour]) - order.index(one.finding.id))


def _do(change: object, *arguments: object) -> None:
    """A change, or the sentence that says why not, before the page is drawn again."""
    try:
        change(*arguments)  # type: ignore[operator]
    except UserError as refusal:
        st.session_state[MESSAGE] = f"Nothing is changed: {refusal}"
