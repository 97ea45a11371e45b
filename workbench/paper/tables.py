"""A table for a paper, as files: LaTeX (booktabs), CSV with every digit, Markdown, and its provenance as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.figures.print_style import Width
from data.files import new_file, write_json

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
        "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
        ">": r"\textgreater{}", "−": "$-$", "±": r"$\pm$", "·": r"$\cdot$", "–": "--",
    }
)  # fmt: skip


def latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A booktabs table of text cells: the first column left, the others right; everything in it is escaped."""
    columns = "l" + "r" * (table.shape[1] - 1)
    rows = [
        " & ".join(map(escaped, table.columns)),
        *(" & ".join(map(escaped, row)) for row in table.to_numpy()),
    ]
    head, *body = (row + r" \\" for row in rows)
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{escaped(caption)}}}", rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
        r"\end{tabular}", r"\end{table}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def latex_figure(name: str, caption: str, width: Width) -> str:
    """A figure's environment, of a column or of the page's width."""
    kind, size = ("figure", r"\columnwidth") if width == "column" else ("figure*", r"\textwidth")
    lines = [
        rf"\begin{{{kind}}}", r"\centering", rf"\includegraphics[width={size}]{{{name}.pdf}}",
        rf"\caption{{{escaped(caption)}}}", rf"\label{{fig:{name}}}", rf"\end{{{kind}}}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> str:
    """A GitHub table of text cells; what would end a cell or a line is escaped."""
    rows = [list(map(_cell, table.columns)), ["---"] * table.shape[1]]
    rows += [list(map(_cell, row)) for row in table.to_numpy()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def escaped(text: object) -> str:
    """Any text as LaTeX prints it; control signs and line breaks become spaces."""
    plain = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return plain.translate(LATEX)


def write_table(
    folder: Path,
    name: str,
    table: pd.DataFrame,
    shown: pd.DataFrame,
    caption: str,
    provenance: Mapping[str, Any],
) -> None:
    """NAME.csv holds `table`, NAME.tex and NAME.md what of it is `shown`, NAME.json how it was made."""
    texts: dict[str, Callable[[], str]] = {
        "tex": lambda: latex(shown, caption, f"tab:{name}"),
        "md": lambda: markdown(shown),
        "csv": lambda: table.to_csv(index=False),
    }
    for ending, text in texts.items():
        with new_file(folder / f"{name}.{ending}") as temporary:
            temporary.write_text(text(), encoding="utf-8")
    write_json(folder / f"{name}.json", dict(provenance))


def _cell(text: object) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
