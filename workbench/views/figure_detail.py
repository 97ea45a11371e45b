"""One item of a paper: its figure as it will be printed, its facts, its table, and all of it to take away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analyses.figures.print_style import FORMATS, WIDTHS, Print, Width, printed
from workbench import cached_papers, frame, gallery_html, highlight, selection, steering
from workbench.paper.manifest import MadeItem, Paper
from workbench.paper.tables import latex_figure

WIDTH_NAMES: dict[Width, str] = {"column": "Column", "double": "Page"}
WIDTH_HELP = f"A column is {WIDTHS['column']} mm wide, a page's text {WIDTHS['double']} mm"
MIME = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png"}
ZOOM = {"column": 1.9, "double": 1.05}  # on screen, so that a column can be judged from where one sits


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
    """A live preview at the chosen style, and the files that come of it."""
    picture, options = st.columns([3, 1], gap="large")
    with options:
        style, grey = chosen_style(made)
        frame.label("Download")
        if style != made:
            st.caption("In another style than it was made: drawn when you ask for it, in some seconds.")
        for kind, column in zip(FORMATS, st.columns(len(FORMATS)), strict=True):
            column.download_button(
                kind.upper(), partial(cached_papers.drawn, paper.folder, item.name, style, kind),
                f"{item.name}.{kind}", MIME[kind], on_click="ignore", width="stretch", key=f"take {kind}",
            )  # fmt: skip
    chart, zoom = printed(cached_papers.chart(paper.folder, item.name), style), ZOOM[style.width]
    with picture, st.container(key="print"):
        width, height = int(chart.layout.width), int(chart.layout.height)
        st.html(gallery_html.zoomed(width, height, zoom, grey))
        st.plotly_chart(
            chart, theme=None, width=width, height=height, key=f"print {item.name} {style}",
            config={"displayModeBar": False, "staticPlot": True},
        )  # fmt: skip
    with st.expander("LaTeX of the figure"):
        st.code(latex_figure(item.name, item.caption, style.width), "latex", wrap_lines=True)


def chosen_style(made: Print) -> tuple[Print, bool]:
    """How to print, and whether to look at it in grey; all in the address."""
    here = selection.current()
    wide = next((one for one in WIDTHS if one == here.get("wide")), made.width)
    width = st.segmented_control(
        "Width", list(WIDTH_NAMES), format_func=WIDTH_NAMES.__getitem__, required=True, help=WIDTH_HELP,
        key=steering.take_up("wide", wide),
    ) or made.width  # fmt: skip
    height = selection.number("ratio", made.ratio)
    ratio = st.slider(
        "Height, of the width", 0.3, 1.6, step=0.01,
        key=steering.take_up("ratio", min(max(round(height, 2), 0.3), 1.6)),
    )  # fmt: skip
    points = st.slider(
        "Text, points", 5.0, 11.0, step=0.5,
        key=steering.take_up("points", min(max(selection.number("points", made.points), 5.0), 11.0)),
    )  # fmt: skip
    legend = st.toggle("Legend", key=steering.take_up("legend", here.get("legend") != "no"))
    grey = st.toggle("Look at it in grey", key=steering.take_up("grey", here.get("grey") == "yes"))
    style = Print(width, made.ratio if abs(ratio - made.ratio) < 0.006 else ratio, points, legend)
    chosen = {
        "wide": width if width != made.width else "",
        "ratio": ratio if style.ratio != made.ratio else "",
        "points": points if points != made.points else "",
        "legend": "" if legend else "no",
        "grey": "yes" if grey else "",
    }
    for key, value in (
        ("wide", width),
        ("ratio", ratio),
        ("points", points),
        ("legend", legend),
        ("grey", grey),
    ):
        steering.tell(key, value)
    selection.choose(**chosen)
    return style, grey


def show_table(paper: Paper, item: MadeItem) -> None:
    """The table as printed, in LaTeX and Markdown to copy, every digit as CSV, and how it was made."""
    shown, latex, markdown, origin = st.tabs(["Table", "LaTeX", "Markdown", "How it was made"])
    with shown:
        if len(item.shown) > 40:
            st.dataframe(item.shown, hide_index=True, width="stretch")
        else:
            st.html(highlight.table(item.shown))
        st.download_button(
            "Every digit as CSV", lambda: (paper.folder / f"{item.name}.csv").read_bytes(), f"{item.name}.csv",
            "text/csv", on_click="ignore",
        )  # fmt: skip
    for tab, ending in ((latex, "tex"), (markdown, "md")):
        with tab:
            text = (paper.folder / f"{item.name}.{ending}").read_text(encoding="utf-8")
            st.code(text, "latex" if ending == "tex" else "markdown", wrap_lines=True, height=420)
    with origin:
        if item.print is not None:
            again = f"workbench paper --again {item.name}.pdf --out again/"
            st.caption(f"The figure's own file holds all of this, and can be made again from it: `{again}`")
        st.json((paper.folder / f"{item.name}.json").read_text(encoding="utf-8"), expanded=1)
