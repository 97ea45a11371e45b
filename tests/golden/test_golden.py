"""What every verb answered on a study of format 1 before its code was moved about, it answers today.

`study_format_1.tar.xz` was made by version 0.1.0 from docstrings of this project; `before.json` is what its command
line said of it (`record.py` records). More may be told today, never less, and old names of verbs go on working.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("golden_record", HERE / "record.py")
assert _spec is not None
assert _spec.loader is not None
record = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = record
_spec.loader.exec_module(record)

EXACT = "WORKBENCH_GOLDEN_EXACT"
BEFORE: dict[str, Any] = json.loads((HERE / "before.json").read_text(encoding="utf-8"))
ANSWERS = [each for each in BEFORE["answers"] if each["arguments"][0] != "complete"]
SLOW = {line.split()[0] + line.split()[1] for _, line in record.SLOW}


def _name(told: dict[str, Any]) -> str:
    return " ".join(told["arguments"]).replace("{", "").replace("}", "")


def _is_slow(told: dict[str, Any]) -> bool:
    return "".join(told["arguments"][:2]) in SLOW


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, unpacked."""
    unpacked = tmp_path_factory.mktemp("golden")
    with tarfile.open(HERE / "study_format_1.tar.xz") as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked


@pytest.mark.parametrize("told", [each for each in ANSWERS if not _is_slow(each)], ids=_name)
def test_answers(told: dict[str, Any], folder: Path) -> None:
    """Same words and counts; numbers up to rounding."""
    now = record.answer(told["arguments"], told["reads"], folder)
    assert not record.compared(told, now, exact=False)


@pytest.mark.skipif(EXACT not in os.environ, reason=f"set {EXACT} on the machine that recorded")
@pytest.mark.parametrize("told", ANSWERS, ids=_name)
def test_bits(told: dict[str, Any], folder: Path) -> None:
    """The same, and every number equal to the bit."""
    now = record.answer(told["arguments"], told["reads"], folder)
    assert not record.compared(told, now, exact=True)


def test_an_old_study_lacks_only_what_is_new(folder: Path) -> None:
    """The evaluation of new systems, scoring and match. All else that it keeps is found behind the new layout, and
    not made a second time."""
    (before,) = (each for each in BEFORE["answers"] if each["arguments"][0] == "complete")
    assert before["output"] == "study lacks nothing."
    made = record.answer(before["arguments"], before["reads"], folder).made
    assert made == ["per_query.parquet", "why/match.parquet", "why/scoring.parquet"]


@pytest.mark.parametrize("verb", sorted(BEFORE["verbs"]))
def test_options(verb: str) -> None:
    """Every verb is still there and takes every option that it took."""
    now = record.options(verb)
    assert now
    assert set(BEFORE["verbs"][verb]) <= set(now)
