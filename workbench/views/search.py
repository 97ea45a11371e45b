"""Search: what does it find, and why?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.comparison import query_id_of
from retrieval.study import Study
from workbench import cache, cached_ranking, frame, highlight, selection
from workbench.views import search_document

DEPTH, N_CHIPS, N_EXAMPLES = 10, 9, 6
IDF_NAMES = {"clipped": "idf as in the paper", "lucene": "Lucene's idf"}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Search", "What do the latents find, and which of them carry it?")
    query, idf = controls(study)
    if not query and selection.current().get("doc") in study.position:
        show_text(study, selection.current()["doc"])
        return
    if not query:
        st.html(
            highlight.calm(
                "Ask something",
                "Every result comes with its ledger: which latents gave it its score, and through which words.",
            )
        )
        show_examples(study)
        return
    with st.spinner("Reading the query; the first one also loads the encoder"):
        ranking = cache.rankings(key, query, idf, DEPTH)
    results = ranking[ranking["latent_rank"].notna() & (ranking["latent_rank"] <= DEPTH)]
    chips(key, query, idf)
    if results.empty:
        st.html(
            highlight.calm(
                "No results",
                "No latent of this query occurs in any document with a weight above nought. "
                "Try other words, or Lucene's idf, which is never nought.",
            )
        )
        return
    chosen = selection.current().get("doc", "")
    if chosen not in study.position:
        chosen = str(results["doc_id"].iloc[0])
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        show_results(key, study, query, idf, results, chosen)
    with right:
        search_document.show(key, study, query, idf, chosen, results["doc_id"].tolist())


def controls(study: Study) -> tuple[str, cache.Idf]:
    """The query box, its examples and the choice of idf."""
    here = selection.current()
    box, choice = st.columns([3.2, 1], vertical_alignment="bottom")
    typed = box.text_input(
        "Query", value=here.get("q", ""), placeholder="Ask in your own words", label_visibility="collapsed",
        key=f"query {here.get('q', '')}",
    ).strip()  # fmt: skip
    idf: cache.Idf = "lucene" if here.get("idf") == "lucene" else "clipped"
    picked = choice.segmented_control(
        "Inverse document frequency", list(IDF_NAMES), default=idf, format_func=lambda name: IDF_NAMES[name],
        label_visibility="collapsed", key=f"idf {idf}", required=True,
    )  # fmt: skip
    if typed != here.get("q", "") or (picked and picked != idf):
        selection.choose(q=typed, idf="lucene" if picked == "lucene" else None)
        st.rerun()
    return typed, idf


def show_examples(study: Study, page: str = "search") -> None:
    """A few of the collection's own queries, spread over it, short ones that read at a glance."""
    short = [text for text in study.queries.texts if 20 <= len(text) <= 90] or list(study.queries.texts)
    examples = short[:: max(len(short) // N_EXAMPLES, 1)][:N_EXAMPLES]
    if examples:
        frame.label("Or take one of this collection's own queries")
        st.html(highlight.link_list((text, frame.address(page, q=text)) for text in examples))


def chips(key: cache.Key, query: str, idf: cache.Idf) -> None:
    """The query's latents, those that can move a score the most first."""
    table = cache.query_latents(key, query, idf)
    names = cache.labels(key)
    top = table.head(N_CHIPS)
    largest = float(top["strength"].max()) if len(top) else 0.0
    items = "".join(
        highlight.chip(
            names[row["latent"]], row["latent"], frame.address("latent", latent=row["latent"]),
            row["strength"] / (largest or 1.0),
            f"query weight {row['query_weight']:.2f} × idf {row['idf']:.2f}",
        )
        for row in top.to_dict("records")
    )  # fmt: skip
    rest = f'<span class="lt-rest">and {len(table) - len(top):,} more</span>' if len(table) > len(top) else ""
    frame.label("The query's latents, by query weight × idf")
    st.html(f'<div class="lt-chips">{items}{rest}</div>')


def show_results(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, results: pd.DataFrame, chosen: str
) -> None:
    """The ranking, a card a document, with the places that cosine and BM25 give it."""
    judged = query_id_of(study, query) in study.qrels
    credits = cached_ranking.marks_of(key, query, tuple(results["doc_id"]), idf)
    cards = [
        '<div class="lt-columns"><span></span><span>Documents, with the words that earned their score</span>'
        '<div class="lt-places"><span>score</span><span>cosine</span><span>BM25</span></div></div>'
    ]
    for row in results.to_dict("records"):
        doc_id = row["doc_id"]
        text = study.corpus.texts[study.position[doc_id]]
        places = f'<span class="lt-score">{row["latent_score"]:.2f}</span>' + "".join(
            highlight.place(system, None if pd.isna(rank) else int(rank))
            for system, rank in (("cosine", row["cosine_rank"]), ("bm25", row["bm25_rank"]))
        )
        grade = None if pd.isna(row["grade"]) else int(row["grade"])
        cards.append(
            highlight.result_card(
                row["latent_rank"], row["title"], doc_id, frame.address("search", q=query, doc=doc_id),
                highlight.excerpt(text, credits[doc_id], 150, "credit"), places,
                highlight.grade_mark(grade, judged), doc_id == chosen,
            )
        )  # fmt: skip
    st.html(f'<div class="lt-results">{"".join(cards)}</div>')


def show_text(study: Study, doc_id: str) -> None:
    """A document without a query: its text alone."""
    position = study.position[doc_id]
    st.html(highlight.subheading(study.corpus.titles[position] or doc_id))
    frame.label(f"Document {doc_id}; ask something above to see what would earn it a score")
    st.html(f'<div class="lt-document">{highlight.marked(study.corpus.texts[position], [], "credit")}</div>')
