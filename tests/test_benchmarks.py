"""Two runs of all benchmarks are compared by their ratios, whatever the machine's moment."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from data.files import write_json

RUN = Path(__file__).parent.parent / "benchmarks" / "run.py"
RECORD: dict[str, Any] = {
    "quick": True,
    "machine": {},
    "results": {
        "encode": {"rows": [{"encoder": "ours, float32", "times sentence-transformers": "1.31"}]},
        "search": {
            "rows": [
                {"system": "ours", "threads": 1, "depth": 10, "times bm25s": 1.8},
                {"system": "scipy", "threads": 1, "depth": 10, "times bm25s": 0.1},
            ]
        },
        "train": {
            "tables": [
                [
                    {"8,192 latents": "ours", "tokens/s": 50_000},
                    {"8,192 latents": "SAELens", "tokens/s": 5_000},
                ]
            ]
        },
        "why": {"seconds": {"scoring": {"wall": 10.0, "processor": 18.0}}},
        "pages": {
            "nothing_ms": 100.0,
            "server": {"search": {"p50": 20, "p95": 50}},
            "screen": {"search": {"p50": 60, "p95": 120}},
        },
    },
}


def compared(tmp_path: Path, after: dict[str, Any]) -> str:
    write_json(tmp_path / "before.json", RECORD)
    write_json(tmp_path / "after.json", after)
    files = [str(tmp_path / f"{name}.json") for name in ("before", "after")]
    done = subprocess.run(
        [sys.executable, str(RUN), "--compare", *files],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return done.stdout


@pytest.mark.slow
def test_only_what_moved_is_named(tmp_path: Path) -> None:
    assert compared(tmp_path, RECORD).startswith("7 ratios compared")
    after = copy.deepcopy(RECORD)
    train = after["results"]["train"]["tables"][0]
    for row in train:
        row["tokens/s"] *= 3  # another machine: the ratio stays
    after["results"]["search"]["rows"][0]["times bm25s"] = 0.9
    after["results"]["pages"]["screen"]["search"]["p95"] = 150
    lines = compared(tmp_path, after).splitlines()
    assert lines[0] == "search: ours, 1 threads, depth 10: 1.80 -> 0.90 (-50%)"
    assert lines[1] == "pages: search, screen: 1.20 -> 1.50 (+25%)"
    assert len(lines) == 3
