"""The one place that says what the page that runs has shown; pins, downloads and copies read it.

    frame.show(chart, "evaluation", table=table, call=call(evaluation_table, study))

A page without a figure says `record("words", table=table, call=...)`. A chart that comes without a table has the
table of what it draws.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from retrieval.study import Study
from workbench.page import selection
from workbench.page.evidence.call import Call
from workbench.page.evidence.figure_table import figure_table

STATE = "evidence of the page"


@dataclass(frozen=True)
class Shown:
    """A chart, the table behind it, and the call that gives the table; each may be missing."""

    chart: go.Figure | None = None
    table: pd.DataFrame | None = None
    call: Call | None = None

    @property
    def numbers(self) -> pd.DataFrame:
        """Its table; else what its chart draws."""
        if self.table is not None:
            return self.table
        return pd.DataFrame() if self.chart is None else figure_table(self.chart)


@dataclass
class Evidence:
    """What a page shows, in order. title: its heading. parameters: its address when it was drawn."""

    page: str = ""
    study: Study | None = None
    title: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)

    @property
    def first_chart(self) -> go.Figure | None:
        return next((one.chart for one in self.shown.values() if one.chart is not None), None)

    @property
    def main(self) -> Shown | None:
        """What the page is about: the first table with a call, else with a table of its own, else the first."""
        ranked = sorted(self.shown.values(), key=lambda one: (one.call is None, one.table is None))
        return ranked[0] if ranked else None


def begin() -> None:
    """Forget what was shown: a page's run begins."""
    _session()[STATE] = Evidence(selection.page())


def opened(study: Study) -> None:
    """The study that the page is of."""
    current().study = study


def titled(title: str) -> None:
    """The page's heading."""
    current().title = title


def record(
    key: str, chart: go.Figure | None = None, table: pd.DataFrame | None = None, call: Call | None = None
) -> None:
    """Say what stands on the page under a key; what is said twice is the later, and adds to the earlier."""
    shown = current().shown
    before = shown.get(key, Shown())
    given = {"chart": chart, "table": table, "call": call}
    shown[key] = replace(before, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def current() -> Evidence:
    """What the page has shown so far."""
    found: Evidence = _session().setdefault(STATE, Evidence())
    return found


def finish() -> Evidence:
    """What the page has shown, with the address that leads back to it."""
    evidence = current()
    address = selection.written(selection.page(), selection.current())
    evidence.parameters = {name: value for name, value in address.items() if name != "study"}
    return evidence


def _session() -> MutableMapping[str, Any]:
    return st.session_state  # type: ignore[return-value]
