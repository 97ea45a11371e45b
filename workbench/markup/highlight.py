"""HTML of the app, made by pure functions. Every text from a collection is escaped here, and only here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import pandas as pd

from analyses.figures.style.theme import ACTIVATION, AGAINST, FOR, translucent
from analyses.text.contexts import Highlight
from analyses.text.latent_names import NONE
from retrieval.systems import system_colour
from workbench.markup import glossary
from workbench.markup.templates import escape

Hue = Literal["activation", "credit"]


def marked(text: str, marks: Iterable[Highlight], hue: Hue, largest: float | None = None) -> str:
    """`text` with each mark's span on a ground as deep as its value; hovering over it shows the number.

    Spans outside the text, empty, or overlapping an earlier one are left unmarked. `largest` is the value of
    the deepest ground, by default the largest here.
    """
    marks = sorted(marks, key=lambda mark: mark.start)
    largest = largest or max((abs(mark.value) for mark in marks), default=0.0) or 1.0
    parts, done = [], 0
    for mark in marks:
        if not done <= mark.start < mark.end <= len(text):
            continue
        parts.append(escape(text[done : mark.start]))
        parts.append(
            f'<mark class="lt-mark" style="background-color:{ground(mark.value / largest, hue)}" '
            f'data-value="{hue} {mark.value:.3g}">{escape(text[mark.start : mark.end])}</mark>'
        )
        done = mark.end
    return "".join(parts) + escape(text[done:])


def ground(strength: float, hue: Hue) -> str:
    """Colour behind a token; strength in [-1, 1], and faint values stay faint but visible."""
    colour = ACTIVATION if hue == "activation" else FOR if strength >= 0 else AGAINST
    return translucent(colour, 0.06 + 0.5 * min(abs(strength), 1.0) ** 0.8)


def best_window(text: str, marks: Sequence[Highlight], width: int) -> tuple[int, int]:
    """Start and end of a stretch of about `width` characters that holds the most value, cut between words."""
    if len(text) <= width:
        return 0, len(text)
    starts = [max(0, min(mark.start - width // 6, len(text) - width)) for mark in marks] or [0]

    def held(start: int) -> float:
        return sum(mark.value for mark in marks if start <= mark.start and mark.end <= start + width)

    start = max(starts, key=lambda candidate: (held(candidate), -candidate))
    while start > 0 and not text[start - 1].isspace() and start > 0:
        start -= 1
    end = min(start + width, len(text))
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def excerpt(text: str, marks: Sequence[Highlight], width: int, hue: Hue, largest: float | None = None) -> str:
    """The best window of a text, marked, with ellipses where it was cut."""
    start, end = best_window(text, marks, width)
    inside = [
        Highlight(mark.start - start, mark.end - start, mark.value)
        for mark in marks
        if start <= mark.start and mark.end <= end
    ]
    body = marked(text[start:end], inside, hue, largest)
    return f"{'… ' if start else ''}{body}{' …' if end < len(text) else ''}"


def link(text: str, address: str, css: str = "lt-link") -> str:
    """A link inside the app; the router follows it without a reload."""
    return f'<a class="{css}" href="{escape(address)}">{escape(text)}</a>'


def link_list(rows: Iterable[tuple[str, str]]) -> str:
    """Links under each other: rows of (text, address)."""
    items = "".join(link(text, address, "lt-link lt-example") for text, address in rows)
    return f'<div class="lt-examples">{items}</div>'


def chip(label: str, number: int, address: str, strength: float, note: str) -> str:
    """A latent as a chip: its label on a ground as deep as its strength in [0, 1], a link to its page."""
    text = f'{escape(label or NONE)}<span class="lt-number">{number}</span>'
    return (
        f'<a class="lt-chip" style="background-color:{ground(strength * 0.7, "credit")}" '
        f'href="{escape(address)}" data-value="{escape(note)}">{text}</a>'
    )


def chips(items: Sequence[str], shown: int) -> str:
    """Chips beside each other; those beyond the first `shown` open in place."""
    rest = items[shown:]
    more = (
        f'<details class="lt-more"><summary class="lt-rest">and {len(rest):,} more</summary>'
        f'<div class="lt-chips">{"".join(rest)}</div></details>'
    )
    return f'<div class="lt-chips">{"".join(items[:shown])}{more if rest else ""}</div>'


def place(system: str, rank: int | None) -> str:
    """The rank that a system gives a document: a dot in the system's colour and a number, a dash if not ranked."""
    shown = "–" if rank is None else f"{rank:,}"
    return f'<span class="lt-place"><i style="background:{system_colour(system)}"></i>{shown}</span>'


