"""Another system's ranking as a TREC run: checked, kept in the study, and a system on every page from then on."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import streamlit as st

from data.errors import UserError
from retrieval.added_runs import OutsideRun
from retrieval.study import Study
from retrieval.systems import SYSTEMS
from retrieval.systems.kept_runs import add_run
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame
from workbench.page.sharing import offers

MOST_BYTES = 200 * 10**6
ADDED = "run that was added"


def show() -> None:
    """The form, for the study that is open."""
    if not frame.studies():
        st.html(highlight.calm("No study yet", "A ranking is of a study's queries: bring documents first."))
        return
    _, study = frame.opened()
    st.html(highlight.subheading(f"Which ranking of the queries of {study.name}?"))
    if not len(study.queries):
        st.html(
            highlight.calm("No queries", f"{study.name} has no queries of its own, so nothing can be ranked.")
        )
        return
    form(study)


def form(study: Study) -> None:
    """Upload or path, and a name; a run that is taken is kept in the study."""
    if not (offers.may("open paths") and offers.can_keep(study.path)):
        return
    st.caption("A TREC run: lines of `query Q0 document rank score tag`, with the ids of this collection.")
    with st.form("run", border=False, clear_on_submit=False):
        file = st.file_uploader("Drop a TREC run here", ["trec", "run", "txt", "gz"], key="run file")
        path = st.text_input(
            "Or a path on this machine", key="run path", placeholder="/home/me/splade.trec"
        ).strip()
        name = st.text_input("Its name", key="run name", placeholder="splade-v3").strip()
        sent = st.form_submit_button("Add it", type="primary")
    if not sent:
        if added := st.session_state.pop(ADDED, None):
            st.html(highlight.note(added))
            st.html(highlight.link("Compare it with the others", frame.address("systems")))
        return
    try:
        if file is not None:
            if file.size > MOST_BYTES:
                raise UserError(f"{file.name} is too large: expected at most {MOST_BYTES // 10**6} MB")
            added = taken(study, file.name, file.getvalue(), name)
        elif path:
            added = add_run(study, Path(path).expanduser(), name or suggested(path), SYSTEMS)
        else:
            raise UserError("choose a file, or type its path")
    except UserError as error:
        st.html(highlight.note(str(error)[:1].upper() + str(error)[1:]))
        return
    st.session_state[ADDED] = message(added)
    st.toast(message(added))
    st.rerun()


def taken(study: Study, file_name: str, content: bytes, name: str) -> OutsideRun:
    """An uploaded run, kept in the study; an error names the file as the reader knows it."""
    suffix = ".gz" if file_name.endswith(".gz") else ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"uploaded.trec{suffix}"
        path.write_bytes(content)
        try:
            return add_run(study, path, name or suggested(file_name), SYSTEMS)
        except UserError as error:
            raise UserError(str(error).replace(str(path), file_name)) from None


def suggested(file: str) -> str:
    """A name for a run from that of its file."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", Path(file).name.partition(".")[0]).strip("-_")[:40]


def message(added: OutsideRun) -> str:
    """What was read of a run, and what of it is unknown here."""
    return (
        f"{added.name}: {count(added.n_answered)} queries answered; {count(added.unknown_queries)} of "
        f"{count(added.n_queries)} query ids and {count(added.unknown_documents)} of {count(added.n_documents)} "
        "document ids are unknown here"
    )
