"""Start the app on this machine only, at an address that is printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from threading import Timer

from data.errors import UserError
from workbench.artifacts import artifacts

APP = Path(__file__).with_name("app.py")


def app_command(studies: Sequence[Path], port: int) -> list[str]:
    """The command that serves the app on 127.0.0.1."""
    return [
        *(sys.executable, "-m", "streamlit", "run", str(APP)),
        *("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"),
        *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
        *("--", *(str(study.resolve()) for study in studies)),
    ]


def serve_app(studies: Sequence[Path], port: int = 8501) -> None:
    """Serve the app until it is interrupted; opens a browser where there is a screen."""
    studies = studies or [artifacts() / "studies"]
    for study in studies:
        if not study.is_dir():
            raise UserError(f"{study} is not a folder: expected a study, or a folder of studies")
    port = _free_port(port)
    address = f"http://127.0.0.1:{port}"
    print(f"The workbench is open at {address} (Ctrl-C closes it)", flush=True)
    if os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32"):
        Timer(2.0, webbrowser.open, [address]).start()
    server = subprocess.Popen(app_command(studies, port), stdout=subprocess.DEVNULL)
    try:
        server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
    if server.returncode not in (0, -15, 130):
        raise UserError(f"the app stopped with status {server.returncode}: its messages are above")


def _free_port(port: int) -> int:
    """`port`, or a free one where it is taken."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UserError(f"port {port} cannot be opened: choose another with --port")
