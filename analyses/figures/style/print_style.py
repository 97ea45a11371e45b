"""Figures for paper: one style for a column and for the page's width, in vectors, and to the pixel the same again.

column   84 mm wide          double   174 mm wide          text 8 points, hairlines .5 points
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import plotly.graph_objects as go

from analyses.figures.style.fitting import fit_words
from analyses.figures.style.theme import INK, QUIET, RULE
from data.errors import UserError
from data.files import new_file

Width = Literal["column", "double"]
WIDTHS: dict[Width, int] = {"column": 84, "double": 174}  # mm
FORMATS = ("pdf", "svg", "png")
PIXELS_PER_MM = 96 / 25.4
PIXELS_PER_POINT = 96 / 72
PNG_SCALE = 4  # 384 dots an inch
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
KEY = "latent-terms-workbench"  # of the provenance in a file's metadata
_ONE_BROWSER = Lock()
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Print:
    """How a figure is printed. ratio: height by width; points: size of text, ticks and legend a point smaller."""

    width: Width = "column"
    ratio: float = 0.68
    points: float = 8
    legend: bool = True


def printed(chart: go.Figure, style: Print) -> go.Figure:
    """A copy in the style for paper: white ground, black ink, the width's size."""
    copy = go.Figure(chart)
    pixels = round(WIDTHS[style.width] * PIXELS_PER_MM)
    size, small = style.points * PIXELS_PER_POINT, (style.points - 1) * PIXELS_PER_POINT
    axis: dict[str, Any] = {
        "tickfont": {"size": small, "color": INK},
        "title": {"font": {"size": size, "color": INK}, "standoff": 5},
        "gridcolor": RULE,
        "linecolor": QUIET,
        "zerolinecolor": QUIET,
        "automargin": True,
    }
    legend = {
        "font": {"size": small, "color": INK},
        "orientation": "h",
        "x": 0,
        "y": 1.01,
        "yanchor": "bottom",
        "xanchor": "left",
        "title": {"text": ""},
    }
    copy.update_layout(
        template="none",
        width=pixels,
        height=round(pixels * style.ratio),
        paper_bgcolor="white",
        plot_bgcolor="white",
        font={"family": FONT, "size": size, "color": INK},
        margin={"l": 4, "r": 8, "t": 6, "b": 4},
        legend=legend,
        coloraxis_colorbar={"thickness": 8, "tickfont": {"size": small}, "outlinewidth": 0},
    )
    copy.update_xaxes(**axis)
    copy.update_yaxes(**axis)
    copy.update_annotations(font={"size": size, "color": INK, "family": FONT})
    if "legend2" in copy.layout:  # within a panel, where the figure put it
        copy.update_layout(legend2={"font": legend["font"], "title": legend["title"]})
    if not style.legend:
        copy.update_layout(showlegend=False)
    for trace in copy.data:
        if "textfont" in trace:
            trace.textfont.size = small
    fit_words(copy, pixels, size, small)
    return copy


def write_chart(chart: go.Figure, path: Path) -> None:
    """Keep a figure before it is printed, as plotly's JSON, so that it can be printed in another style."""
    with new_file(path) as temporary:
        temporary.write_text(str(chart.to_json()), encoding="utf-8")


def read_chart(path: Path) -> go.Figure:
    """What `write_chart` kept; a file that is none is a `UserError`."""
    try:
        return go.Figure(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is no figure of `workbench paper` ({error}): make it again") from None


@contextmanager
def drawing() -> Iterator[None]:
    """Keep one browser open for all the figures that are drawn meanwhile; a `UserError` where there is none."""
    import kaleido

    path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise UserError(
            "figures are drawn by Chromium, and none was found: install it, or set BROWSER_PATH to it"
        )
    os.environ["BROWSER_PATH"] = path
    with _ONE_BROWSER:
        kaleido.start_sync_server(n=1, silence_warnings=True)
        try:
            yield
        finally:
            kaleido.stop_sync_server(silence_warnings=True)


def write_figure(chart: go.Figure, path: Path, provenance: Mapping[str, Any]) -> None:
    """Draw a figure as .pdf, .svg or .png, its provenance in the file's own metadata; whole or not at all.

    provenance: what `read_provenance` gives back, as JSON can hold it.
    """
    kind = path.suffix.removeprefix(".")
    if kind not in FORMATS:
        raise UserError(f"{path} is no figure's name: expected one that ends in {', '.join(FORMATS)}")
    content = noted(draw(chart, kind), kind, provenance)
    with new_file(path) as temporary:
        temporary.write_bytes(content)


def draw(chart: go.Figure, kind: str) -> bytes:
    """A figure drawn at its own size."""
    import kaleido

    size = {"width": chart.layout.width, "height": chart.layout.height}
    options = {"format": kind, "scale": PNG_SCALE if kind == "png" else 1, **size}
    drawn: bytes = kaleido.calc_fig_sync(chart, opts=options)
    return drawn


def noted(drawn: bytes, kind: str, provenance: Mapping[str, Any]) -> bytes:
    """A drawn figure with its provenance in its metadata."""
    return {"pdf": _pdf_with, "svg": _svg_with, "png": _png_with}[kind](drawn, json.dumps(dict(provenance)))


def read_provenance(path: Path) -> dict[str, Any]:
    """What `write_figure` noted in a file; a file without it is a `UserError`."""
    read = {".pdf": _read_pdf, ".svg": _read_svg, ".png": _read_png}.get(path.suffix)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    try:
        text = read(content) if read else None
        record = json.loads(text) if text else None
    except Exception:  # whatever a reader of files says of one that is broken
        record = None
    if not isinstance(record, dict):
        raise UserError(
            f"{path} does not say how it was made: expected a .pdf, .svg or .png of `workbench paper`"
        )
    return record


def _pdf_with(drawn: bytes, note: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    writer.append_pages_from_reader(PdfReader(BytesIO(drawn)))
    writer.add_metadata({"/Producer": KEY, f"/{KEY}": note})  # and no date, which changes at each drawing
    result = BytesIO()
    writer.write(result)
    return result.getvalue()


def _read_pdf(content: bytes) -> str | None:
    from pypdf import PdfReader

    metadata: Any = PdfReader(BytesIO(content)).metadata or {}
    found = metadata.get(f"/{KEY}")
    return str(found) if found is not None else None


def _svg_with(drawn: bytes, note: str) -> bytes:
    head, mark, tail = drawn.decode("utf-8").partition(">")
    return f'{head}{mark}<metadata id="{KEY}">{escape(note)}</metadata>{tail}'.encode()


def _read_svg(content: bytes) -> str | None:
    from html import unescape

    found = re.search(rf'<metadata id="{KEY}">(.*?)</metadata>', content.decode("utf-8"), re.DOTALL)
    return unescape(found[1]) if found else None


def _png_with(drawn: bytes, note: str) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    information, result = PngInfo(), BytesIO()
    information.add_itxt(KEY, note)
    dots = PNG_SCALE * 96
    Image.open(BytesIO(drawn)).convert("RGB").save(result, "png", pnginfo=information, dpi=(dots, dots))
    return result.getvalue()


def _read_png(content: bytes) -> str | None:
    from PIL import Image

    information: Any = dict(Image.open(BytesIO(content)).info)
    found = information.get(KEY)
    return str(found) if found is not None else None