def grade_mark(grade: int | None, judged: bool) -> str:
    """The relevance judgement of a document; nothing where it has none."""
    if grade is None or not judged:
        return ""
    if grade > 0:
        return f'<span class="lt-grade">relevant{f" · {grade}" if grade > 1 else ""}</span>'
    return '<span class="lt-grade lt-not">judged not relevant</span>'


def result_card(
    rank: int, title: str, doc_id: str, address: str, snippet: str, places: str, grade: str, chosen: bool
) -> str:
    """One result; `snippet`, `places` and `grade` are HTML made above, the rest is text."""
    identifier = f'<span class="lt-id">{escape(doc_id)}</span>' if title and title != doc_id else ""
    return (
        f'<article class="lt-result{" lt-chosen" if chosen else ""}"><div class="lt-rank">{rank}</div>'
        f'<div class="lt-main"><div class="lt-head">{link(title or doc_id, address, "lt-title")}'
        f'{identifier}{grade}</div><p class="lt-text">{snippet}</p></div>'
        f'<div class="lt-places">{places}</div></article>'
    )


def context_card(title: str, address: str, activation: float, body: str) -> str:
    """One context of a latent; `body` is HTML made by `marked`."""
    return (
        f'<article class="lt-context"><p class="lt-text">{body}</p><div class="lt-foot">'
        f'{link(title, address)}<span class="lt-value">activation {activation:.2f}</span></div></article>'
    )


def bar_list(rows: Iterable[tuple[str, float, str]], colour: str) -> str:
    """Named bars: rows of (name, length in [0, 1], the number beside it)."""
    items = "".join(
        f'<li><span class="lt-name">{escape(name)}</span><span class="lt-track">'
        f'<i style="width:{100 * min(max(length, 0), 1):.1f}%;background:{colour}"></i></span>'
        f'<span class="lt-value">{escape(note)}</span></li>'
        for name, length, note in rows
    )
    return f'<ul class="lt-bars">{items}</ul>'


def table(rows: pd.DataFrame) -> str:
    """A small table, one line per row, which scrolls by itself; a large one is Streamlit's."""
    head = table_head(map(str, rows.columns))
    lines = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows.itertuples(index=False))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    rows_html = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    reached = 'class="lt-wide" tabindex="0" role="group" aria-label="Table"'
    return f'<div {reached}><table class="lt-table">{rows_html}</table></div>'


def table_head(names: Iterable[str]) -> str:
    """The cells of a table's head, with the glossary's line on each statistic as its tooltip."""
    return "".join(f"<th{explained(name)}>{escape(name)}</th>" for name in names)


def explained(*names: str) -> str:
    """The `title` attribute with the glossary's line on the first of these names that is a statistic; else ""."""
    text = next(filter(None, map(glossary.tooltip, names)), "")
    return f' title="{escape(text)}"' if text else ""


def preformatted(text: str) -> str:
    """Text as it stands, spaces and all."""
    return f'<pre class="lt-pre" tabindex="0">{escape(text)}</pre>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A short list of names and values."""
    items = "".join(
        f"<dt{explained(name)}>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows
    )
    return f'<dl class="lt-facts">{items}</dl>'


def figures(rows: Iterable[tuple[str, str, str]]) -> str:
    """A row of large numbers: (value, unit, name); a statistic explains itself."""
    items = "".join(
        f"<div{explained(unit, name)}><b>{escape(value)}<small>{escape(unit)}</small></b>"
        f"<span>{escape(name)}</span></div>"
        for value, unit, name in rows
    )
    return f'<div class="lt-figures">{items}</div>'


