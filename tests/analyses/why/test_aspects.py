"""The list of aspects is read by every page that asks whether a part of a study is kept: it must not load torch."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_list_of_aspects_needs_no_torch() -> None:
    code = "import sys, analyses.why.aspects; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
