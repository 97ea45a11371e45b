"""HTML of a list of results: its head, and judged documents with the places that systems give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.markup import highlight
from workbench.markup.templates import escape


def result_columns(title: str, others: Sequence[str]) -> str:
    """The head of a list of results; others: headings of the systems beside the latents."""
    headings = "".join(f"<span>{escape(heading)}</span>" for heading in others)
    return (
        f'<div class="lt-columns"><span>rank</span><span>{escape(title)}</span>'
        f'<div class="lt-places"><span>score, latents</span>{headings}</div></div>'
    )


def judged_row(
    title: str,
    doc_id: str,
    address: str,
    score: str,
    ranks: Mapping[str, int | None],
    grade: str,
    chosen: bool,
) -> str:
    """One judged document: its place among the latents' first, then the others'; `grade` is HTML.

    ranks: system -> place, None beyond what was ranked, the latents first.
    """
    own, *others = ranks.items()
    identifier = f'<span class="lt-id">{escape(doc_id)}</span>' if title and title != doc_id else ""
    places = f'<span class="lt-score">{escape(score)}</span>' + "".join(
        highlight.place(system, rank) for system, rank in others
    )
    rank = "–" if own[1] is None else f"{own[1]:,}"
    return (
        f'<article class="lt-result lt-judged{" lt-chosen" if chosen else ""}"><div class="lt-rank">{rank}</div>'
        f'<div class="lt-main"><div class="lt-head">{highlight.link(title or doc_id, address, "lt-title")}'
        f'{identifier}{grade}</div></div><div class="lt-places">{places}</div></article>'
    )


def folded_list(items: Sequence[str], shown: int, what: str) -> str:
    """Items under each other; those beyond the first `shown` open in place."""
    rest = items[shown:]
    more = (
        f'<details class="lt-more"><summary class="lt-rest">{len(rest):,} more {escape(what)}</summary>'
        f"{''.join(rest)}</details>"
    )
    return f'<div class="lt-results">{"".join(items[:shown])}{more if rest else ""}</div>'


def document_box(body: str) -> str:
    """The text of a document in a box that scrolls, by keyboard too; `body` is HTML."""
    return (
        f'<div class="lt-document" tabindex="0" role="group" aria-label="Text of the document">{body}</div>'
    )
