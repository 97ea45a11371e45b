"""HTML of the gallery of figures, made by pure functions; every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.markup.highlight import link
from workbench.markup.templates import escape


def gallery(cards: Iterable[str]) -> str:
    return f'<div class="lt-gallery">{"".join(cards)}</div>'


def card(title: str, address: str, picture: str, otherwise: str, line: str) -> str:
    """A link to an item: its picture (an address, or none), its title, and a line on it."""
    shown = f'<img alt="" src="{escape(picture)}">' if picture else f"<span>{escape(otherwise)}</span>"
    return (
        f'<a class="lt-item" href="{escape(address)}"><div class="lt-picture">{shown}</div>'
        f"<b>{escape(title)}</b><p>{escape(line)}</p></a>"
    )


def link_row(rows: Iterable[tuple[str, str]]) -> str:
    """Links beside each other: rows of (text, address)."""
    return f'<div class="lt-linkrow">{"".join(link(text, address) for text, address in rows)}</div>'


def zoomed(width: int, height: int, factor: float, grey: bool) -> str:
    """The sheet that enlarges the printed figure beside it, (width, height) in pixels, and turns it grey."""
    return (
        f"<style>.st-key-print {{ width: {width * factor:.0f}px; min-height: {height * factor:.0f}px; }} "
        f".st-key-print .svg-container {{ transform: scale({factor}); filter: grayscale({int(grey)}); }}</style>"
    )
