"""The app in a headless browser: what tests, screenshots and timings of pages share.

Needs the package playwright and a Chromium: the one of the environment variable CHROMIUM, or the system's.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from data.errors import UserError
from workbench.page.links import FORMER, HOME
from workbench.page.serve import PRIVATE, Sharing, app_command

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STATE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState"
STILL = f"{STATE} === 'notRunning' && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')"
# Click a link on the page; true once the script has begun to run for it, which a poll of its state could miss.
# Where it still runs for something else, its state does not change; the address does.
FOLLOW = """([address, patience]) => new Promise(begun => {
  const app = document.querySelector('[data-testid=stApp]');
  const began = () => app.dataset.testScriptState !== 'notRunning';
  const { href, pathname } = location, same = new URL(address, href).pathname === pathname;
  const moved = () => same ? location.href !== href : location.pathname !== pathname;
  const observer = new MutationObserver(() => began() && end(true));
  const watch = setInterval(() => moved() && end(true), 20);
  const end = answer => { observer.disconnect(); clearInterval(watch); begun(answer); };
  observer.observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] });
  setTimeout(() => end(false), patience);
  const link = document.createElement('a');
  link.href = address;
  document.querySelector('[data-testid=stMain]').append(link);
  link.click();
  link.remove();
})"""
PATIENCE = 10_000  # milliseconds from a click to the run that it asks for


def chromium() -> str | None:
    """Path of a Chromium on this machine, None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def running_app(paths: Sequence[Path], sharing: Sharing = PRIVATE) -> Iterator[str]:
    """Start the app on some studies, yield its address on 127.0.0.1, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            app_command(paths, port, sharing.hosts),
            stdout=log,
            stderr=subprocess.STDOUT,
            env=sharing.environment(),
        )
        try:
            _wait_until_healthy(process, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def headless(width: int = 1440, height: int = 900, scale: float = 1.0) -> Iterator[Any]:
    """A context of a headless Chromium, in which pages open at this size."""
    path = chromium()
    if path is None:
        raise UserError("no Chromium found: install it, or set CHROMIUM to its path")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UserError("the package playwright is missing: install it with pip") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme="light"
        )
        browser.close()


def open_page(page: Any, address: str) -> None:
    """Go to an address of the app and wait until it has come to rest."""
    page.goto(address)
    page.wait_for_selector(".lt-heading, .lt-calm")
    settle(page)


def follow(page: Any, address: str) -> None:
    """Go to an address as a link on the page does, without loading the app again, and wait until it is at rest."""
    name = address.partition("?")[0]
    page.evaluate(FOLLOW, [address, PATIENCE])
    page.wait_for_function("path => location.pathname === path", arg="/" + FORMER.get(name, name))
    settle(page)


def visit(page: Any, address: str) -> None:
    """Go to an address of the app: as a link does in a tab that shows the app already, else by loading it.

    A link keeps what it does not name, so what this address does not name is cleared by an empty value.
    """
    app, _, place = address.rpartition("/")
    if (
        place not in ("", HOME)
        and page.url.startswith(f"{app}/")
        and page.locator(".lt-heading, .lt-calm").count()
    ):
        name, _, query = place.partition("?")
        named = parse_qs(query, keep_blank_values=True)
        others = "".join(f"&{key}=" for key in parse_qs(urlsplit(page.url).query) if key not in named)
        follow(page, f"{name}?{query}{others}")
    else:
        open_page(page, address)


def settle(page: Any) -> None:
    """Wait until the page's script has ended and nothing on it is old or still to come."""
    page.wait_for_function(STILL)


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise UserError(f"the app ended at once, with code {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise UserError(f"the app did not answer within {seconds:.0f} seconds")
