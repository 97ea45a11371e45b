"""`workbench app` is the server: no process waits for it, and a signal to it ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workbench.page.serve import SERVER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="a process becomes another one on POSIX systems alone"),
]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The app's process, and its address once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.cli", "app", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
    )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{found[0]}/_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield process, found[0]
    process.kill()


def test_the_process_is_the_server_and_ends_at_a_signal(app: tuple[subprocess.Popen[str], str]) -> None:
    process, address = app
    itself = psutil.Process(process.pid)
    assert str(SERVER) in itself.cmdline()
    assert not itself.children(), "no second process holds what the first one loaded"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in (0, -signal.SIGTERM)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
