"""All findings as an executed notebook (Jupyter's format 4.5): each one's call as Python, with its output in place.

Where no call gives a finding's table, its cell holds the rows that were kept, and says so.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from typing import Any

from retrieval.study import Study
from workbench.findings.markdown_zip import fenced, plain
from workbench.findings.printed import Printed

ROWS = 20
KEPT = "# No call gives this table: these are its rows as they were pinned.\n"


def notebook(study: Study, some: Sequence[Printed]) -> str:
    """The text of the .ipynb."""
    cells = [_text("title", f"# Findings in {plain(study.name)}")]
    section, count = "", 0
    for one in some:
        if one.finding.section != section:
            section = one.finding.section
            cells.append(_text(f"section-{one.number}", f"## {plain(section or 'Others')}"))
        cells.append(_text(f"text-{one.number}", _words(one)))
        if one.finding.table or one.finding.picture or one.finding.chart:
            count += 1
            cells.append(_code(one, count))
    language = {"name": "python", "version": platform.python_version()}
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": language,
    }
    return (
        json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)
        + "\n"
    )


def source_of(one: Printed) -> str:
    """Python that leaves `table`: the finding's call, else the rows that were kept."""
    if one.finding.python:
        return f"{one.finding.python.rstrip()}\ntable"
    if not one.finding.table:
        return "# This view has no table."
    kept = json.loads(one.finding.table)
    rows = "\n".join(f"    {row!r}," for row in kept["rows"])
    table = f"table = pd.DataFrame(rows, columns={kept['columns']!r})"
    return f"{KEPT}import pandas as pd\n\nrows = [\n{rows}\n]\n{table}\ntable"


def _words(one: Printed) -> str:
    facts = [one.origin, *(f"{name} = {value}" for name, value in one.address)]
    lines = [
        f"### {plain(one.finding.title)}",
        "",
        *(f"{plain(line)}  " for line in one.finding.note.split("\n")),
    ]
    lines += ["", plain("; ".join(facts))]
    if one.finding.command:
        lines += ["", *fenced(one.finding.command, "sh")]
    return "\n".join(lines)


def _text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def _code(one: Printed, count: int) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = []
    if one.finding.picture or one.finding.chart:
        data: dict[str, Any] = {"text/plain": "<picture>"}
        if one.finding.picture:
            data["image/svg+xml"] = one.finding.picture
        else:
            data["application/vnd.plotly.v1+json"] = json.loads(one.finding.chart)
        outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    if one.finding.table:
        frame = one.finding.frame().head(ROWS)
        shown = {"text/plain": frame.to_string(), "text/html": frame.to_html(escape=True, border=0)}
        outputs.append(
            {"output_type": "execute_result", "execution_count": count, "data": shown, "metadata": {}}
        )
    return {
        "cell_type": "code",
        "id": f"code-{one.number}",
        "metadata": {},
        "execution_count": count,
        "source": source_of(one),
        "outputs": outputs,
    }
