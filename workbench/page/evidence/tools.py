"""What every page offers at its top: pin this view, and copy the call that gives its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analyses.labels.findings import Finding, build_of, findings, n_findings, pin, pin_again, table_json
from data.csv_text import csv_of
from data.errors import UserError
from retrieval.study import Study
from workbench.findings.pictures import chart_json
from workbench.markup import highlight
from workbench.page import links
from workbench.page.evidence import record
from workbench.page.reader import reader
from workbench.page.sharing import offers

KEY = "P"
WITHOUT: Sequence[str] = ("findings",)  # pages that are not pinned
NO_COMMAND = "No verb of the command line gives these numbers."
NO_CALL = "This page has no one table that a call would give."
REPIN = "finding to pin again"  # in the session: its id, while its address is open


@st.fragment
def show() -> None:
    """The buttons; a run of this fragment does not run the page again."""
    evidence = record.current()
    if evidence.study is None or evidence.page in WITHOUT:
        return
    pin_again_if_wanted(evidence, evidence.study)
    with st.container(
        key="tools", horizontal=True, horizontal_alignment="right", vertical_alignment="center"
    ):
        pressed = st.button(
            "Pin",
            icon=":material/keep:",
            type="tertiary",
            shortcut=KEY,
            key="pin",
            help="Keep this view among the findings: its address, picture and table",
        )
        box = st.popover(
            "Copy",
            icon=":material/content_copy:",
            type="tertiary",
            key="copy",
            on_change="rerun",
            help="The Python and the command that give this view's numbers",
        )
        if box.open:
            with box:
                show_calls(evidence)
    if pressed:
        keep(evidence, evidence.study)


def keep(evidence: record.Evidence, study: Study) -> None:
    """Pin the view, and say so."""
    try:
        pinned = pin(study, finding_of(evidence, study), reader())
        where = "" if offers.may("keep notes") else ", in this browser session"
        message = f"Pinned “{pinned.title}”: finding {n_findings(study)}{where}"
        st.toast(_plain(message), icon=":material/keep:")
    except UserError as refusal:
        st.toast(_plain(f"Nothing is pinned: {refusal}"), icon=":material/error:")


def pin_again_if_wanted(evidence: record.Evidence, study: Study) -> None:
    """Where the reader came from a finding to renew it: replace its picture and table by what stands here."""
    wanted = st.session_state.get(REPIN)
    old = next((one for one in findings(study) if one.id == wanted), None) if wanted else None
    if old is None or old.page != evidence.page:
        st.session_state.pop(REPIN, None)
        return
    del st.session_state[REPIN]
    try:
        pin_again(study, old, finding_of(evidence, study))
        st.toast(_plain(f"“{old.title}” has today's picture and table"), icon=":material/keep:")
    except UserError as refusal:
        st.toast(_plain(f"Nothing is pinned again: {refusal}"), icon=":material/error:")


def finding_of(evidence: record.Evidence, study: Study) -> Finding:
    """The view as a finding: its first chart, its main table, its call."""
    main, chart = evidence.main, evidence.first_chart
    numbers = main.numbers if main else None
    call = main.call if main else None
    return Finding(
        evidence.page,
        evidence.parameters,
        title_of(evidence),
        build_of(study),
        python=call.python if call else "",
        command=call.command if call else "",
        chart=chart_json(chart) if chart is not None else "",
        table="" if numbers is None or numbers.empty else table_json(numbers),
        rows=0 if numbers is None else len(numbers),
    )


def title_of(evidence: record.Evidence) -> str:
    """The page's name and heading, and the query where the numbers are of one."""
    query, call = evidence.parameters.get("q", ""), evidence.main.call if evidence.main else None
    page = links.PAGES[evidence.page].title if evidence.page in links.PAGES else ""
    parts = [
        page,
        evidence.title if evidence.title != page else "",
        query if call and repr(query) in call.python else "",
    ]
    return ": ".join(filter(None, parts))


def show_calls(evidence: record.Evidence) -> None:
    """Python and command, each with its button to copy; a sentence where there is none."""
    main = evidence.main
    if main is None:
        st.html(highlight.note("This page shows no table."))
        return
    st.html(highlight.label("As Python"))
    if main.call is None:
        st.html(highlight.note(NO_CALL))
    else:
        st.code(main.call.python, "python", wrap_lines=True)
    st.html(highlight.label("As a command"))
    if main.call is not None and main.call.command:
        st.code(main.call.command, "bash", wrap_lines=True)
    else:
        st.html(highlight.note(NO_COMMAND))
    numbers = main.numbers
    if not numbers.empty:
        st.download_button(
            f"The table as CSV, {len(numbers):,} rows",
            lambda: csv_of(numbers),
            f"{evidence.page or 'table'}.csv",
            "text/csv",
            on_click="ignore",
            key="table of the page",
        )


def _plain(text: str) -> str:
    """Text that Streamlit's Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>~$:^=" else letter for letter in text)
