"""The tray: one line above every page while any job runs, which opens to the list of them.

It looks again by itself and leaves the page alone. Nothing is drawn while nothing runs, and in an app that is
shared to be read.
"""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from data.errors import UserError
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job, read_job
from workbench.markup import job_html
from workbench.page import frame, links
from workbench.page.sharing import offers
from workbench.page.work import made, words
from workbench.page.work.offer import address_of

SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_AFTER = 120.0  # for which the end of a job that this reader saw running is said
SEEN = "jobs that were seen running"


def show() -> None:
    """Draw the tray."""
    if not offers.may("start jobs"):
        return
    alive = bool(jobs.living())
    with st.container(key="tray"):
        st.fragment(_tray, run_every=SECONDS_BETWEEN_LOOKS if alive else None)()


def _tray() -> None:
    living = sorted(jobs.living(), key=lambda job: (job.state != "running", job.request.queued))
    seen: list[Path] = st.session_state.setdefault(SEEN, [])
    seen += [job.folder for job in living if job.folder not in seen]
    ended = [job for folder in seen if (job := read_job(folder)) and just_ended(job)]
    for job in ended:
        st.html(job_html.tray_end(job.request.title, job.state, *where_to(job)))
    if not living:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(job_html.tray_line(words.line(living), words.share(living[0])), width="content")
        opened = st.popover("Jobs", key="tray list", on_change="rerun", type="tertiary")
    if opened.open:
        with opened:
            for job in living:
                _row(job)


def _row(job: Job) -> None:
    text, button = st.columns([3, 1], vertical_alignment="center")
    address = address_of(job)
    title, note, done = job.request.title, words.note(job), words.share(job)
    text.html(job_html.job_card(title, address, job.state, note, done, False))
    if button.button(
        "Cancel", key=f"tray cancel {job.id}", help="Stops the job as Ctrl-C does; it can be resumed."
    ):
        try:
            jobs.cancel(job)
        except UserError as error:
            st.toast(str(error))
        st.rerun(scope="fragment")


def just_ended(job: Job) -> bool:
    """Whether a job ended in the last minutes."""
    return job.end is not None and time.time() - job.end.time < SECONDS_AFTER


def where_to(job: Job) -> tuple[str, str]:
    """Name and address of what a job made, or of the job itself."""
    known = frame.studies()
    for folder in made.studies_of(job):
        name = next((name for name, path in known.items() if path.resolve() == folder.resolve()), None)
        if job.state == "finished" and name:
            return f"Open {name}", links.href("overview", study=name)
    return "See what happened" if job.state == "failed" else "See the job", address_of(job)