def glossary_list(entries: Iterable[glossary.Entry]) -> str:
    """Entries of the glossary: name, meaning and formula of each."""
    items = "".join(
        f"<dt>{escape(each.name)}</dt><dd>{escape(each.meaning)}"
        f"{f'<code>{escape(each.formula)}</code>' if each.formula else ''}</dd>"
        for each in entries
    )
    return f'<dl class="lt-glossary">{items}</dl>'


def heading(title: str, question: str) -> str:
    """A page's title and the question that it answers."""
    return f'<h1 class="lt-heading">{escape(title)}</h1><p class="lt-lead">{escape(question)}</p>'


def lead(text: str) -> str:
    """Sentences that open a page."""
    return f'<p class="lt-opening">{escape(text)}</p>'


def subheading(title: str) -> str:
    """The title of a part of a page."""
    return f'<h2 class="lt-subheading">{escape(title)}</h2>'


def label(text: str) -> str:
    """A small heading over a part of a page."""
    return f'<p class="lt-label">{escape(text)}</p>'


def note(text: str) -> str:
    """A quiet sentence."""
    return f'<p class="lt-text lt-rest">{escape(text)}</p>'


def brand(name: str, line: str) -> str:
    """The app's name, and a line on it."""
    return f'<p class="lt-brand">{escape(name)}<small>{escape(line)}</small></p>'


def calm(title: str, sentence: str) -> str:
    """A state with nothing to show: what is missing, and what to do."""
    return f'<div class="lt-calm"><b>{escape(title)}</b><p>{escape(sentence)}</p></div>'


def token_text(text: str, tokens: Iterable[tuple[int, int, float, str, str]], largest: float) -> str:
    """`text` with each token a link: rows of (start, end, activation, the note on hover, address), in text order.

    The ground is as deep as the activation, bare at 0. Spans that leave the text or overlap an earlier one
    are left out.
    """
    parts, done = [], 0
    for start, end, activation, note, address in tokens:
        if not done <= start < end <= len(text):
            continue
        parts.append(escape(text[done:start]))
        parts.append(token_link(text[start:end], activation / (largest or 1.0), note, address))
        done = end
    return "".join(parts) + escape(text[done:])


def token_link(token: str, strength: float, note: str, address: str, css: str = "lt-token") -> str:
    """One token as a link; strength in [0, 1]."""
    colour = f' style="background-color:{ground(strength, "activation")}"' if strength > 0 else ""
    return (
        f'<a class="{css}"{colour} href="{escape(address)}" data-value="{escape(note)}">{escape(token)}</a>'
    )


def link_bars(
    rows: Iterable[tuple[str, int, str, float, str]], colour: str, chosen: int | None = None
) -> str:
    """Bars of latents whose names are links: rows of (name, latent, address, length in [0, 1], note)."""
    items = "".join(
        f'<li class="{"lt-chosen" if latent == chosen else ""}"><span class="lt-name">{link(name, address)} '
        f'<span class="lt-number">{latent}</span></span><span class="lt-track">'
        f'<i style="width:{100 * min(max(length, 0), 1):.1f}%;background:{colour}"></i></span>'
        f'<span class="lt-value">{escape(note)}</span></li>'
        for name, latent, address, length, note in rows
    )
    return f'<ul class="lt-bars lt-latents">{items}</ul>'


def focused(text: str, marks: Sequence[Highlight], focus: Highlight, hue: Hue) -> str:
    """`marked`, with a frame around the focus."""
    largest = max((mark.value for mark in marks), default=0.0)
    before = [mark for mark in marks if mark.end <= focus.start]
    after = [
        Highlight(mark.start - focus.end, mark.end - focus.end, mark.value)
        for mark in marks
        if mark.start >= focus.end
    ]
    own = [Highlight(0, focus.end - focus.start, focus.value)]
    framed = marked(text[focus.start : focus.end], own, hue, largest).replace(
        'class="lt-mark"', 'class="lt-mark lt-focus"', 1
    )
    head, tail = text[: focus.start], text[focus.end :]
    return marked(head, before, hue, largest) + framed + marked(tail, after, hue, largest)


def unread(text: str) -> str:
    """The end of a text, beyond what an encoder takes in."""
    return f'<span class="lt-unread">{escape(text)}</span>'
