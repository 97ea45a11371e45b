"""One item of a paper: its figure as printed, its facts and its table, and the files to download."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analyses.figures.style.print_style import FORMATS, WIDTHS, Print, Width, printed
from workbench.caches import papers as cached_papers
from workbench.markup import gallery_html, highlight
from workbench.page import frame, url_widgets
from workbench.page.sharing import offers
from workbench.paper.output.manifest import MadeItem, Paper
from workbench.paper.output.tables import latex_figure

WIDTH_NAMES: dict[Width, str] = {"column": "Column", "double": "Page"}
WIDTH_HELP = f"A column is {WIDTHS['column']} mm wide, a page's text {WIDTHS['double']} mm"
MIME = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png"}
RATIOS = (0.3, 1.6)
REDRAWN = "Not the style of the files on disk: drawn on download, in some seconds."
NOT_REDRAWN = "Not the style of the files on disk, and this app draws none: choose theirs to download them."
ZOOM = {"column": 1.9, "double": 1.05}  # on screen: a printed column is small


def show(name: str, paper: Paper, item: MadeItem) -> None:
    """The page of an item of the paper of this name."""
    frame.heading(item.title, paper.title)
    names = [one.name for one in paper.items]
    place = names.index(item.name)
    links = [("All figures", frame.address("figures", paper=name, item="all"))]
    for title, other in (("Previous", place - 1), ("Next", place + 1)):
        if 0 <= other < len(names):
            links.append((title, frame.address("figures", paper=name, item=names[other])))
    st.html(gallery_html.link_row(links))
    if item.print is not None:
        show_figure(paper, item, item.print)
    st.caption(item.caption)
    for fact in item.facts:
        st.html(highlight.note(fact))
    show_table(paper, item)


def show_figure(paper: Paper, item: MadeItem, made: Print) -> None:
    """A live preview in the chosen style, and its files."""
    picture, options = st.columns([3, 1], gap="large")
    with options:
        style, grey = chosen_style(made)
        frame.label("Download")
        as_made = style == made
        if not as_made:
            st.caption(REDRAWN if offers.may("start jobs") else NOT_REDRAWN)
        kinds = FORMATS if as_made or offers.may("start jobs") else ()
        for kind, column in zip(kinds, st.columns(len(FORMATS)), strict=False):
            column.download_button(
                kind.upper(),
                partial(cached_papers.drawn, paper.folder, item.name, style, kind),
                f"{item.name}.{kind}",
                MIME[kind],
                on_click="ignore",
                width="stretch",
                key=f"take {kind}",
            )
    chart, zoom = printed(cached_papers.chart(paper.folder, item.name), style), ZOOM[style.width]
    with picture, st.container(key="print"):
        width, height = int(chart.layout.width), int(chart.layout.height)
        st.html(gallery_html.zoomed(width, height, zoom, grey))
        st.plotly_chart(
            chart,
            theme=None,
            width=width,
            height=height,
            key=f"print {item.name} {style}",
            config={"displayModeBar": False, "staticPlot": True},
        )
    with st.expander("LaTeX of the figure"):
        st.code(latex_figure(item.name, item.caption, style.width), "latex", wrap_lines=True)


def chosen_style(made: Print) -> tuple[Print, bool]:
    """How to print, and whether the preview is in grey."""
    width = url_widgets.segmented("wide", "Width", WIDTH_NAMES, made.width, help=WIDTH_HELP)
    usual = min(max(round(made.ratio, 2), RATIOS[0]), RATIOS[1])
    ratio = url_widgets.slider("ratio", "Height, relative to the width", *RATIOS, 0.01, usual)
    points = url_widgets.slider("points", "Text, points", 5.0, 11.0, 0.5, made.points)
    legend = url_widgets.toggle("legend", "Legend", True, "no")
    grey = url_widgets.toggle("grey", "Preview in grey", False, "yes")
    return Print(width, made.ratio if ratio == usual else ratio, points, legend), grey


def show_table(paper: Paper, item: MadeItem) -> None:
    """The table as printed, in LaTeX and Markdown to copy, with every digit as CSV, and its provenance."""
    shown, latex, markdown, origin = st.tabs(["Table", "LaTeX", "Markdown", "How it was made"])
    with shown:
        if len(item.shown) > 40:
            st.dataframe(item.shown, hide_index=True, width="stretch")
        else:
            st.html(highlight.table(item.shown))
        st.download_button(
            "Every digit as CSV",
            lambda: (paper.folder / f"{item.name}.csv").read_bytes(),
            f"{item.name}.csv",
            "text/csv",
            on_click="ignore",
        )
    for tab, ending in ((latex, "tex"), (markdown, "md")):
        with tab:
            text = (paper.folder / f"{item.name}.{ending}").read_text(encoding="utf-8")
            st.code(text, "latex" if ending == "tex" else "markdown", wrap_lines=True, height=420)
    with origin:
        if item.print is not None:
            again = f"workbench paper --again {item.name}.pdf --out again/"
            st.caption(f"The figure's file holds this record, from which `{again}` makes the figure again.")
        st.json((paper.folder / f"{item.name}.json").read_text(encoding="utf-8"), expanded=1)
