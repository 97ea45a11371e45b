"""A page's own code, timed in this process by Streamlit's test harness: what a server does for a page."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

SCRIPT = """
import time
import streamlit as st
from workbench.page import frame, links, selection
view = frame.view(links.PAGES["{page}"])
selection.arrive()
start = time.perf_counter()
view.page()
st.session_state["seconds"] = time.perf_counter() - start
"""


def prepare(study: Path) -> None:
    """Have the pages show this study."""
    logging.disable(logging.WARNING)  # Streamlit warns that no server runs
    sys.argv = ["app", str(study)]


def run_page(page: str, **address: object) -> float:
    """Milliseconds from the selection to the elements that are sent; a page that fails ends the benchmark."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_string(SCRIPT.format(page=page), default_timeout=600)
    for name, value in address.items():
        app.query_params[name] = str(value)
    app.run()
    if app.exception or "seconds" not in app.session_state:
        raise SystemExit(f"the page {page} failed: {app.exception}")
    return 1000 * float(app.session_state["seconds"])


def wait_for_background() -> None:
    """Wait for what a study that was just opened does in the background."""
    for thread in threading.enumerate():
        if "warm" in thread.name:
            thread.join()
