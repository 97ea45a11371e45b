"""What axe-core finds wrong on a page: contrast, names of controls, roles."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import pytest

# The label of a widget that is switched off is pale by Streamlit; WCAG 1.4.3 asks no contrast of these.
SWITCHED_OFF = "[data-testid=stWidgetLabel][disabled]"
RUN = "off => axe.run({exclude: [[off]]}, {resultTypes: ['violations'], iframes: false})"


@cache
def _script() -> str:
    axe = pytest.importorskip("axe_playwright_python", reason="needs the package axe-playwright-python")
    return files(axe).joinpath("axe.min.js").read_text(encoding="utf-8")


def findings(page: Any) -> list[str]:
    """The rule, the element and what is wrong, of each serious or critical finding."""
    page.wait_for_function("!document.querySelector('[data-stale=true]')")  # what is old is shown pale
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in page.evaluate(RUN, SWITCHED_OFF)["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
