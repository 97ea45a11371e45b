"""Figures: what was made for a paper, and what of it can be printed?"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import streamlit as st

from workbench import cached_papers, frame, gallery_html, highlight, selection
from workbench.formats import count
from workbench.paper.manifest import Paper, known_papers
from workbench.paper.report import REPORT
from workbench.views import figure_detail


def page() -> None:
    papers = known_papers()
    name, paper = chosen_paper(papers)
    if paper is None:
        frame.heading("Figures", "What can I print?")
        st.html(
            highlight.calm(
                "No paper yet",
                "Make one with workbench paper --out figures/: tables and figures of what the embedded "
                "collection shows. With --dry-run it says first what it will take.",
            )
        )
        return
    item = next((one for one in paper.items if one.name == selection.current().get("item")), None)
    if item is not None:
        figure_detail.show(name, paper, item)
        return
    frame.heading("Figures", "What can I print?")
    show_choice(name, papers)
    show_paper(paper)
    st.html(gallery_html.gallery([
        gallery_html.card(
            one.title, frame.address("figures", paper=name, item=one.name),
            cached_papers.thumbnail(paper.folder, one.name) if one.print else "",
            f"Table, {count(len(one.shown))} rows", one.facts[0] if one.facts else one.caption,
        )
        for one in paper.items
    ]))  # fmt: skip


def chosen_paper(papers: dict[str, Path]) -> tuple[str, Paper | None]:
    """The chosen paper and its name; the newest where none is chosen or it is gone."""
    here = selection.current().get("paper", "")
    name = here if here in papers else next(iter(papers), "")
    if name:
        selection.choose(paper=name)
    return name, cached_papers.paper(papers[name]) if name else None


def show_choice(name: str, papers: dict[str, Path]) -> None:
    """Which paper, where there are several."""
    if len(papers) < 2:
        return
    names = list(papers)
    chosen = st.selectbox("Paper", names, index=names.index(name), key=f"paper {name}", width=320)
    if chosen != name:
        selection.choose(paper=chosen)
        st.rerun()


def show_paper(paper: Paper) -> None:
    """What it is, and all of it to take away."""
    figures = sum(one.print is not None for one in paper.items)
    st.html(highlight.subheading(paper.title))
    told, report, everything = st.columns([4, 1, 1], vertical_alignment="center")
    here = Path.cwd()
    place = paper.folder.relative_to(here) if paper.folder.is_relative_to(here) else paper.folder
    told.caption(f"{count(figures)} figures and {count(len(paper.items))} tables in `{place}`")
    report.download_button(
        "Report", lambda: (paper.folder / REPORT).read_bytes(), REPORT, "text/html", on_click="ignore",
        help="All figures, tables and facts in one HTML file that opens offline", width="stretch",
    )  # fmt: skip
    everything.download_button(
        "All files", lambda: zipped(paper), f"{paper.folder.name}.zip", "application/zip", on_click="ignore",
        help="PDF, SVG, PNG, LaTeX, Markdown and CSV of every item", width="stretch",
    )  # fmt: skip


def zipped(paper: Paper) -> bytes:
    """Every file of the paper's items, and the report."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for file in (*(file for item in paper.items for file in item.files), REPORT):
            archive.write(paper.folder / file, file)
    return packed.getvalue()
