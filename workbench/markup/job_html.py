"""HTML of a job in the list of jobs, and of its progress."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.markup.highlight import link
from workbench.markup.templates import escape


def job_card(title: str, address: str, state: str, note: str, part: float | None, chosen: bool) -> str:
    """A job in the list: its title as a link, its state and a note, and a bar while it runs."""
    return (
        f'<article class="lt-job lt-{escape(state)}{" lt-chosen" if chosen else ""}">'
        f'<div class="lt-head">{link(title, address, "lt-title")}</div>'
        f'<p class="lt-jobstate"><i></i><b>{escape(state)}</b><span>{escape(note)}</span></p>'
        f"{'' if part is None else progress_bar(part)}</article>"
    )


def tray_line(text: str, part: float | None) -> str:
    """What runs, in one line above a page."""
    bar = "" if part is None else progress_bar(part)
    return f'<div class="lt-tray" role="status"><i></i><span>{escape(text)}</span>{bar}</div>'


def tray_end(title: str, state: str, name: str, address: str) -> str:
    """How a job ended, and where that leads."""
    return (
        f'<div class="lt-tray lt-{escape(state)}" role="status"><i></i><span>{escape(state.capitalize())}: '
        f"{escape(title)}</span>{link(name, address)}</div>"
    )


def phases(names: Sequence[str], current: int) -> str:
    """The phases of a job: those that are done, the one that runs, those to come."""
    kinds = [
        "done" if place < current else "now" if place == current else "next" for place in range(len(names))
    ]
    items = "".join(
        f'<li class="lt-{kind}"{" aria-current=step" if kind == "now" else ""}>{escape(name)}</li>'
        for name, kind in zip(names, kinds, strict=True)
    )
    return f'<ol class="lt-phases">{items}</ol>'


def progress_bar(part: float) -> str:
    """How much of something is done, part in [0, 1]."""
    share = 100 * min(max(part, 0), 1)
    return (
        f'<div class="lt-progress" role="progressbar" aria-valuenow="{share:.0f}" aria-valuemin="0" '
        f'aria-valuemax="100"><i style="width:{share:.1f}%"></i></div>'
    )
