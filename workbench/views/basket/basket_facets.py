"""The latents of the basket side by side: words, documents, queries or contexts, those in several lists marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.style.theme import ACTIVATION
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup import highlight
from workbench.markup.formats import count, counted, percent
from workbench.markup.results import basket_html
from workbench.page import frame, url_widgets
from workbench.page import idf as page_idf

FACETS = {"words": "Words", "documents": "Documents", "queries": "Queries", "contexts": "Contexts"}
MOST, N_ROWS = 12, 6
Rows = list[tuple[str, str, str]]  # text, address, note


def show(key: cache.Key, study: Study, latents: Sequence[int], whole: pd.DataFrame) -> None:
    """A card for each of the first latents, with what is compared."""
    facet = url_widgets.segmented("facet", "What to compare", FACETS, "words", label_visibility="collapsed")
    shown = latents[:MOST]
    bodies: Callable[[cache.Key, Sequence[int]], list[str]] = {
        "words": words,
        "documents": documents,
        "queries": queries,
        "contexts": contexts,
    }[facet]
    names, of = cache.labels(key), {row["latent"]: row for row in whole.to_dict("records")}
    with st.spinner("Reading what these latents fire on"):
        made = bodies(key, shown)
    st.html(
        basket_html.cards(
            (
                latent_name(latent, names[latent]),
                frame.address("latent", latent=latent),
                statistics(of[latent]),
                body,
            )
            for latent, body in zip(shown, made, strict=True)
        )
    )
    if len(latents) > MOST:
        st.html(
            highlight.note(
                f"The first {MOST} of {count(len(latents))}; all are in the table below and in what is exported."
            )
        )


def statistics(row: Mapping[Any, Any]) -> str:
    """A line on one latent."""
    return f"{counted(int(row['document_frequency']), 'document')}, idf {row['idf']:.2f}"


def words(key: cache.Key, latents: Sequence[int]) -> list[str]:
    """The words with most of each latent's activation, and how many of the latents have a word too."""
    tables = [cached_latent.words_of(key, latent, "share")[0].table.head(N_ROWS) for latent in latents]
    shared = Counter(word for table in tables for word in table["word"])
    return [
        highlight.bar_list(
            (
                (row["word"], row["share"], _noted(percent(row["share"]), shared[row["word"]]))
                for row in table.to_dict("records")
            ),
            ACTIVATION,
        )
        for table in tables
    ]


def documents(key: cache.Key, latents: Sequence[int]) -> list[str]:
    """The documents with the largest summed activation of each latent."""
    tables = [cached_latent.heaviest_documents(key, latent).head(N_ROWS) for latent in latents]
    return _lists(
        tables,
        "doc_id",
        lambda row: (
            row["title"] or row["doc_id"],
            frame.address("search", doc=row["doc_id"]),
            f"{row['mass']:.1f}",
        ),
        "In no document.",
    )


def queries(key: cache.Key, latents: Sequence[int]) -> list[str]:
    """The queries of the collection that have each latent, those that lose most without it first."""
    idf = page_idf.chosen()
    tables = [cached_latent.queries_using(key, latent, idf).table.head(N_ROWS) for latent in latents]

    def row_of(row: dict[Any, Any]) -> tuple[str, str, str]:
        lost = "" if pd.isna(row["lost"]) else f", nDCG@10 lost {row['lost']:+.3f}"
        return row["query"], frame.address("search", q=row["query"]), f"{row['weight']:.2f}{lost}"

    return _lists(tables, "query_id", row_of, "In no query of this collection.")


def contexts(key: cache.Key, latents: Sequence[int]) -> list[str]:
    """The contexts on which each latent fires most strongly."""
    return [
        "".join(
            highlight.context_card(
                context.title or context.doc_id,
                frame.address("search", doc=context.doc_id),
                context.activation,
                highlight.marked(context.text, context.highlights, "activation"),
            )
            for context in cached_latent.few_contexts(key, latent)
        )
        for latent in latents
    ]


def _lists(
    tables: Sequence[pd.DataFrame],
    same: str,
    row_of: Callable[[dict[Any, Any]], tuple[str, str, str]],
    empty: str,
) -> list[str]:
    """A list a latent; what stands in several of them says so. same: the column that names what is the same."""
    shared = Counter(value for table in tables for value in table[same])
    made = []
    for table in tables:
        rows: Rows = []
        for row in table.to_dict("records"):
            text, address, note = row_of(row)
            rows.append((text, address, _noted(note, shared[row[same]])))
        made.append(basket_html.link_rows(rows, empty))
    return made


def _noted(note: str, n_lists: int) -> str:
    return note if n_lists < 2 else f"{note} · in {n_lists} lists"
