"""Carriers: which latents carry the collection?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.carriers import Carriers, by_group, write_carriers
from analyses.figures.carriers import carriers_figure, families_figure
from analyses.figures.types import TYPE_NAMES
from retrieval.study import Study
from workbench import cache, cached_interventions, cached_map, frame, highlight, selection
from workbench.formats import count, percent
from workbench.latent_html import linked_table

N_ROWS = 12
IDF_NAMES: dict[cache.Idf, str] = {"clipped": "idf as in the paper", "lucene": "Lucene's idf"}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Carriers", "Which latents carry the collection, and which stand in its way?")
    if not study.qrels:
        st.html(
            highlight.calm(
                "No judgements",
                "This collection has no relevance judgements, so nothing can be said to be lost.",
            )
        )
        return
    idf = choose_idf()
    found = cached_interventions.carriers(
        key, idf, cached_map.modified(key, f"carriers-families-{idf}.parquet")
    )
    if found is None:
        offer(study, idf)
        return
    latents = found.latents
    st.html(highlight.figures(headline(found)))
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label("What nDCG@10 loses when one latent is taken out of every query; click one to open it")
        event = frame.show(
            carriers_figure(latents, study.index.n_docs),
            "carriers",
            on_select="rerun",
            selection_mode="points",
        )
        if event and event.selection.points:
            frame.go("latent", latent=_clicked(event.selection.points[0]))
    with right:
        frame.label("One type taken out, or left alone; grey: random latents that contribute as much")
        if found.families.empty:
            st.caption("This study keeps no types: open the Types page once, then measure again.")
        else:
            frame.show(families_figure(found.families), "families")
    show_tables(latents)
    for column, name in (("type", "By type"), ("band", "By how many documents hold it")):
        frame.label(name)
        st.html(highlight.table(readable(by_group(latents, column), column)))
    st.caption(
        f"Exact over {count(found.n_queries)} judged queries: each is ranked anew without each of its latents; "
        "documents, |d| and idf stay. Sums of single losses are no loss of the whole group: latents stand in for "
        "each other. Intervals are bootstraps over queries."
    )


def choose_idf() -> cache.Idf:
    idf: cache.Idf = "lucene" if selection.current().get("idf") == "lucene" else "clipped"
    picked = st.segmented_control(
        "Inverse document frequency", list(IDF_NAMES), default=idf, format_func=IDF_NAMES.__getitem__,
        label_visibility="collapsed", key=f"carriers idf {idf}", required=True,
    )  # fmt: skip
    if picked != idf:
        selection.choose(idf="lucene" if picked == "lucene" else None)
        st.rerun()
    return idf


def offer(study: Study, idf: cache.Idf) -> None:
    """Measure, once: it takes seconds to minutes."""
    st.html(
        highlight.calm(
            "Not measured yet",
            f"Each of {count(len(study.queries))} queries is ranked anew without each of its latents: seconds for "
            "a few thousand documents, minutes for fifty thousand. It is kept in the study.",
        )
    )
    if st.button("Measure now", type="primary"):
        bar = st.progress(0.0, "Ranking without each latent")

        def report(stage: str, done: int, total: int) -> None:
            bar.progress(done / max(total, 1), stage)

        write_carriers(study, idf, report)
        st.rerun()
    st.caption(f"Or in a shell: `workbench carriers {study.path}`")


def headline(found: Carriers) -> list[tuple[str, str, str]]:
    lost = found.latents["lost"]
    silent = int((found.latents["contribution"] == 0).sum())
    return [
        (f"{found.ndcg:.3f}", "", "nDCG@10 with all"),
        (count(len(lost)), "latents", "that queries have"),
        (count(int((lost > 1e-12).sum())), "latents", "help: nDCG falls without"),
        (count(int((lost < -1e-12).sum())), "latents", "hurt: it rises"),
        (count(silent), "latents", "give no document anything"),
        (f"{lost.max():.4f}", "", "the largest single loss"),
    ]


def show_tables(latents: pd.DataFrame) -> None:
    """Those that help most, and those that hurt most."""
    left, right = st.columns(2, gap="large")
    for column, name, rows in (
        (left, "Those that help most", latents.head(N_ROWS)),
        (right, "Those that hurt most", latents.iloc[::-1].head(N_ROWS)),
    ):
        with column:
            frame.label(name)
            headings = ("latent", "type", "documents", "queries", "nDCG@10 lost (95%)")
            st.html(linked_table(headings, map(_cells, rows.to_dict("records"))))


def _cells(row: Mapping[Any, Any]) -> tuple[str, str, tuple[str, ...]]:
    name = f"{row['label']}  {row['latent']}"
    lost = f"{row['lost']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
    kind = TYPE_NAMES.get(row["type"], row["type"])
    cells = (kind, count(row["document_frequency"]), count(row["n_queries"]), lost)
    return name, frame.address("latent", latent=row["latent"]), cells


def readable(table: pd.DataFrame, column: str) -> pd.DataFrame:
    named = table[column].map(lambda name: TYPE_NAMES.get(name, name) or "not kept")
    return pd.DataFrame(
        {
            "": named,
            "latents": [count(n) for n in table["n_latents"]],
            "share of contributions": [percent(share) for share in table["contribution"]],
            "sum of single losses": [f"{lost:+.4f}" for lost in table["lost"]],
            "help / hurt": [
                f"{count(a)} / {count(b)}" for a, b in zip(table["helping"], table["hurting"], strict=True)
            ],
        }
    )


def _clicked(point: Any) -> int:
    """The latent of a clicked point, whose customdata arrives as a number, a list or a dict."""
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return int(data[0] if isinstance(data, list) else data)
