"""A sum over latents as rows of bars that open in place: the latents of one word, and those beyond the first rows.

Grouping is by the first word of the label. A group has its members' sum and opens to show them; what is beyond the
first rows is one row that opens too. Nothing is left out, so that the rows always sum to the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from analyses.figures.style.theme import AGAINST, FOR, translucent
from analyses.text.latent_names import NONE, first_word
from workbench.markup.highlight import link
from workbench.markup.templates import escape

Form = Literal[
    "waterfall", "diverging"
]  # bars start where the one above ends; or all at zero, to either side


@dataclass(frozen=True)
class Row:
    """One latent's part of the sum; note: what hovering over its number says; mark: HTML beside its name."""

    latent: int
    label: str
    address: str
    value: float
    note: str = ""
    mark: str = ""


Group = tuple[str, list[Row]]  # the word, "" for a row that is alone


@dataclass(frozen=True)
class _Bar:
    """A row of the picture: its HTML name, what is summed before it, its value, and what it opens on."""

    name: str
    before: float
    value: float
    strong: bool
    note: str = ""
    inner: tuple[_Bar, ...] = ()


def grouped(rows: Sequence[Row]) -> list[Group]:
    """Rows by the first word of their label, ("", [row]) for one that is alone: the largest sum by size first.

    Members too fall by size. Rows without a label are alone.
    """
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: -abs(row.value)):
        groups.setdefault(first_word(row.label) if row.label else f"\0{row.latent}", []).append(row)
    named = [(word if len(members) > 1 else "", members) for word, members in groups.items()]
    return sorted(named, key=lambda each: -abs(_total(each[1])))


def breakdown(rows: Sequence[Row], top: int, form: Form = "waterfall", decisive: Collection[int] = ()) -> str:
    """The rows as HTML: `top` groups, then the rest in one row that opens, or one a side.

    Latents outside `decisive`, if any are in it, are pale.
    """
    groups = grouped(rows)
    first, rest = groups[:top], groups[top:]
    sides = [rest]
    if form == "diverging":
        sides = [[each for each in rest if (_total(each[1]) > 0) == up] for up in (True, False)]
    bars, before = [], 0.0
    for word, members in first:
        bars.append(_group(word, members, before, decisive))
        before += _total(members)
    for side in filter(None, sides):
        inner, at = [], before
        for word, members in side:
            inner.append(_group(word, members, at, decisive))
            at += _total(members)
        n = sum(len(members) for _, members in side)
        strong = any(bar.strong for bar in inner)
        bars.append(_Bar(f"{n:,} more", before, at - before, strong, "", tuple(inner)))
        before = at
    ends = [end for bar in _every(bars) for end in _span(bar, form)]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    return f'<ul class="lt-steps">{"".join(_html(bar, form, low, high) for bar in bars)}</ul>'


def _group(word: str, members: Sequence[Row], before: float, decisive: Collection[int]) -> _Bar:
    """One latent, or several of a word, which open."""
    bars, at = [], before
    for row in members:
        number = f'<span class="lt-number">{row.latent}</span>'
        name = f'{link(row.label or NONE, row.address)} <span class="lt-numbered">{number}{row.mark}</span>'
        bars.append(_Bar(name, at, row.value, not decisive or row.latent in decisive, row.note))
        at += row.value
    if not word:
        return bars[0]
    name, strong = f"{len(members):,} latents of {escape(word)}", any(bar.strong for bar in bars)
    return _Bar(name, before, at - before, strong, "", tuple(bars))


def _html(bar: _Bar, form: Form, low: float, high: float) -> str:
    wide = max(high - low, 1e-12)
    start, end = _span(bar, form)
    colour = translucent(FOR if bar.value >= 0 else AGAINST, 1.0 if bar.strong else 0.4)
    shown = f"{bar.value:+.2f}" if abs(bar.value) >= 0.005 or bar.value == 0 else f"{bar.value:+.1g}"
    note = f' data-value="{escape(bar.note)}"' if bar.note else ""
    zero = f' style="--zero:{100 * -low / wide:.2f}%"' if low < 0 else ""
    left, width = 100 * (start - low) / wide, 100 * (end - start) / wide
    cells = (
        f'<span class="lt-name">{bar.name}</span>'
        f'<span class="lt-track"{zero}>'
        f'<i style="margin-left:{left:.2f}%;width:{width:.2f}%;background:{colour}"></i></span>'
        f'<span class="lt-value"{note}>{shown}</span>'
    )
    if not bar.inner:
        return f'<li class="lt-step">{cells}</li>'
    inner = "".join(_html(each, form, low, high) for each in bar.inner)
    return f'<li><details><summary class="lt-step">{cells}</summary><ul>{inner}</ul></details></li>'


def _span(bar: _Bar, form: Form) -> tuple[float, float]:
    """Where a bar starts and ends, the lower end first."""
    start = bar.before if form == "waterfall" else 0.0
    return min(start, start + bar.value), max(start, start + bar.value)


def _every(bars: Sequence[_Bar]) -> Iterator[_Bar]:
    for bar in bars:
        yield bar
        yield from _every(bar.inner)


def _total(rows: Sequence[Row]) -> float:
    return sum(row.value for row in rows)
