"""Caches of the Figures page: papers on disk, thumbnails, and figures drawn in another style."""

from __future__ import annotations

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image

from analyses.figures.style.print_style import Print, draw, drawing, noted, printed, read_chart
from data.errors import UserError
from data.files import read_json
from data.permissions import require
from workbench.paper.output.manifest import CHART, MANIFEST, Paper, read_paper

THUMBNAIL = 560  # pixels wide


def paper(folder: Path) -> Paper:
    """A paper as it stands now."""
    return _paper(folder, _modified(folder / MANIFEST))


def thumbnail(folder: Path, name: str) -> str:
    """A small picture of a figure, as an address that a page can show."""
    path = folder / f"{name}.png"
    return _thumbnail(path, _modified(path))


def chart(folder: Path, name: str) -> dict[str, Any]:
    """A figure before it is printed, as plotly's JSON has it."""
    path = folder / f"{name}.{CHART}"
    return _chart(path, _modified(path))


def drawn(folder: Path, name: str, style: Print, kind: str) -> bytes:
    """A figure as .pdf, .svg or .png: the file on disk, or drawn now where the style is another.

    A figure drawn now has the metadata of the file on disk, with its own style.
    """
    provenance = read_json(folder / f"{name}.json")
    file = folder / f"{name}.{kind}"
    if provenance.get("print") == vars(style) and file.is_file():
        return file.read_bytes()
    require("start jobs")  # a browser draws it
    return _drawn(folder / f"{name}.{CHART}", _modified(file), style, kind, json.dumps(provenance))


@st.cache_resource(show_spinner=False, max_entries=8)
def _paper(folder: Path, modified: int) -> Paper:
    return read_paper(folder)


@st.cache_data(show_spinner=False, max_entries=256)
def _thumbnail(path: Path, modified: int) -> str:
    small = BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((THUMBNAIL, 4 * THUMBNAIL))
        picture.save(small, "png")
    return f"data:image/png;base64,{b64encode(small.getvalue()).decode('ascii')}"


@st.cache_data(show_spinner=False, max_entries=32)
def _chart(path: Path, modified: int) -> dict[str, Any]:
    chart: dict[str, Any] = read_chart(path).to_dict()
    return chart


@st.cache_data(show_spinner=False, max_entries=64)
def _drawn(path: Path, modified: int, style: Print, kind: str, provenance: str) -> bytes:
    record = {**json.loads(provenance), "print": vars(style)}
    with drawing():
        return noted(draw(printed(read_chart(path), style), kind), kind, record)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        raise UserError(f"{path.name} is missing in {path.parent}: make the paper again") from None
