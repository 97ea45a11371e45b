"""HTML of the first page: the worked example in steps, and the doors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyses.figures.style.theme import AGAINST, FOR
from workbench.markup.highlight import link
from workbench.markup.templates import escape

Step = tuple[str, str, str, tuple[str, str]]  # title, sentence, HTML below it, (text, address) of its link


def example(query: str, asked: str, titles: tuple[str, str]) -> str:
    """The query of the example, and its two documents."""
    first, second = (
        f"<b>{name}</b> <bdi>{escape(title)}</bdi>" for name, title in zip("AB", titles, strict=True)
    )
    return (
        f'<p class="lt-asked">“<bdi>{escape(query)}</bdi>” <span class="lt-rest">{escape(asked)}</span></p>'
        f'<p class="lt-pair"><span>{first}</span><span>{second}</span></p>'
    )


def steps(rows: Iterable[Step]) -> str:
    """Numbered steps; the third part of a row is HTML made here."""
    items = "".join(
        f"<li><b>{escape(title)}</b><p>{escape(sentence)}</p>{body}{link(*more)}</li>"
        for title, sentence, body, more in rows
    )
    return f'<ol class="lt-walk">{items}</ol>'


def differences(rows: Sequence[tuple[str, int, str, float]]) -> str:
    """Parts of a difference as bars to both sides of a line: rows of (label, latent, address, difference)."""
    largest = max((abs(value) for *_, value in rows), default=0.0) or 1.0
    items = "".join(
        f'<li><span class="lt-name">{link(label or "no label", address)} '
        f'<span class="lt-number">{latent}</span></span>'
        f'<span class="lt-sides"><i style="{_side(value / largest)}"></i></span>'
        f'<span class="lt-value">{value:+.2f}</span></li>'
        for label, latent, address, value in rows
    )
    return f'<ul class="lt-bars lt-two-sided">{items}</ul>'


def _side(part: float) -> str:
    """Left of the middle for B, right of it for A."""
    half, colour = 50 * abs(part), FOR if part >= 0 else AGAINST
    start = 50 if part >= 0 else 50 - half
    return f"left:{start:.1f}%;width:{half:.1f}%;background:{colour}"


def doors(rows: Iterable[tuple[str, str, str]]) -> str:
    """Where to go from here: rows of (title, sentence, address)."""
    items = "".join(
        f'<a href="{escape(address)}"><b>{escape(title)}</b><span>{escape(text)}</span></a>'
        for title, text, address in rows
    )
    return f'<nav class="lt-doors" aria-label="Where to begin">{items}</nav>'
