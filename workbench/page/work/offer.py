"""What a page lacks, and the button that queues the job which makes it: the one way out of every dead end.

The job's cost stands beside the button; while it lives, its progress stands there, and the page is drawn again when
it has ended. Where the app may not start jobs, or the study cannot be written, only the sentence is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from retrieval.study import Study
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job, read_job
from workbench.markup import highlight
from workbench.page import frame
from workbench.page.sharing import offers
from workbench.page.work import words

SECONDS_BETWEEN_LOOKS = 2.0
LONGEST_ON_A_PAGE = 2.0  # seconds


def offer(
    argv: Sequence[str],
    title: str,
    name: str,
    sentence: str = "",
    *,
    seconds: float | None = None,
    writes: Path | None = None,
    is_it: Callable[[Sequence[str]], bool] | None = None,
    **look: Any,
) -> None:
    """Offer the job `workbench <argv>`. name: on the button. sentence: what is lacking. seconds: estimated.

    writes: the study's folder that it changes. is_it: whether another command line does the same. look: of the
    button.
    """
    if not offers.may("start jobs") or (writes is not None and not offers.can_keep(writes)):
        if sentence:
            st.html(highlight.note(sentence))
        return
    does_it = is_it or (lambda other: list(other) == list(argv))
    at_it = next((job for job in jobs.living() if does_it(job.request.argv)), None)
    if at_it is not None:
        st.fragment(_follow, run_every=SECONDS_BETWEEN_LOOKS)(at_it.folder)
        return
    place: Literal["distribute", "center"] = "distribute" if sentence else "center"  # under a calm state
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment=place)
    row.html(highlight.note(" ".join(filter(None, (sentence, cost(seconds))))), width="content")
    if row.button(name, **({"key": f"offer {title} {name}"} | look)):
        jobs.start(argv, title)
        st.rerun()


def is_long(seconds: float) -> bool:
    """Whether work is a job: it takes longer than a page may."""
    return seconds > LONGEST_ON_A_PAGE


def seconds_of(study: Study, *parts: str) -> float:
    """How long it takes to make parts of a study; an estimate."""
    from workbench.making.part import Size  # with all that parts are made of
    from workbench.making.parts import PARTS

    return sum(PARTS[part].seconds(Size.of(study)) for part in parts)


def cost(seconds: float | None) -> str:
    """The cost of a job in a sentence; an estimate."""
    return "" if seconds is None else f"It takes about {words.rough(max(seconds, 5))}, once, as a job."


def _follow(folder: Path) -> None:
    """The progress of a job that is at it; once it has ended, the page is drawn with what it made."""
    job = read_job(folder)
    if job is None or not job.living:
        st.rerun()
    st.html(highlight.link_list([(progress(job), address_of(job))]))


def address_of(job: Job) -> str:
    """The page that shows a job."""
    return frame.address("make" if job.request.argv[:1] == ["make"] else "train", job=job.id)


def progress(job: Job) -> str:
    """`A job is at it: map of the latents, about 2 min left`."""
    state = "waits" if job.state == "waiting" else "is at it"
    return f"A job {state}: {words.note(job)}"
