"""The jobs below the form: the list, and the chosen one with its curves; both follow what runs."""

from __future__ import annotations

import shlex

import streamlit as st

from data.errors import UserError
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job
from workbench.markup import highlight, job_html
from workbench.markup.formats import count, duration
from workbench.page import frame, links, selection
from workbench.page.work import made, words

SECONDS_BETWEEN_LOOKS = 1.5
N_SHOWN = 40


def show_jobs() -> None:
    """List and chosen job, drawn again every moment while anything runs or waits."""
    living = any(job.living for job in jobs.jobs())
    st.fragment(_list_and_chosen, run_every=SECONDS_BETWEEN_LOOKS if living else None)(living)


def _list_and_chosen(any_lived: bool) -> None:
    known = sorted(jobs.jobs(), key=_order)
    if any_lived and not any(job.living for job in known):
        st.rerun()  # the last one has ended: nothing is left to follow
    st.html(highlight.subheading("Jobs"))
    if not known:
        st.html(
            highlight.calm(
                "Nothing trained yet",
                "A job keeps running when this page, the browser or the app is closed. Jobs of a shell are "
                "shown too.",
            )
        )
        return
    chosen = next((job for job in known if job.id == selection.current().get("job")), known[0])
    left, right = st.columns([1, 1.9], gap="large")
    with left:
        st.html("".join(_card(job, job.id == chosen.id) for job in known[:N_SHOWN]))
    with right:
        show_job(chosen)


def _order(job: Job) -> tuple[int, float]:
    """Running jobs, waiting jobs, then ended jobs, the newest first."""
    if job.living:
        return (0 if job.state == "running" else 1, job.request.queued)
    return (2, -job.request.queued)


def _card(job: Job, chosen: bool) -> str:
    return job_html.job_card(
        job.request.title,
        frame.address("train", job=job.id),
        job.state,
        words.note(job),
        words.share(job),
        chosen,
    )


def show_job(job: Job) -> None:
    """A job: progress, buttons, curves, output."""
    st.html(highlight.subheading(job.request.title))
    if job.status and job.status.whole:
        whole = job.status.whole
        done = len(whole.phases) if job.state == "finished" else whole.phase
        st.html(job_html.phases(whole.phases, done))
    st.html(
        highlight.label(
            f"{job.state.capitalize()}, {words.note(job)}" if words.note(job) else job.state.capitalize()
        )
    )
    if job.state == "running" and job.status:
        st.html(job_html.progress_bar(words.share(job) or 0))
        if job.status.note:
            st.html(highlight.note(job.status.note))
    if job.end and job.end.error:
        st.html(highlight.note(job.end.error[0].upper() + job.end.error[1:]))
    _buttons(job)
    _curves(job)
    st.html(highlight.facts(_facts(job)))
    with st.expander("Output"):
        printed = jobs.output(job)
        quiet = (
            "This job runs in a shell, and prints there." if job.request.origin == "shell" else "Nothing yet."
        )
        st.html(highlight.preformatted(printed or quiet))


def _buttons(job: Job) -> None:
    row = st.container(horizontal=True, gap="small", vertical_alignment="center")
    try:
        if job.living:
            if row.button(
                "Cancel", key=f"cancel {job.id}", help="Stops the job as Ctrl-C does; it can be resumed."
            ):
                jobs.cancel(job)
                st.rerun()
        else:
            if job.state != "finished" and row.button(
                "Resume", key=f"resume {job.id}", type="primary", help="Continues where the job stopped."
            ):
                jobs.resume(job)
                st.rerun()
            if row.button("Remove", key=f"remove {job.id}", help="From this list; its results stay."):
                jobs.remove(job)
                selection.choose(job=None)
                st.rerun()
    except UserError as error:
        st.html(highlight.note(str(error)))
    for study in made.studies_of(job) if job.state == "finished" else ():
        row.html(highlight.link(f"Open {study.name}", links.href("overview", study=study.name)))


def _curves(job: Job) -> None:
    logs = jobs.training_logs(job)
    if not logs:
        return
    from analyses.figures.saes.training import training_figure
    from analyses.saes.training_log import thinned, training_log  # torch, and a page without a job needs none

    log = training_log(logs)
    if not log.empty:
        seeds = "; the darkest line is the first seed" if len(logs) > 1 else ""
        frame.label(f"Training by batch, over the training tokens{seeds}")
        frame.show(training_figure(thinned(log)), "training")


def _facts(job: Job) -> list[tuple[str, str]]:
    """Finished stages, and the command that does the same in a shell."""
    rows = []
    if job.status:
        done = dict(job.status.finished)
        if not job.living:
            done[job.status.stage] = job.status.updated - job.status.began
        rows = [(stage, duration(seconds)) for stage, seconds in done.items() if seconds >= 0.5]
        if job.living and job.status.total > 1:
            rows.append((job.status.stage, f"{count(job.status.done)} of {count(job.status.total)}"))
    return [
        *rows,
        ("Started in", f"the {job.request.origin}, {words.moment(job.request.queued)}"),
        ("Command", shlex.join(["workbench", *job.request.argv])),
    ]
