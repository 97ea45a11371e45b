"""Text for a terminal: no character of it is obeyed, and every verb prints through the one function."""

from __future__ import annotations

import ast
import json
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.terminal import printable, printable_json, say
from workbench.jobs.progress import StageProgress
from workbench.verbs.printing import print_json, print_table

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe\u2066\x7f\r\x08 [red]not a colour[/red] \ud800"
REPOSITORY = Path(__file__).parents[2]


def is_tame(text: str) -> bool:
    kinds = {unicodedata.category(letter) for letter in text if letter not in "\n\t"}
    directions = {unicodedata.bidirectional(letter) for letter in text}
    return not kinds & {"Cc", "Cs"} and not directions & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"
    }  # fmt: skip


@given(st.text(st.characters()))
def test_nothing_that_is_printed_is_obeyed(text: str) -> None:
    assert is_tame(printable(text))
    value = {"text": text}
    written = printable_json(json.dumps(value, ensure_ascii=False))
    assert is_tame(written)
    assert json.loads(written) == value


def test_what_is_readable_stays() -> None:
    text = "Zürich, 東京, हिन्दी, שלום, a\tb\n‘quotes’ 👩‍🔬"
    assert printable(text) == text
    assert printable("\x1b[31m\u202e") == r"\x1b[31m\u202e"


def test_tables_lines_json_and_progress_print_hostile_text_as_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = HOSTILE.removesuffix(" \ud800")  # pandas has no half of a pair
    print_table(pd.DataFrame({whole: [whole], "score": [1.0]}))
    print_json({HOSTILE: HOSTILE})
    say(HOSTILE, HOSTILE, file=sys.stderr)
    with StageProgress() as progress:
        progress(HOSTILE, 1, 1, HOSTILE)
        progress.reused(HOSTILE, HOSTILE)
    printed = capsys.readouterr()
    assert is_tame(printed.out)
    assert is_tame(printed.err)
    assert "[red]" in printed.err
    assert r"\x1b" in printed.out


def test_no_verb_prints_by_itself() -> None:
    for file in [*(REPOSITORY / "workbench").rglob("*.py"), *(REPOSITORY / "analyses").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            prints = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            )
            assert not prints, f"{file}:{getattr(node, 'lineno', 0)} prints past data.terminal.say"
