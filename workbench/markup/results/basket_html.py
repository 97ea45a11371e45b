"""HTML of the basket: the links that fill it, what the context says of it, and its latents beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.markup import highlight
from workbench.markup.formats import counted
from workbench.markup.templates import escape


def mark(latent: int, is_in: bool, address: str) -> str:
    """A plus beside a latent that is not in the basket, a tick beside one that is."""
    does = f"Take latent {latent} from the basket" if is_in else f"Put latent {latent} in the basket"
    return (
        f'<a class="lt-put{" lt-in" if is_in else ""}" href="{escape(address)}" title="{does}" aria-label="{does}">'
        f"{'✓' if is_in else '+'}</a>"
    )


def line(text: str, address: str) -> str:
    """A link that puts several in."""
    return f'<p class="lt-rest">{highlight.link(text, address)}</p>'


def in_context(n: int, address: str) -> str:
    """The basket in the context above every page."""
    return (
        f'<div class="lt-elsewhere lt-basket"><a href="{escape(address)}"><span>basket:</span> '
        f"{counted(n, 'latent')}</a></div>"
    )


def chips(rows: Iterable[tuple[str, int, str, str]]) -> str:
    """The latents of the basket: rows of (label, number, its address, the address that takes it out)."""
    items = "".join(
        f'<span class="lt-held">{highlight.chip(label, number, address, 0.4, "open this latent")}'
        f'<a class="lt-out" href="{escape(out)}" aria-label="Take latent {number} from the basket" '
        f'title="Take it out">×</a></span>'
        for label, number, address, out in rows
    )
    return f'<div class="lt-chips">{items}</div>'


def cards(rows: Iterable[tuple[str, str, str, str]]) -> str:
    """Latents side by side: rows of (name, address, a line of statistics, HTML of what is compared)."""
    items = "".join(
        f"<section><h2>{highlight.link(name, address)}</h2>"
        f'<p class="lt-rest">{escape(statistics)}</p>{body}</section>'
        for name, address, statistics, body in rows
    )
    return f'<div class="lt-beside">{items}</div>'


def link_rows(rows: Sequence[tuple[str, str, str]], empty: str) -> str:
    """Links with a note each: rows of (text, address, note); empty: what is said where there are none."""
    if not rows:
        return f'<p class="lt-rest">{escape(empty)}</p>'
    items = "".join(
        f'<li>{highlight.link(text, address)} <span class="lt-rest">{escape(note)}</span></li>'
        for text, address, note in rows
    )
    return f'<ul class="lt-plain">{items}</ul>'
