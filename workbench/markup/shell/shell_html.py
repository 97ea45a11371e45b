"""HTML of what stands around every page: the places of the sidebar, the tabs of one, what is chosen elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.markup.templates import escape


def places(rows: Iterable[tuple[str, str, bool]], label: str, css: str) -> str:
    """A list of links inside the app: rows of (title, address, whether the reader is there)."""
    items = "".join(
        f'<a href="{escape(address)}"{_current(here)}>{escape(title)}</a>' for title, address, here in rows
    )
    return f'<nav class="{css}" aria-label="{escape(label)}">{items}</nav>'


def chosen_elsewhere(rows: Iterable[tuple[str, str, str]]) -> str:
    """What is chosen and this page does not read: rows of (name, value, address of a page that reads it)."""
    items = "".join(
        f'<a href="{escape(address)}" title="Chosen, and not read by this page: {escape(name)} {escape(value)}">'
        f"<span>{escape(name)}</span> <bdi>{escape(value)}</bdi></a>"
        for name, value, address in rows
    )
    return f'<div class="lt-elsewhere">{items}</div>'


def choices(links: str) -> str:
    """What there is instead of what was not found; `links` is HTML."""
    return f'<div class="lt-choices">{links}</div>'


def folded(title: str, number: str, body: str, is_open: bool) -> str:
    """A part of a page that opens in place; `body` is HTML."""
    return (
        f'<details class="lt-folded"{" open" if is_open else ""}><summary>{escape(title)} '
        f'<span class="lt-number">{escape(number)}</span></summary>{body}</details>'
    )


def _current(here: bool) -> str:
    return ' aria-current="page"' if here else ""
