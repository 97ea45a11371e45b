"""A table for a paper, as files: LaTeX (booktabs), CSV with every digit, Markdown, and its provenance as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.figures.style.print_style import Width
from data.csv_text import csv_of
from data.files import new_file, write_json

LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "−": "$-$",
        "±": r"$\pm$",
        "·": r"$\cdot$",
        "–": "--",
        "[": "{[}",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "β": r"$\beta$",
        "…": r"\ldots{}",
        "|": r"\textbar{}",
    }
)
MARKDOWN = str.maketrans(
    {
        "\\": "\\\\",
        "|": r"\|",
        "&": "&amp;",
        "<": "&lt;",
        "*": r"\*",
        "_": r"\_",
        "`": r"\`",
        "[": r"\[",
        "~": r"\~",
        "$": r"\$",
    }
)
MARKED = re.compile("⟨([^⟨⟩]*)⟩")  # what a cell marks in a text: bold in print
LONG, WIDE = (
    28,
    0.86,
)  # letters from which a column breaks its lines; what such columns share of the page's width


def latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A booktabs table of text cells, escaped: the first column left, the others right, long ones as paragraphs."""
    columns = "".join(_alignments(table))
    kind = "table*" if "p{" in columns else "table"
    rows = [
        " & ".join(map(escaped, table.columns)),
        *(" & ".join(map(escaped, row)) for row in table.to_numpy()),
    ]
    head, *body = (row + r" \\" for row in rows)
    lines = [
        rf"\begin{{{kind}}}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        rf"\end{{{kind}}}",
        "",
    ]
    return "\n".join(lines)


def latex_figure(name: str, caption: str, width: Width) -> str:
    """A figure's environment, of a column or of the page's width."""
    kind, size = ("figure", r"\columnwidth") if width == "column" else ("figure*", r"\textwidth")
    lines = [
        rf"\begin{{{kind}}}",
        r"\centering",
        rf"\includegraphics[width={size}]{{{name}.pdf}}",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{fig:{name}}}",
        rf"\end{{{kind}}}",
        "",
    ]
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> str:
    """A GitHub table of text cells; what would end a cell or a line, or be read as Markdown or HTML, is escaped."""
    rows = [list(map(_cell, table.columns)), ["---"] * table.shape[1]]
    rows += [list(map(_cell, row)) for row in table.to_numpy()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def escaped(text: object) -> str:
    """Any text as LaTeX prints it, ⟨marked⟩ in bold; control signs and line breaks become spaces."""
    marked = MARKED.sub(r"\\textbf{\1}", _printable(text).translate(LATEX))
    return marked.replace("⟨", r"$\langle$").replace("⟩", r"$\rangle$")


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
        "csv": lambda: csv_of(table),
    }
    for ending, text in texts.items():
        with new_file(folder / f"{name}.{ending}") as temporary:
            temporary.write_text(text(), encoding="utf-8")
    write_json(folder / f"{name}.json", dict(provenance))


def _cell(text: object) -> str:
    """Any text as a Markdown cell; addresses in it become no links."""
    plain = _printable(text).translate(MARKDOWN).replace("://", "&#58;//").replace("www.", "www&#46;")
    return MARKED.sub(r"<b>\1</b>", plain)


def _printable(text: object) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


def _alignments(table: pd.DataFrame) -> list[str]:
    """l, r, or p{...} for columns of long texts, which share the page's width as the roots of their lengths do."""
    longest = [max([len(str(cell)) for cell in table[name]], default=0) for name in table.columns]
    if not any(length > LONG for length in longest[1:]):
        return ["l", *"r" * (table.shape[1] - 1)]
    short = sum(length + 2 for length in longest if length <= LONG)
    long = sum(length**0.5 for length in longest if length > LONG)
    share = max(WIDE - short / 110, 0.4)  # some 110 letters fit on a line
    return [
        f"p{{{share * length**0.5 / long:.2f}\\linewidth}}" if length > LONG else "l" if place == 0 else "r"
        for place, length in enumerate(longest)
    ]
