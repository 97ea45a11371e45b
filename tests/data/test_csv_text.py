"""CSV that no spreadsheet runs, and that is the table all the same."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.csv_text import csv_of

FORMULAS = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\r=1",
    "\n=1",
    " =1",
    '=HYPERLINK("http://x")',
    "＝1",
)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_a_formula_is_text(formula: str, kind: str) -> None:
    table = pd.DataFrame({formula: pd.Series([formula, "plain"], dtype=kind)})
    assert rows(csv_of(table)) == [[f"'{formula}"], [f"'{formula}"], ["plain"]]


def test_numbers_dates_and_texts_that_are_numbers_stay() -> None:
    table = pd.DataFrame(
        {
            "float": [-1.5, np.nan],
            "int": [-3, 4],
            "id": ["-12", "+1e3"],
            "mixed": [-1.25, None],
            "yes": [True, False],
            "name": ["a-b", "it's = fine"],
            "sign": ["-", "="],
        }
    )  # fmt: skip
    assert csv_of(table) == table.to_csv(index=False)


def test_the_table_is_left_as_it_is_also_with_columns_of_one_name() -> None:
    table = pd.DataFrame([["=1", "=2"]], columns=["a", "a"])
    assert rows(csv_of(table)) == [["a", "a"], ["'=1", "'=2"]]
    assert table.iloc[0].tolist() == ["=1", "=2"]


def test_a_carriage_return_begins_no_row() -> None:
    assert rows(csv_of(pd.DataFrame({"a": ["x\r=1", "y"]}))) == [["a"], ["x\r=1"], ["y"]]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_no_cell_begins_as_a_formula_and_none_is_lost(texts: list[str]) -> None:
    written = [row[0] if row else "" for row in rows(csv_of(pd.DataFrame({"text": texts})))[1:]]
    assert [cell.removeprefix("'") for cell in written] == [text.removeprefix("'") for text in texts]
    for cell in written:
        begins = cell.lstrip(" ")[:1]
        assert len(cell) < 2 or begins == "" or begins not in "=+-@\t\r\n" or float(cell) == float(cell)


@pytest.mark.slow
def test_every_csv_of_the_project_is_written_here() -> None:
    repository = Path(__file__).parents[2]
    for room in ("data", "sae", "retrieval", "analyses", "workbench"):
        for file in (repository / room).rglob("*.py"):
            calls = [
                node
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
            ]
            names = [call.func.attr for call in calls if isinstance(call.func, ast.Attribute)]
            assert "to_csv" not in names or file.name == "csv_text.py", (
                f"{file} writes CSV by itself: use csv_of"
            )
