"""The company that a latent keeps, on its page: nearest latents, documents in which it weighs most, queries."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.dictionary import LatentEntry
from workbench import cache, cached_latent, frame, highlight, latent_html, selection
from workbench.formats import count, number, percent

N_QUERIES = 40


def show_neighbours(key: cache.Key, entry: LatentEntry) -> None:
    """Latents that point the same way, and latents that fire in the same documents."""
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("By decoder direction: cosine")
        nearest = cached_latent.nearest_by_direction(key, entry.latent)
        show_latents(key, nearest, "cosine", [f"{value:.3f}" for value in nearest["cosine"]])
    with right:
        together = cached_latent.nearest_by_cooccurrence(key, entry.latent)
        frame.label("By the documents they share: NPMI, and documents read with both")
        notes = [f"{row['npmi']:.3f}, {count(row['documents'])}" for row in together.table.to_dict("records")]
        show_latents(key, together.table, "npmi", notes)
        source = (
            "Exact over the collection."
            if together.exact
            else f"An estimate from {count(together.n_read)} of its {count(together.n_documents)} documents, "
            "drawn by a fixed seed."
        )
        st.caption(
            "Counted are documents in which each of the two fires on a token of its own, one on which the other "
            f"does not: latents of the same word are no neighbours here. {source}"
        )


def show_latents(key: cache.Key, table: pd.DataFrame, length: str, notes: Sequence[str]) -> None:
    """Latents as bars, each a link to its page."""
    if table.empty:
        st.html(
            highlight.calm("No neighbour", "No other latent fires apart from it in five documents or more.")
        )
        return
    names = cache.labels(key)
    largest = max(float(table[length].max()), 1e-12)
    st.html(
        latent_html.linked_bars(
            (
                names[row["latent"]] or "no label",
                str(row["latent"]),
                frame.address("latent", latent=row["latent"]),
                row[length] / largest,
                note,
            )
            for row, note in zip(table.to_dict("records"), notes, strict=True)
        )
    )


def show_documents(key: cache.Key, entry: LatentEntry) -> None:
    """The documents in which it weighs most."""
    table = cached_latent.heaviest_documents(key, entry.latent)
    frame.label("Documents in which it weighs most")
    st.html(
        latent_html.linked_table(
            ["Document", "Mass", "Weight w(d)", "Share of |d|"],
            (
                (
                    row["title"] or row["doc_id"],
                    frame.address("search", doc=row["doc_id"]),
                    [number(row["mass"]), number(row["weight"]), percent(row["share_of_length"])],
                )
                for row in table.to_dict("records")
            ),
        )
    )
    st.caption(
        "Mass: its activation pooled over the document. Weight: the root of the mass, BM25's term frequency."
    )


def show_queries(key: cache.Key, entry: LatentEntry) -> None:
    """The collection's queries that use it, and what they would lose without it."""
    idf: cache.Idf = "lucene" if selection.current().get("idf") == "lucene" else "clipped"
    with st.spinner("Ranking its queries without it"):
        used = cached_latent.queries_using(key, entry.latent, idf)
    if used.table.empty:
        st.html(
            highlight.calm(
                "No query uses it", f"None of the collection's {count(used.n_queries)} queries does."
            )
        )
        return
    st.html(highlight.figures(query_figures(used.table, used.n_queries)))
    st.html(
        latent_html.linked_table(
            ["Query", "Weight w(q)", "nDCG@10", "without it", "lost"],
            (
                (
                    row["query"] if len(row["query"]) <= 160 else row["query"][:159] + "…",
                    frame.address("search", q=row["query"]),
                    [
                        number(row["weight"]),
                        *(_measure(row[name]) for name in ("ndcg", "ndcg_without")),
                        _measure(row["lost"], signed=True),
                    ],
                )
                for row in used.table.head(N_QUERIES).to_dict("records")
            ),
        )
    )
    shown = min(N_QUERIES, len(used.table))
    st.caption(
        f"{shown} of {count(len(used.table))}, the largest loss first. Each query is ranked again with this "
        "latent's weight at 0; idf and document lengths stay as they are. Exact for these queries."
    )


def query_figures(table: pd.DataFrame, n_queries: int) -> list[tuple[str, str, str]]:
    """How many queries use it and what they lose: value, unit, what it is."""
    judged = table["lost"].dropna()
    rows = [(count(len(table)), f"of {count(n_queries)}", "queries that use it")]
    if len(judged):
        rows += [
            (f"{judged.mean():+.4f}", f"mean of {count(len(judged))} judged", "nDCG@10 lost without it"),
            (
                count(float((judged > 0).sum())),
                f"worse, {count(float((judged < 0).sum()))} better",
                "without it",
            ),
        ]
    return rows


def _measure(value: float, signed: bool = False) -> str:
    """nDCG to three digits; a dash where the query has no judgements."""
    if pd.isna(value):
        return "–"
    return f"{value:+.3f}" if signed and value else f"{value:.3f}"
