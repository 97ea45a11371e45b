"""The table of what a figure draws: a row per point, with the trace it is of."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

COORDINATES = ("x", "y", "z", "lon", "lat", "text")
TAG = re.compile(r"<[^>]*>")


def figure_table(chart: go.Figure) -> pd.DataFrame:
    """Columns series, x, y ... as the figure has them, and the ends of its error bars; markup is taken out."""
    parts = [part for place, trace in enumerate(chart.data) if len(part := _trace_table(trace, place))]
    if not parts:
        return pd.DataFrame()
    return pd.concat(parts, ignore_index=True).dropna(axis="columns", how="all")


def _trace_table(trace: Any, place: int) -> pd.DataFrame:
    columns = {name: _values(getattr(trace, name, None)) for name in COORDINATES if name in trace}
    if "z" in columns and columns["z"].ndim == 2:
        return _grid(columns, trace, place)
    length = max((len(values) for values in columns.values() if values.ndim == 1), default=0)
    kept = {
        name: values for name, values in columns.items() if values.ndim == 1 and len(values) == length > 0
    }
    for axis in ("x", "y"):
        errors = getattr(trace, f"error_{axis}", None)
        if errors is not None and errors.array is not None and axis in kept:
            up = _values(errors.array)
            down = up if errors.arrayminus is None else _values(errors.arrayminus)
            if len(up) == len(down) == length:
                middle = pd.to_numeric(pd.Series(kept[axis]), errors="coerce").to_numpy(float)
                kept |= {
                    f"{axis} low": middle - down.astype(float),
                    f"{axis} high": middle + up.astype(float),
                }
    table = pd.DataFrame({name: list(map(_plain, values)) for name, values in kept.items()})
    if len(table):
        table.insert(0, "series", _plain(trace.name) or f"{trace.type} {place + 1}")
    return table


def _grid(columns: dict[str, Any], trace: Any, place: int) -> pd.DataFrame:
    """A row per cell of a heat map."""
    cells = columns["z"]
    rows, across = np.indices(cells.shape)
    names = {}
    for axis, positions in (("x", across), ("y", rows)):
        labels = columns.get(axis, np.array([]))
        known = labels.ndim == 1 and len(labels) > positions.max(initial=0)
        names[axis] = [_plain(labels[at]) if known else int(at) for at in positions.ravel()]
    table = pd.DataFrame({**names, "z": list(map(_plain, cells.ravel()))})
    table.insert(0, "series", _plain(trace.name) or f"{trace.type} {place + 1}")
    return table


def _values(values: Any) -> Any:
    if values is None or isinstance(values, str):
        return np.array([], dtype=object)
    found = np.asarray(values)
    return found if found.dtype != object or found.ndim > 1 else np.array(list(values), dtype=object)


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return " ".join(TAG.sub(" ", cell).split())
    return cell.item() if isinstance(cell, np.generic) else cell
