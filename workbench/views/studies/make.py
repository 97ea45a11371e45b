"""Bring your own: documents, an SAE, or another system's ranking; one question at a time, the cost before."""

from __future__ import annotations

import streamlit as st

from workbench.jobs import jobs
from workbench.jobs.job_folder import Job
from workbench.markup import highlight
from workbench.page import frame, selection, url_widgets
from workbench.page.sharing import offers
from workbench.views.studies import _own_documents, _own_sae, own_run
from workbench.views.studies.jobs import SECONDS_BETWEEN_LOOKS, show_job

KINDS = {"documents": "Documents", "sae": "An SAE", "run": "Another system's ranking"}
METHOD = (
    "Documents become a study in three steps, which are one job: an SAE is trained on their token states (or one "
    "that is there is taken), the documents are indexed by its latents, and the study is completed with all that "
    "its pages show. The job goes on when this page is closed, and where it stopped when it is resumed. Nothing "
    "leaves this machine; a hub is asked only for what you name."
)


def page() -> None:
    frame.heading(
        "Bring your own", "Your documents, your SAE, another system's ranking: what do you bring?", METHOD
    )
    if not offers.may("start jobs") or not offers.may("open paths"):
        st.html(
            highlight.calm(
                "Not in this app", "It is shared to be read: it takes no uploads and starts nothing."
            )
        )
        return
    job = next((job for job in jobs.jobs() if job.id == selection.current().get("job")), None)
    if job is not None and job.request.argv[:1] == ["make"]:
        follow(job)
        return
    kind = url_widgets.segmented(
        "bring", "What do you bring?", KINDS, "documents", label_visibility="collapsed"
    )
    {"documents": _own_documents.show, "sae": _own_sae.show, "run": own_run.show}[kind]()


def follow(job: Job) -> None:
    """The job that was started here: its phases with one progress, and what came out."""
    st.fragment(_follow, run_every=SECONDS_BETWEEN_LOOKS if job.living else None)(job.id, job.living)
    if st.button("Bring something else", type="tertiary", icon=":material/arrow_back:"):
        selection.choose(job=None)
        st.rerun()


def _follow(job_id: str, lived: bool) -> None:
    job = next((job for job in jobs.jobs() if job.id == job_id), None)
    if job is None or (lived and not job.living):
        st.rerun()
    show_job(job)
