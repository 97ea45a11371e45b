"""HTML of the report on laws of language: a row a law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyses.laws.verdicts import Verdict
from workbench.markup.highlight import link
from workbench.markup.templates import escape


@dataclass(frozen=True)
class Row:
    """title, asks: the law. address: of the page that shows it. verdict: None until measured, at this cost."""

    title: str
    asks: str
    address: str
    verdict: Verdict | None
    cost: str = ""


def verdicts(rows: Iterable[Row]) -> str:
    """The laws as a table: figure of the latents, its control, the verdict."""
    head = "".join(f"<th>{name}</th>" for name in ("Law", "Latents", "Control", "Verdict"))
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f'<table class="lt-table lt-verdicts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(row: Row) -> str:
    name = link(row.title, row.address, "lt-title")
    title = f'<td>{name}<br><span class="lt-rest">{escape(row.asks)}</span></td>'
    if row.verdict is None:
        return f'{title}<td>–</td><td>–</td><td><span class="lt-rest">Not measured: {escape(row.cost)}.</span></td>'
    one = row.verdict
    return f"{title}<td>{escape(one.figure)}</td><td>{escape(one.control)}</td><td>{escape(one.verdict)}</td>"
