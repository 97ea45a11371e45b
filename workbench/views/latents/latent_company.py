"""The latent page's neighbours, documents and queries: where one latent stands among the others."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.dictionary.entry import LatentEntry
from analyses.text.latent_names import NONE
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup import highlight, latent_html
from workbench.markup.formats import count, number, percent
from workbench.page import frame, idf

N_QUERIES = 40


def show_neighbours(key: cache.Key, entry: LatentEntry) -> None:
    """Latents that point the same way, and latents that fire in the same documents."""
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("By decoder direction: cosine, from 0 to 1")
        nearest = cached_latent.nearest_by_direction(key, entry.latent)
        chance = cached_latent.chance_cosine(key)
        show_latents(key, nearest, "cosine", [f"{value:.3f}" for value in nearest["cosine"]], chance)
        st.caption(
            f"The line at {chance:.2f}: 95% of random pairs of this study's active latents have a lower cosine."
        )
    with right:
        together = cached_latent.nearest_by_cooccurrence(key, entry.latent)
        frame.label("By shared documents: NPMI, from 0 to 1, and the number of documents with both")
        notes = [f"{row['npmi']:.3f}, {count(row['documents'])}" for row in together.table.to_dict("records")]
        show_latents(key, together.table, "npmi", notes, 0.0)
        source = (
            "Exact over the collection."
            if together.exact
            else f"An estimate from {count(together.n_read)} of {count(together.n_documents)} documents with it, "
            "drawn by a fixed seed."
        )
        st.caption(
            "A document counts if each of the two latents fires on a token on which the other is silent, so "
            "latents of the same word are no neighbours here. NPMI is 0 where two latents share as many documents "
            f"as by chance, 1 where they always do. {source}"
        )


def show_latents(
    key: cache.Key, table: pd.DataFrame, length: str, notes: Sequence[str], chance: float
) -> None:
    """Latents as bars from 0 to 1, each a link to its page; chance: where a line marks what chance gives."""
    if table.empty:
        st.html(
            highlight.calm("No neighbour", "No other latent shares five documents or more with this one.")
        )
        return
    names = cache.labels(key)
    rows = (
        (
            names[row["latent"]] or NONE,
            str(row["latent"]),
            frame.address("latent", latent=row["latent"]),
            row[length],
            note,
        )
        for row, note in zip(table.to_dict("records"), notes, strict=True)
    )
    st.html(latent_html.linked_bars(rows, chance))


def show_documents(key: cache.Key, entry: LatentEntry) -> None:
    """The documents with the most of this latent."""
    table = cached_latent.heaviest_documents(key, entry.latent)
    frame.label("Documents with the most of this latent")
    st.html(
        latent_html.linked_table(
            ["Document", "Summed activation", "Term frequency w(d)", "Share of document length"],
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
        "Summed activation: over the tokens of the document. Term frequency: the root of the summed activation."
    )


def show_queries(key: cache.Key, entry: LatentEntry) -> None:
    """The collection's queries that activate the latent, and the nDCG@10 that they lose without the latent."""
    with st.spinner("Ranking the queries without this latent"):
        used = cached_latent.queries_using(key, entry.latent, idf.chosen())
    if used.table.empty:
        st.html(
            highlight.calm(
                "No such query",
                f"None of the collection's {count(used.n_queries)} queries activates this latent.",
            )
        )
        return
    st.html(highlight.figures(query_figures(used.table, used.n_queries)))
    st.html(
        latent_html.linked_table(
            ["Query", "Term frequency w(q)", "nDCG@10", "nDCG@10 without the latent", "nDCG@10 lost"],
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
        f"{shown} of {count(len(used.table))}, the largest loss first. Each query is ranked again without "
        "this latent; idf and document lengths stay. Exact for these queries."
    )


def query_figures(table: pd.DataFrame, n_queries: int) -> list[tuple[str, str, str]]:
    """How many queries activate the latent and what they lose: value, unit, name."""
    judged = table["lost"].dropna()
    rows = [(count(len(table)), f"of {count(n_queries)}", "queries that activate the latent")]
    if len(judged):
        rows += [
            (
                f"{judged.mean():+.4f}",
                f"mean of {count(len(judged))} judged",
                "nDCG@10 lost without the latent",
            ),
            (
                count(float((judged > 0).sum())),
                f"worse, {count(float((judged < 0).sum()))} better",
                "queries ranked without the latent",
            ),
        ]
    return rows


def _measure(value: float, signed: bool = False) -> str:
    """nDCG to three digits; a dash where the query has no judgements."""
    if pd.isna(value):
        return "–"
    return f"{value:+.3f}" if signed and value else f"{value:.3f}"
