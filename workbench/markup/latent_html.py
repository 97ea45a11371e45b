"""HTML of the latent page, from `highlight`'s parts; text of a collection is escaped there or, in cells, here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyses.dictionary.near_misses import NearMiss
from analyses.figures.style.theme import ACTIVATION
from analyses.text.contexts import Context, Highlight
from workbench.markup import highlight
from workbench.markup.results.result_html import document_box
from workbench.markup.templates import escape


def context_card(context: Context, address: str, strongest: float, whole: str) -> str:
    """A context; `whole` is the HTML of its document, to be opened. A special token has no text, so it is named."""
    body = highlight.marked(context.text, context.highlights, "activation", strongest)
    if context.focus.start == context.focus.end:
        shade = highlight.ground(context.activation / (strongest or 1.0), "activation")
        body = f'<mark class="lt-mark" style="background-color:{shade}">special token</mark> {body}'
    return highlight.context_card(
        context.title or context.doc_id, address, context.activation, body
    ) + whole_document(whole)


def near_miss_card(miss: NearMiss, address: str, strongest: float) -> str:
    """A context with its token framed, on which the latent is silent."""
    context = miss.context
    text, focus = context.text, context.focus
    note = f"pre-activation {miss.pre_activation:.3g} of {miss.cutoff:.3g} needed, rank {miss.place:,}"
    inside = [mark for mark in context.highlights if mark.end <= focus.start]
    after = [
        Highlight(mark.start - focus.end, mark.end - focus.end, mark.value)
        for mark in context.highlights
        if mark.start >= focus.end
    ]
    body = (
        highlight.marked(text[: focus.start], inside, "activation", strongest)
        + f'<mark class="lt-mark lt-focus" style="background:none" data-value="{note}">'
        + f"{escape(text[focus.start : focus.end])}</mark>"
        + highlight.marked(text[focus.end :], after, "activation", strongest)
    )
    return (
        f'<article class="lt-context"><p class="lt-text">{body}</p><div class="lt-foot">'
        f"{highlight.link(context.title or context.doc_id, address)}"
        f'<span class="lt-value">{note}</span></div></article>'
    )


def whole_document(body: str) -> str:
    """A marked document that opens under its context."""
    return f'<details class="lt-whole"><summary>The whole document</summary>{document_box(body)}</details>'


def linked_bars(rows: Iterable[tuple[str, str, str, float, str]], chance: float = 0.0) -> str:
    """Bars whose names are links: rows of (name, a number beside it, address, length in [0, 1], note).

    chance: where a line stands on each bar's track, in [0, 1]; none at 0.
    """
    line = f' style="--chance:{100 * min(max(chance, 0), 1):.1f}%"' if chance > 0 else ""
    items = "".join(
        f'<li><span class="lt-name">{highlight.link(name, address)} <span class="lt-number">{escape(number)}</span>'
        f'</span><span class="lt-track"{line}><i style="width:{100 * min(max(length, 0), 1):.1f}%;'
        f'background:{ACTIVATION}"></i></span><span class="lt-value">{escape(note)}</span></li>'
        for name, number, address, length, note in rows
    )
    return f'<ul class="lt-bars lt-linked">{items}</ul>'


def linked_table(
    headings: Sequence[str],
    rows: Iterable[tuple[str, str, Sequence[str]]],
    pale: Sequence[bool] = (),
) -> str:
    """A table whose first column is links: rows of (text, address, the other cells); pale: which rows are grey."""
    head = highlight.table_head(headings)
    body = "".join(
        f"<tr{' class=lt-pale' if place < len(pale) and pale[place] else ''}>"
        f"<td>{highlight.link(text, address)}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for place, (text, address, cells) in enumerate(rows)
    )
    return f'<table class="lt-table lt-linked"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def noted(tags: Iterable[tuple[str, str]], note: str) -> str:
    """The reader's tags, each a link to the latents with that tag (tag, address), and the note as typed."""
    links = "".join(highlight.link(tag, address, "lt-tag") for tag, address in tags)
    text = f'<p class="lt-usernote" dir="auto">{escape(note)}</p>' if note else ""
    return f'<div class="lt-chips">{links}</div>{text}'


def explanation(text: str, source: str, control: str, address: str) -> str:
    """A model's explanation of a latent, its source, and the control: another latent's explanation."""
    return (
        f'<blockquote class="lt-said" dir="auto">{escape(text)}</blockquote><p class="lt-rest">{escape(source)}</p>'
        f'<p class="lt-rest">The control: {highlight.link(control, address)}</p>'
    )
