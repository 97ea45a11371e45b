"""A latent's card while the pointer rests on its name: its name, how often it fires, and three contexts."""

from __future__ import annotations

from collections.abc import Iterable

from analyses.text.contexts import Context
from analyses.text.latent_names import NONE
from workbench.markup import highlight
from workbench.markup.templates import escape

WIDTH = 120  # characters of a context


def hover_card(latent: int, label: str, facts: str, contexts: Iterable[Context]) -> str:
    """The card's HTML; contexts: the strongest first, none for a latent that fires on no token."""
    shown = list(contexts)
    largest = max((each.activation for each in shown), default=0.0) or 1.0
    body = "".join(f"<p>{_line(each, largest)}</p>" for each in shown)
    return (
        f'<b>{escape(label or NONE)} <span class="lt-number">{latent}</span></b>'
        f"<small>{escape(facts)}</small>{body or '<p>Fires on no token of this collection.</p>'}"
    )


def _line(context: Context, largest: float) -> str:
    """The text around a context's token, cut to WIDTH; a special token has no place in the text, so it is named."""
    start = max(context.focus.start - WIDTH // 2, 0)
    while start > 0 and not context.text[start - 1].isspace() and start > context.focus.start - WIDTH:
        start -= 1
    marks = [
        type(mark)(mark.start - start, mark.end - start, mark.value)
        for mark in context.highlights
        if mark.start >= start
    ]
    text = context.text[start : start + WIDTH]
    before, after = "… " if start or context.offset else "", " …" if len(context.text) > start + WIDTH else ""
    special = "special token: " if context.focus.start == context.focus.end else ""
    return f"{special}{before}{highlight.marked(text, marks, 'activation', largest)}{after}"
