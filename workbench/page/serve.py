"""Start the app on this machine only, at an address that is printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from analyses.labels.explanation_model import KEY_URL, check_address
from data import permissions
from data.errors import UserError
from data.terminal import say
from workbench.jobs.artifacts import artifacts
from workbench.page.sharing.gate import OWN_NAMES, host_name

SERVER = Path(__file__).parents[1] / "server.py"
ENGINE = "WORKBENCH_ENGINE"  # where the address of a search engine stands for the app's process
OPEN_BROWSER = "import sys, time, webbrowser; time.sleep(2); webbrowser.open(sys.argv[1])"


@dataclass(frozen=True)
class Sharing:
    """Who may reach the app, and what for.

    hosts: names beside this machine's own. read_only: who reads changes nothing. model_url: address of the language
    model, to which alone the key goes; "" for what the environment says. engine: address of a search engine that
    ranks too; "" for none.
    """

    hosts: Sequence[str] = ()
    read_only: bool = False
    model_url: str = ""
    engine: str = ""

    def environment(self) -> dict[str, str]:
        """The environment of the app's process."""
        environment = dict(os.environ)
        if self.read_only:
            environment[permissions.VARIABLE] = "1"
        if self.model_url:
            check_address(self.model_url)
            environment[KEY_URL] = self.model_url
        environment |= {ENGINE: self.engine} if self.engine else {}
        return environment


PRIVATE = Sharing()


def app_command(studies: Sequence[Path], port: int, hosts: Sequence[str] = ()) -> list[str]:
    """The command that serves the app on 127.0.0.1, to this machine's names and those in `hosts`."""
    names = dict.fromkeys((*OWN_NAMES, *map(host_name, hosts)))
    return [
        *(sys.executable, "-m", "streamlit", "run", str(SERVER)),
        *("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"),
        *(word for name in names for word in ("--server.allowedHosts", name)),
        *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
        *("--logger.hideWelcomeMessage", "true"),
        *("--", *(str(study.resolve()) for study in studies)),
    ]


def serve_app(studies: Sequence[Path], port: int = 8501, sharing: Sharing = PRIVATE) -> None:
    """Serve the app until it is interrupted, by this very process; opens a browser where there is a screen."""
    studies = studies or [artifacts() / "studies"]
    for study in studies:
        if not study.is_dir():
            raise UserError(f"{study} is not a folder: expected a study, or a folder of studies")
    port = _free_port(port)
    address = f"http://127.0.0.1:{port}"
    command = app_command(studies, port, sharing.hosts)
    say(f"The workbench is open at {address} (Ctrl-C closes it)", flush=True)
    if sharing.read_only:
        sends = f"nothing but queries to {sharing.engine}" if sharing.engine else "nothing"
        say(f"Read-only: it starts nothing, writes nothing, sends {sends} and opens no path", flush=True)
    environment = sharing.environment()
    if os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32"):
        subprocess.Popen([sys.executable, "-c", OPEN_BROWSER, address], env=environment)
    if os.name == "posix":
        _become(command, environment)
    sys.exit(subprocess.call(command, stdout=subprocess.DEVNULL, env=environment))


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Go on as the server itself: what this process loaded is given back, and a signal to it ends the server."""
    sys.stdout.flush()
    sys.stderr.flush()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # Streamlit's own address, which ours stands for
    os.execve(command[0], list(command), environment)


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
