"""A bounded sample of the campaign (campaign.py): the whole is `make campaign`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
def test_a_sample_of_the_campaign_finds_nothing() -> None:
    """Damage in a study and an SAE, also such that the study calls sound: no fault, no other answer, no crash."""
    command = [sys.executable, str(HERE / "campaign.py"), "--only", "damaged,crafted,saes", "--sample", "6"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent.parent, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", ended.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["damaged", "crafted", "saes"]
    assert all(int(tried) == int(same) + int(clear) == 6 for _, tried, same, clear in rows)
