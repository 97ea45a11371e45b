"""HTML of missed and of ranked documents, from `highlight`'s parts; text is escaped there, or here."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.markup import highlight
from workbench.markup.templates import escape


def miss_card(
    rank: int | None,
    document: tuple[str, str],
    query: tuple[str, str],
    facts: str,
    chips: Iterable[str],
    above: Iterable[tuple[str, str]],
    places: Iterable[tuple[str, int | None]],
) -> str:
    """One missed document. document, query and above: text and address. chips: HTML made by `highlight.chip`."""
    places_html = "".join(highlight.place(system, place) for system, place in places)
    blamed = "".join(chips)
    against = " · ".join(highlight.link(*each) for each in above)
    return (
        f'<article class="lt-result"><div class="lt-rank">{"–" if rank is None else f"{rank:,}"}</div>'
        f'<div class="lt-main"><div class="lt-head">{highlight.link(*document, "lt-title")}</div>'
        f'<p class="lt-text">for {highlight.link(*query)}</p>'
        f'<p class="lt-text lt-rest">{escape(facts)} {against}</p>'
        f'<div class="lt-chips">{blamed}</div></div><div class="lt-places">{places_html}</div></article>'
    )


def ranked_card(
    document: tuple[str, str],
    chips: Iterable[str],
    places: Iterable[tuple[str, int | None]],
    relevant: bool,
    chosen: bool,
) -> str:
    """One document of several rankings: text and address, the latents that explain its rank, its ranks."""
    mark = highlight.grade_mark(1, True) if relevant else ""
    places_html = "".join(highlight.place(system, place) for system, place in places)
    return (
        f'<article class="lt-result{" lt-chosen" if chosen else ""}"><div class="lt-rank"></div>'
        f'<div class="lt-main">'
        f'<div class="lt-head">{highlight.link(*document, "lt-title")}{mark}</div>'
        f'<div class="lt-chips">{"".join(chips)}</div></div><div class="lt-places">{places_html}</div></article>'
    )


def rivals_table(
    rows: Iterable[tuple[tuple[str, str], tuple[str, str], tuple[str, str], str]],
) -> str:
    """Documents above a miss: document (text, address), rank and lead, latent (text, address), its lead."""
    head = highlight.table_head(
        ("document", "rank", "lead (score)", "latent of the largest lead", "lead of this latent (score)")
    )
    body = "".join(
        f"<tr><td>{highlight.link(*document)}</td><td>{escape(place)}</td><td>{escape(ahead)}</td>"
        f"<td>{highlight.link(*latent)}</td><td>{escape(lead)}</td></tr>"
        for document, (place, ahead), latent, lead in rows
    )
    return f'<table class="lt-table lt-linked"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
