"""HTML of two sides in lockstep: a row holds what stands at one place on the left and on the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

import pandas as pd

from analyses.figures.style.theme import ACTIVATION
from workbench.markup import highlight
from workbench.markup.formats import counted, percent
from workbench.markup.templates import escape


def moved(here: int, there: int | None, side: str, depth: int) -> str:
    """Where the document of this place stands on the other side, in words with a sign before them.

    here, there: its ranks on this side and on the other, None where it is not ranked there. side: the other's name.
    """
    if there is None:
        return f'<span class="lt-moved lt-alone">✕ not on the {escape(side)}</span>'
    if there == here:
        return f'<span class="lt-moved">= {there:,} on the {escape(side)} too</span>'
    sign, word = ("▲", "higher") if there < here else ("▼", "lower")
    beyond = " lt-alone" if there > depth else ""
    places = counted(abs(there - here), "place")
    return f'<span class="lt-moved{beyond}">{sign} {there:,} on the {escape(side)}, {places} {word}</span>'


def cell(rank: int, title: str, address: str, move: str, grade: str) -> str:
    """A document at its place on one side; `move` and `grade` are HTML."""
    return (
        f'<div class="lt-side"><span class="lt-rank">{rank}</span><div>'
        f"{highlight.link(title, address, 'lt-title')} {grade}<br>{move}</div></div>"
    )


def lockstep(heads: tuple[str, str], left: Sequence[str], right: Sequence[str]) -> str:
    """Two lists of cells, place beside place; heads: what stands over each."""
    empty = '<div class="lt-side"></div>'
    rows = "".join(
        f"<li>{one or empty}{other or empty}</li>" for one, other in zip_longest(left, right, fillvalue="")
    )
    over = "".join(f"<span>{escape(head)}</span>" for head in heads)
    return f'<div class="lt-lockstep"><div class="lt-lockhead">{over}</div><ul>{rows}</ul></div>'


def dictionary(heads: tuple[str, str], rows: Iterable[str]) -> str:
    """The latents of a word on both sides; rows: HTML of `pair`."""
    over = f"<span>{escape(heads[0])}</span><span></span><span>{escape(heads[1])}</span>"
    return f'<div class="lt-lockstep lt-pairs"><div class="lt-lockhead">{over}</div><ul>{"".join(rows)}</ul></div>'


def pair(left: str, mark: str, right: str) -> str:
    """One row of a dictionary: HTML of both sides, and in words what joins them."""
    css = "lt-moved" if left and right else "lt-moved lt-alone"
    return f'<li><div>{left}</div><span class="{css}">{escape(mark)}</span><div>{right}</div></li>'


def share_bar(name: str, address: str, share: float, of_latent: float) -> str:
    """A latent of a word: its name, the share of the word's tokens on which it fires, as a bar and in numbers."""
    if pd.isna(share):
        return ""
    return (
        f'{highlight.link(name, address)}<span class="lt-track"><i style="width:{100 * share:.1f}%;'
        f'background:{ACTIVATION}"></i></span><span class="lt-value">{percent(share)}, {percent(of_latent)}</span>'
    )
