"""Search: which documents do the latents find, and why?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.comparison.query_rankings import query_id_of
from retrieval.study import Study
from retrieval.systems import COSINE, LEXICAL
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import gallery_html, highlight
from workbench.markup.results import result_html
from workbench.page import frame, idf, selection
from workbench.page.shell import finders
from workbench.views.explain import search_document, search_engine, search_judged

BESIDE = {COSINE.name: "rank, cosine", LEXICAL.name: "rank, BM25"}  # beside the latents
DEPTH, MOST_SHOWN, N_CHIPS, N_EXAMPLES = 10, 100, 9, 6
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
    depth = n_shown(selection.current().get("shown", ""))
    with st.spinner(READING):
        ranking = cache.rankings(key, query, chosen_idf, depth)
    if search_engine.is_chosen():
        found = search_engine.results(key, study, query, chosen_idf, depth, ranking)
        if found is None:
            return
        ranking = found
    results = ranking[ranking["latent_rank"].notna() & (ranking["latent_rank"] <= depth)]
    chips(key, query, chosen_idf)
    if results.empty:
        st.html(
            highlight.calm(
                "No results",
                "Every latent of this query is in no document, or in over half of them, where its idf is 0 "
                "under the paper's formula. Try other words, or Lucene's idf, which is always above 0.",
            )
        )
        search_judged.show(key, study, query, chosen_idf, others(ranking), "", depth)
        return
    chosen = selection.current().get("doc", "")
    if chosen not in study.position:
        chosen = str(results["doc_id"].iloc[0])
    # a map of pairs is wider than it is high
    widths = (1, 1.5) if selection.current().get("part") == "pairs" else (1.3, 1)
    left, right = st.columns(widths, gap="large")
    with left:
        show_results(key, study, query, chosen_idf, results, chosen)
        if len(results) == depth:
            more(query, chosen, depth)
        search_judged.show(key, study, query, chosen_idf, others(results), chosen, depth)
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
    beside = others(results)
    cards = [
        result_html.result_columns("Documents, with the words behind their score", list(beside.values()))
    ]
    for row in results.to_dict("records"):
        doc_id = row["doc_id"]
        text = study.corpus.texts[study.position[doc_id]]
        places = f'<span class="lt-score">{row["latent_score"]:.2f}</span>' + "".join(
            highlight.place(system, None if pd.isna(rank) else int(rank))
            for system, rank in ((system, row[f"{system}_rank"]) for system in beside)
        )
        grade = None if pd.isna(row["grade"]) else int(row["grade"])
        cards.append(
            highlight.result_card(
                row["latent_rank"],
                row["title"],
                doc_id,
                frame.address("search", q=query, doc=doc_id, shown=spelled(len(results))),
                highlight.excerpt(text, credits[doc_id], 150, "credit"),
                places,
                highlight.grade_mark(grade, judged),
                doc_id == chosen,
            )
        )
    st.html(f'<div class="lt-results">{"".join(cards)}</div>')


def n_shown(text: str) -> int:
    """How many results an address asks for: tens, from DEPTH to MOST_SHOWN; DEPTH where it asks for none."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else DEPTH
    return min(max(-(-wanted // DEPTH) * DEPTH, DEPTH), MOST_SHOWN)


def spelled(n: int) -> int | None:
    """How an address says that n results are shown; None for the usual number, which it leaves out."""
    return None if n <= DEPTH else n_shown(str(n))


def more(query: str, chosen: str, depth: int) -> None:
    """Links to more results, and back to the first ones."""
    rows = []
    if depth < MOST_SHOWN:
        rows.append((f"{DEPTH} more", frame.address("search", q=query, doc=chosen, shown=depth + DEPTH)))
    if depth > DEPTH:
        rows.append((f"Only the first {DEPTH}", frame.address("search", q=query, doc=chosen, shown="")))
    st.html(gallery_html.link_row(rows))


def others(ranking: pd.DataFrame) -> dict[str, str]:
    """The systems that stand beside the latents: name -> heading."""
    return {system: heading for system, heading in BESIDE.items() if f"{system}_rank" in ranking}


def show_text(study: Study, doc_id: str) -> None:
    """A document without a query: title and text."""
    position = study.position[doc_id]
    st.html(highlight.subheading(study.corpus.titles[position] or doc_id))
    frame.label(f"Document {doc_id}; type a query above to see which words give this document its score")
    st.html(result_html.document_box(highlight.marked(study.corpus.texts[position], [], "credit")))
