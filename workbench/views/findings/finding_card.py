"""One finding: its picture, what it says, its table, and the form that changes its title, group and note."""

from __future__ import annotations

import streamlit as st

from analyses.figures.style import theme
from analyses.labels.findings import change, findings
from analyses.labels.note_text import LONGEST
from data.errors import UserError
from retrieval.study import Study
from workbench.findings.pictures import figure_of
from workbench.findings.printed import Printed
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.templates import escape

ROWS = 200


def show(one: Printed) -> None:
    """The picture on the left, the words on the right, table and calls below."""
    finding = one.finding
    picture, words = st.columns([1.6, 1], gap="large") if finding.chart else (None, st.container())
    if picture is not None:
        with picture:
            show_chart(one)
    with words:
        st.html(highlight.subheading(finding.title))
        st.html(f'<p class="lt-label">{escape(one.origin)}</p>')
        if finding.note:
            st.html(f'<div class="lt-usernote" style="white-space: pre-wrap">{escape(finding.note)}</div>')
        if one.address:
            st.html(highlight.facts([(name, value) for name, value in one.address]))
        if finding.table:
            with st.expander(f"Table, {count(finding.rows)} rows"):
                st.dataframe(finding.frame().head(ROWS), hide_index=True, height=260)
                if rest := one.rest(ROWS):
                    st.caption(rest)
        if finding.python:
            with st.expander("As Python" + (" and as a command" if finding.command else "")):
                st.code(finding.python, "python", wrap_lines=True)
                if finding.command:
                    st.code(finding.command, "bash", wrap_lines=True)


def show_chart(one: Printed) -> None:
    """The chart as it was pinned, drawn live."""
    chart = figure_of(one.finding.chart)
    dark = st.context.theme.type == "dark"
    height = min(int(chart.layout.height or 420), 420)
    chart.update_layout(template=theme.template(dark=dark), height=height, margin={"r": 28})
    key = f"chart {one.finding.id} {one.finding.time}"
    st.plotly_chart(chart, key=key, theme=None, config={"displayModeBar": False, "staticPlot": True})


def show_editor(study: Study, one: Printed, message: str) -> None:
    """A button that opens on the form."""
    finding = one.finding
    names = {name: f"{name} {finding.id}" for name in ("title", "section", "note")}

    def save() -> None:
        try:
            given = {name: str(st.session_state.get(key) or "") for name, key in names.items()}
            change(study, finding, **given)
        except UserError as refusal:
            st.session_state[message] = f"Nothing is changed: {refusal}"

    with st.popover(
        "Edit",
        icon=":material/edit:",
        help="Title, group and note",
        on_change="rerun",
        key=f"edit {finding.id}",
    ) as box:
        if not box.open:
            return
        groups = sorted({each.section for each in findings(study) if each.section})
        with st.form(f"form {finding.id} {finding.time}", border=False):
            st.text_input("Title", finding.title, key=names["title"], max_chars=LONGEST["label"])
            st.selectbox(
                "Group",
                groups,
                groups.index(finding.section) if finding.section in groups else None,
                key=names["section"],
                accept_new_options=True,
                placeholder="None: choose one, or type a new one",
            )
            st.text_area("Note", finding.note, key=names["note"], max_chars=LONGEST["note"], height=120)
            st.form_submit_button("Save", type="primary", on_click=save)
