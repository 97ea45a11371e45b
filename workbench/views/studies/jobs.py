"""The jobs below the form: the list, and the chosen one with its curves; both follow what runs."""

from __future__ import annotations

import shlex
import time
from datetime import datetime
from glob import escape
from pathlib import Path

import streamlit as st

from data.errors import UserError
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job
from workbench.markup import highlight, job_html
from workbench.markup.formats import count, duration
from workbench.page import frame, links, selection

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
        _show(chosen)


def _order(job: Job) -> tuple[int, float]:
    """Running jobs, waiting jobs, then ended jobs, the newest first."""
    if job.living:
        return (0 if job.state == "running" else 1, job.request.queued)
    return (2, -job.request.queued)


def _card(job: Job, chosen: bool) -> str:
    return job_html.job_card(
        job.request.title, frame.address("train", job=job.id), job.state, _note(job), _part(job), chosen
    )


def _show(job: Job) -> None:
    """The chosen job: progress, buttons, curves, output."""
    st.html(highlight.subheading(job.request.title))
    st.html(
        highlight.label(f"{job.state.capitalize()}, {_note(job)}" if _note(job) else job.state.capitalize())
    )
    if job.state == "running" and job.status:
        st.html(job_html.progress_bar(_part(job) or 0))
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
    for study in _studies(job) if job.state == "finished" else ():
        row.html(highlight.link(f"Open {study}", links.href("overview", study=study)))


def _studies(job: Job) -> list[str]:
    """Names of the studies that the job made, one per seed."""
    made = [Path(path) for path in (job.request.files or {}).values()]
    members = [
        folder for path in made for folder in (path, *sorted(path.parent.glob(f"{escape(path.name)}-seed-*")))
    ]
    return [folder.name for folder in members if (folder / "study.json").is_file()]


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


def _note(job: Job) -> str:
    """A few words beside the state: the stage, the time left, or when the job ended."""
    status = job.status
    if job.state == "waiting":
        return "for its turn"
    if job.state == "running":
        if status is None:
            return "setting up"
        left = status.seconds_left
        return status.stage + (
            "" if not left or status.done >= status.total else f", about {duration(left)} left"
        )
    ended = job.end.time if job.end else status.updated if status else job.began or job.request.queued
    took = duration(ended - job.began) if job.began else ""
    return ", ".join(part for part in (_moment(ended), f"after {took}" if took else "") if part)


def _part(job: Job) -> float | None:
    if job.state != "running" or job.status is None:
        return None
    return job.status.done / max(1, job.status.total)


def _facts(job: Job) -> list[tuple[str, str]]:
    """Finished stages, and the command that does the same in a shell."""
    rows = []
    if job.status:
        done = dict(job.status.finished)
        if not job.living:
            done[job.status.stage] = job.status.updated - job.status.began
        rows = [(stage, duration(seconds)) for stage, seconds in done.items()]
        if job.living and job.status.total > 1:
            rows.append((job.status.stage, f"{count(job.status.done)} of {count(job.status.total)}"))
    return [
        *rows,
        ("Started in", f"the {job.request.origin}, {_moment(job.request.queued)}"),
        ("Command", shlex.join(["workbench", *job.request.argv])),
    ]


def _moment(seconds: float) -> str:
    """`14:05` today, else `3 May, 14:05`."""
    then = datetime.fromtimestamp(seconds)
    today = then.date() == datetime.fromtimestamp(time.time()).date()
    return f"{then:%H:%M}" if today else f"{then.day} {then:%b, %H:%M}"
