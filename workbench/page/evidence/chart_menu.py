"""The small menu beside each chart: SVG, PNG and the table of what is drawn, each made when it is asked for."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from data.csv_text import csv_of
from workbench.findings.pictures import chart_json, drawn
from workbench.markup import highlight
from workbench.page.evidence import record
from workbench.page.sharing import offers

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
# Where this app starts no browser, the reader's own draws the picture.
CAMERA: dict[str, Any] = {
    "displayModeBar": "hover",
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg"},
}


def config() -> dict[str, Any]:
    """What plotly itself offers on a chart."""
    return {"displayModeBar": False} if offers.may("start jobs") else CAMERA


def name_of(key: str) -> str:
    """A file's name, of the page and the chart."""
    return "-".join(re.findall(r"[a-z0-9]+", f"{record.current().page} {key}".lower())[:6]) or "chart"


@st.fragment
def menu(key: str) -> None:
    """A button that opens on the downloads of the chart that is shown under a key."""
    shown = record.current().shown.get(key)
    box = st.popover(
        "Save",
        icon=":material/download:",
        type="tertiary",
        key=f"take-{name_of(key)}",
        on_change="rerun",
        help="This chart as SVG, PNG or CSV",
    )
    if not box.open or shown is None or shown.chart is None:
        return
    chart, name = shown.chart, name_of(key)
    with box:
        for kind, mime in KINDS.items() if offers.may("start jobs") else ():
            st.download_button(
                kind.upper(),
                lambda kind=kind: drawn([chart_json(chart)], kind)[0],  # type: ignore[misc]
                f"{name}.{kind}",
                mime,
                on_click="ignore",
                width="stretch",
                key=f"take {key} {kind}",
            )
        st.download_button(
            "CSV",
            lambda: csv_of(shown.numbers),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
            width="stretch",
            key=f"take {key} csv",
        )
        if not offers.may("start jobs"):
            st.html(highlight.note("As a picture: the camera that appears on the chart."))
