"""How an object shows itself in a notebook: a title, facts, a table, and notes, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from numbers import Integral, Real

import pandas as pd

from data.visible import visible

MOST_ROWS = 12


def panel(
    title: str,
    facts: Mapping[str, object] | None = None,
    table: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The HTML of one object; of a longer table its first MOST_ROWS rows, which a note says."""
    parts = [f"<strong>{_text(title)}</strong>"]
    if facts:
        parts.append(" · ".join(f"{_text(name)} <b>{_text(value)}</b>" for name, value in facts.items()))
    parts += [_text(note) for note in notes]
    html = "".join(f"<div>{part}</div>" for part in parts)
    if table is None:
        return html
    shown = table.head(MOST_ROWS)
    head = "".join(f"<th>{_text(name)}</th>" for name in shown)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_text(value)}</td>" for value in row) + "</tr>"
        for row in shown.itertuples(index=False, name=None)
    )
    left = len(table) - len(shown)
    more = f"<div>and {left:,} more rows</div>" if left > 0 else ""
    return f"{html}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _text(value: object) -> str:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return f"{int(value):,}"
    if isinstance(value, Real) and not isinstance(value, bool):
        return "" if value != value else f"{float(value):.4g}"
    return escape(visible(str(value)))
