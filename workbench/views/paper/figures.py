"""Figures: the tables and figures of a paper, and their files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import streamlit as st

from workbench.caches import papers as cached_papers
from workbench.markup import gallery_html, highlight
from workbench.markup.formats import count
from workbench.page import frame, selection, url_widgets
from workbench.paper.output.manifest import REPORT, Paper, known_papers
from workbench.views.paper import figure_detail


def page() -> None:
    papers = known_papers()
    name, paper = chosen_paper(papers)
    if paper is None:
        frame.heading("Figures", "Which tables and figures are there to print?")
        st.html(
            highlight.calm(
                "No paper yet",
                "Make one with workbench paper --out figures/: the tables and figures of the embedded "
                "collection. With --dry-run the command prints its cost first.",
            )
        )
        return
    item = next((one for one in paper.items if one.name == selection.current().get("item")), None)
    if item is not None:
        figure_detail.show(name, paper, item)
        return
    frame.heading("Figures", "Which tables and figures are there to print?")
    show_choice(name, papers)
    show_paper(paper)
    st.html(
        gallery_html.gallery(
            [
                gallery_html.card(
                    one.title,
                    frame.address("figures", paper=name, item=one.name),
                    cached_papers.thumbnail(paper.folder, one.name) if one.print else "",
                    f"Table, {count(len(one.shown))} rows",
                    one.facts[0] if one.facts else one.caption,
                )
                for one in paper.items
            ]
        )
    )


def chosen_paper(papers: dict[str, Path]) -> tuple[str, Paper | None]:
    """The chosen paper and its name; the newest where the URL names none of them."""
    in_url = selection.current().get("paper", "")
    name = in_url if in_url in papers else next(iter(papers), "")
    if name:
        selection.choose(paper=name)
    return name, cached_papers.paper(papers[name]) if name else None


def show_choice(name: str, papers: dict[str, Path]) -> None:
    """Which paper, where there are several."""
    if len(papers) < 2:
        return
    chosen = url_widgets.select(
        "paper", "Paper", {paper: paper for paper in papers}, next(iter(papers)), keep_default=True, width=320
    )
    if chosen != name:
        st.rerun()


def show_paper(paper: Paper) -> None:
    """The paper's title and size, and the downloads of all of it."""
    figures = sum(one.print is not None for one in paper.items)
    st.html(highlight.subheading(paper.title))
    caption, report, everything = st.columns([4, 1, 1], vertical_alignment="center")
    here = Path.cwd()
    place = paper.folder.relative_to(here) if paper.folder.is_relative_to(here) else paper.folder
    caption.caption(f"{count(figures)} figures and {count(len(paper.items))} tables in `{place}`")
    report.download_button(
        "Report",
        lambda: (paper.folder / REPORT).read_bytes(),
        REPORT,
        "text/html",
        on_click="ignore",
        help="All figures, tables and facts in one HTML file that opens offline",
        width="stretch",
    )
    everything.download_button(
        "All files",
        lambda: zipped(paper),
        f"{paper.folder.name}.zip",
        "application/zip",
        on_click="ignore",
        help="PDF, SVG, PNG, LaTeX, Markdown and CSV of every item",
        width="stretch",
    )


def zipped(paper: Paper) -> bytes:
    """Every file of the paper's items, and the report."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in (*(file for item in paper.items for file in item.files), REPORT):
            archive.write(paper.folder / file, file)
    return packed.getvalue()
