"""Search: which documents do the latents find, and why?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.comparison.query_rankings import query_id_of
from retrieval.study import Study
from retrieval.systems import COSINE, LEXICAL
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import highlight
from workbench.page import frame, idf, selection
from workbench.page.shell import finders
from workbench.views.explain import search_document

BESIDE = {COSINE.name: "rank, cosine", LEXICAL.name: "rank, BM25"}  # beside the latents
DEPTH, N_CHIPS, N_EXAMPLES = 10, 9, 6
READING = "Encoding the query; the first one also loads the encoder"


def page() -> None:
    key, study = frame.opened()
    frame.heading("Search", "Which documents do the latents find, and which latents give each its score?")
    query, chosen_idf = controls()
    if not query and selection.current().get("doc") in study.position:
        show_text(study, selection.current()["doc"])
        return
    if not query:
        st.html(
            highlight.calm(
                "Ask something",
                "Each result comes with its score breakdown: the latents that give the score, and the words "
                "behind them.",
            )
        )
        show_examples(study)
        return
    with st.spinner(READING):
        ranking = cache.rankings(key, query, chosen_idf, DEPTH)
    results = ranking[ranking["latent_rank"].notna() & (ranking["latent_rank"] <= DEPTH)]
    chips(key, query, chosen_idf)
    if results.empty:
        st.html(
            highlight.calm(
                "No results",
                "Every latent of this query is in no document, or in over half of them, where its idf is 0 "
                "under the paper's formula. Try other words, or Lucene's idf, which is always above 0.",
            )
        )
        return
    chosen = selection.current().get("doc", "")
    if chosen not in study.position:
        chosen = str(results["doc_id"].iloc[0])
    # a map of pairs is wider than it is high
    widths = (1, 1.5) if selection.current().get("part") == "pairs" else (1.3, 1)
    left, right = st.columns(widths, gap="large")
    with left:
        show_results(key, study, query, chosen_idf, results, chosen)
    with right:
        search_document.show(key, study, query, chosen_idf, chosen, results["doc_id"].tolist())


def controls() -> tuple[str, cache.Idf]:
    """The query and the idf of the context."""
    return selection.current().get("q", "").strip(), idf.chosen()


def show_examples(study: Study, page: str = "search") -> None:
    """A few of the collection's own queries, spread over it, short ones that read at a glance."""
    if examples := finders.queries(study, "", N_EXAMPLES):
        frame.label("Or take one of this collection's own queries")
        st.html(highlight.link_list((text, frame.address(page, q=text)) for text in examples))


def chips(key: cache.Key, query: str, idf: cache.Idf) -> None:
    """The query's latents, those that can change a score the most first."""
    table = cache.query_latents(key, query, idf)
    names = cache.labels(key)
    largest = float(table["strength"].max()) if len(table) else 0.0
    items = [
        highlight.chip(
            names[row["latent"]],
            row["latent"],
            frame.address("latent", latent=row["latent"]),
            row["strength"] / (largest or 1.0),
            f"query term frequency {row['query_weight']:.2f} × idf {row['idf']:.2f}",
        )
        for row in table.to_dict("records")
    ]
    frame.label("The query's latents, by query term frequency × idf: the largest can change a score most")
    st.html(highlight.chips(items, N_CHIPS))


def show_results(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, results: pd.DataFrame, chosen: str
) -> None:
    """The ranking, one card per document, with the ranks that cosine and lexical BM25 give the document."""
    judged = query_id_of(study, query) in study.qrels
    credits = cached_ranking.marks_of(key, query, tuple(results["doc_id"]), idf)
    others = {system: heading for system, heading in BESIDE.items() if f"{system}_rank" in results}
    headings = "".join(f"<span>{heading}</span>" for heading in others.values())
    cards = [
        '<div class="lt-columns"><span>rank</span><span>Documents, with the words behind their score</span>'
        f'<div class="lt-places"><span>score, latents</span>{headings}</div></div>'
    ]
    for row in results.to_dict("records"):
        doc_id = row["doc_id"]
        text = study.corpus.texts[study.position[doc_id]]
        places = f'<span class="lt-score">{row["latent_score"]:.2f}</span>' + "".join(
            highlight.place(system, None if pd.isna(rank) else int(rank))
            for system, rank in ((system, row[f"{system}_rank"]) for system in others)
        )
        grade = None if pd.isna(row["grade"]) else int(row["grade"])
        cards.append(
            highlight.result_card(
                row["latent_rank"],
                row["title"],
                doc_id,
                frame.address("search", q=query, doc=doc_id),
                highlight.excerpt(text, credits[doc_id], 150, "credit"),
                places,
                highlight.grade_mark(grade, judged),
                doc_id == chosen,
            )
        )
    st.html(f'<div class="lt-results">{"".join(cards)}</div>')


def show_text(study: Study, doc_id: str) -> None:
    """A document without a query: title and text."""
    position = study.position[doc_id]
    st.html(highlight.subheading(study.corpus.titles[position] or doc_id))
    frame.label(f"Document {doc_id}; type a query above to see which words give this document its score")
    st.html(f'<div class="lt-document">{highlight.marked(study.corpus.texts[position], [], "credit")}</div>')
