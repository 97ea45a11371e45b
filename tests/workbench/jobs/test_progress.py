"""Progress: each stage has its own clock, and the same stage of the next SAE or text begins anew."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from workbench.jobs.progress import StageProgress, StatusFile


def test_a_stage_that_comes_again_has_a_clock_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(10, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    with StageProgress(seconds_between_lines=0) as report:
        for _ in range(2):
            for done in (0, 25, 50, 100):
                report("Encode", done, 100)
    lines = capsys.readouterr().err.splitlines()
    once = ["Encode: 0% (0 s)", "Encode: 25% (10 s, about 30 s left)", "Encode: 50% (20 s, about 20 s left)",
            "Encode: 100% (30 s)"]  # fmt: skip
    assert lines == once * 2


def test_a_share_that_was_shown_never_falls_as_the_estimate_of_the_total_grows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with StageProgress(seconds_between_lines=0) as report:
        for done, total in (
            (0, 100),
            (54, 100),
            (55, 110),
            (60, 150),
            (149, 150),
            (150, 150),
            (0, 10),
            (1, 10),
        ):
            report("Encode", done, total)
    shares = [int(line.split()[1].rstrip("%")) for line in capsys.readouterr().err.splitlines()]
    assert shares == [0, 54, 54, 54, 99, 100, 0, 10]


def test_a_status_adds_up_what_a_stage_took(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = iter((0.0, 4.0, 10.0, 13.0, 20.0))
    monkeypatch.setattr(time, "time", lambda: next(clock))
    status = StatusFile(tmp_path / "status.json")
    for stage, done in (("Encode", 0), ("Encode", 2), ("Encode", 0), ("Encode", 2), ("Train", 0)):
        status.report(stage, done, 2, "")
    written = json.loads((tmp_path / "status.json").read_text())
    assert written["stage"] == "Train"
    assert written["finished"] == {"Encode": 4.0 + 3.0}
