"""Names on an axis: cut to a length, linked to a page, and ranks in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.figures.style.theme import plain


def cut(text: str, longest: int) -> str:
    """The text in `longest` characters at most: a sentence loses its end, a name such as `sklearn.SVC` its middle.

    A name begins with where a thing is and ends with what it is, so its end gets the larger part.
    """
    if len(text) <= longest:
        return text
    if any(map(str.isspace, text)):
        return text[: longest - 1] + "…"
    head = (longest - 1) // 3
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def linked(text: str, address: str | None) -> str:
    """Text of a collection as plotly's HTML, a link where there is an address."""
    return f'<a href="{plain(address)}" style="color:#2A7AB5">{plain(text)}</a>' if address else plain(text)


def rank_text(rank: Any) -> str:
    """A rank in words; <NA> is a document that was not found."""
    return "not found" if pd.isna(rank) else f"rank {int(rank):,}"


def is_beyond(rank: Any, depth: int) -> bool:
    """Whether a rank (<NA> for none) is not among the first `depth`."""
    return bool(pd.isna(rank)) or int(rank) > depth
