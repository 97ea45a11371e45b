"""The small menu beside each chart: SVG, PNG and the table of what is drawn, each made when it is asked for.

The reader's own browser saves the picture that it shows, at once. In the dark theme, whose ink is for a dark
ground, a browser beside the app draws it on white, if the app may start one.
"""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from data.csv_text import csv_of
from workbench import ASSETS
from workbench.findings.pictures import chart_json, drawn
from workbench.page.evidence import record
from workbench.page.sharing import offers

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
# The button that `save_chart.js` presses; style.css hides it.
CONFIG: dict[str, Any] = {"displayModeBar": True, "displaylogo": False, "modeBarButtons": [["toImage"]]}
SAVE = st.components.v2.component(
    "save_chart",
    html='<div><button data-kind="svg">SVG</button><button data-kind="png">PNG</button></div>',
    css=(ASSETS / "save_chart.css").read_text(encoding="utf-8"),
    js=(ASSETS / "save_chart.js").read_text(encoding="utf-8"),
)


def name_of(key: str) -> str:
    """A file's name, of the page and the chart."""
    return "-".join(re.findall(r"[a-z0-9]+", f"{record.current().page} {key}".lower())[:6]) or "chart"


@st.fragment
def menu(key: str) -> None:
    """A button that opens on the downloads of the chart that is shown under a key."""
    shown = record.current().shown.get(key)
    name = name_of(key)
    box = st.popover(
        "Save",
        icon=":material/download:",
        type="tertiary",
        key=f"take-{name}",
        on_change="rerun",
        help="This chart as SVG, PNG or CSV",
    )
    if not box.open or shown is None or shown.chart is None:
        return
    chart = shown.chart
    with box:
        if st.context.theme.type == "dark" and offers.may("start jobs"):
            for kind, mime in KINDS.items():
                st.download_button(
                    kind.upper(),
                    lambda kind=kind: drawn([chart_json(chart)], kind)[0],  # type: ignore[misc]
                    f"{name}.{kind}",
                    mime,
                    on_click="ignore",
                    width="stretch",
                    key=f"save {kind} {key}",
                    help="Drawn on a white ground, in some seconds",
                )
        else:
            SAVE(key=f"save {key}", data={"figure": f"figure-{name}", "name": name})
        st.download_button(
            "CSV",
            lambda: csv_of(shown.numbers),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            width="stretch",
            key=f"save csv {key}",
        )
