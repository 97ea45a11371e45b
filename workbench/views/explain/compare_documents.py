"""Compare documents: why does one document rank above another?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.attribution.compare_documents import Pair, SmallestSet
from analyses.figures.style.names import cut
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import breakdown_html, highlight
from workbench.markup.formats import count, percent
from workbench.markup.results import result_html
from workbench.page import frame, numbers, selection, url_widgets
from workbench.page.basket import held, offer
from workbench.page.evidence import calls, record
from workbench.page.evidence.call import Call
from workbench.views.explain import search

DEPTH, TOP, K, LONGEST = 20, 13, 10, 70


def page() -> None:
    key, study = frame.opened()
    frame.heading("Compare documents", "Why does one document rank above another?")
    query, idf = search.controls()
    if not query:
        st.html(highlight.calm("Ask something", "Then choose two of the documents that the query finds."))
        search.show_examples(study, "compare-documents")
        return
    with st.spinner(search.READING):
        ranking = cache.rankings(key, query, idf, DEPTH)
    results = ranking[ranking["latent_rank"].notna() & (ranking["latent_rank"] <= DEPTH)]
    if len(results) < 2:
        st.html(highlight.calm("Nothing to compare", "This query finds fewer than two documents."))
        return
    first, second = choose(study, results)
    both = cached_ranking.compared(key, query, first, second, idf)
    st.html(highlight.figures(headline(both)))
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        show_difference(key, both, calls.comparison(study, query, first, second, idf))
    with right:
        show_swap(key, both)
        leaving = st.container()
    show_texts(key, study, query, idf, both)
    with st.expander("Every latent in numbers"):
        names = cache.labels(key)
        labelled = both.breakdown.assign(
            label=[names[latent] for latent in both.breakdown["latent"].tolist()]
        )
        numbers.show(labelled.round(4))
        st.caption(
            f"Differences sum to {both.breakdown['difference'].sum():.5f}; the scores differ by "
            f"{both.scores[0] - both.scores[1]:.5f}. The rest is float32's rounding."
        )
    with leaving:  # last: it may take seconds
        show_exit(key, query, idf, both)


def choose(study: Study, results: pd.DataFrame) -> tuple[str, str]:
    """The two documents: the URL's, or the first two results."""
    ranks: dict[str, int] = dict(zip(results["doc_id"], results["latent_rank"], strict=True))

    def name(doc_id: str) -> str:
        title = study.corpus.titles[study.position[doc_id]] or doc_id
        short = cut(title, LONGEST)
        return f"{ranks[doc_id]}.  {short}" if doc_id in ranks else short

    def one(parameter: str, label: str, place: url_widgets.Place, without: str = "") -> str:
        in_url = selection.current().get(parameter, "")
        options = [in_url, *ranks] if in_url in study.position and in_url not in ranks else list(ranks)
        names = {doc_id: name(doc_id) for doc_id in options if doc_id != without}
        first = next(doc_id for doc_id in ranks if doc_id != without)
        return url_widgets.select(parameter, label, names, first, place, keep_default=True)

    left, right = st.columns(2, gap="large")
    first = one("doc", "A", left)
    return first, one("other", "B", right, without=first)


def headline(both: Pair) -> list[tuple[str, str, str]]:
    """Ranks and scores: value, unit, name."""
    ahead = int((both.breakdown["difference"] > 0).sum())
    behind = int((both.breakdown["difference"] < 0).sum())
    return [
        (place(both.ranks[0]), f"score {both.scores[0]:.2f}", "A"),
        (place(both.ranks[1]), f"score {both.scores[1]:.2f}", "B"),
        (f"{both.scores[0] - both.scores[1]:+.2f}", "", "score difference, A − B"),
        (f"{ahead} / {behind}", "", "latents that favour A / B"),
    ]


def show_difference(key: cache.Key, both: Pair, call: Call) -> None:
    frame.label(
        "The score difference by latents: blue favours A, orange favours B; the smallest set that swaps "
        "them is in full colour"
    )
    decisive = both.swap.latents if both.swap else ()
    names, inside = cache.labels(key), held.latents()
    rows = [
        breakdown_html.Row(
            row["latent"],
            names[row["latent"]],
            frame.address("latent", latent=row["latent"]),
            row["difference"],
            f"A {row['contribution_first']:.3f}, B {row['contribution_second']:.3f}",
            offer.mark(row["latent"], inside),
        )
        for row in both.breakdown.to_dict("records")
    ]
    st.html(breakdown_html.breakdown(rows, TOP, "diverging", decisive))
    record.record("difference", table=both.breakdown, call=call)


def show_swap(key: cache.Key, both: Pair) -> None:
    """The smallest set of latents without which the two swap ranks, beside random sets of that size."""
    upper, lower = ("A", "B") if both.first_leads else ("B", "A")
    frame.label(f"The fewest latents of the query without which {lower} ranks above {upper}")
    if both.swap is None:
        st.html(
            highlight.note(
                f"There are none: no latent favours {lower}, so {upper} stays ahead whichever latents are "
                "removed."
            )
        )
        return
    n, control = len(both.swap.latents), both.control
    assert control is not None
    st.html(
        chips(key, both.swap, dict(zip(both.breakdown["latent"], both.breakdown["difference"], strict=True)))
    )
    low, high = control.interval
    searched = (
        "Searched again without these latents"
        if both.swap.turned
        else "Searched again, float32's rounding keeps the order"
    )
    st.caption(
        f"{count(n)} of {count(control.n_latents)} latents that either document has; no smaller set swaps "
        f"the two. {searched}, A is {place(both.swap.ranks[0])} and B {place(both.swap.ranks[1])}. Control: "
        f"{count(control.turned)} of {count(control.n_draws)} random sets of {count(n)} of these latents "
        f"swap the two (95% interval {percent(low)} to {percent(high)})."
    )


def show_exit(key: cache.Key, query: str, idf: cache.Idf, both: Pair) -> None:
    """The smallest set of latents without which the upper document leaves the first K."""
    doc_id, rank, name = (
        (both.first, both.ranks[0], "A") if both.first_leads else (both.second, both.ranks[1], "B")
    )
    if rank is None or rank > K:
        return
    frame.label(f"The fewest latents without which {name} leaves the first {K}")
    with st.spinner("Comparing with every document that could take the rank"):
        smallest = cached_ranking.leaving_the_top(key, query, doc_id, K, idf)
    contribution = cache.explanation(key, query, doc_id, idf).breakdown
    st.html(
        chips(key, smallest, dict(zip(contribution["latent"], contribution["contribution"], strict=True)))
    )
    size = count(len(smallest.latents))
    known = (
        f"{size} latents; no smaller set suffices"
        if smallest.proven
        else f"At most {size}, at least {smallest.at_least}"
    )
    st.caption(
        f"{known}. All documents compete here, not only the pair. Searched again without these latents, "
        f"{name} is {place(smallest.ranks[0])}."
    )


def show_texts(key: cache.Key, study: Study, query: str, idf: cache.Idf, both: Pair) -> None:
    """Both texts, each token in the colour of the document that the token's latents favour."""
    both_marks = cached_ranking.difference_marks(key, query, both.first, both.second, idf)
    largest = max((abs(mark.value) for marks in both_marks for mark in marks), default=0.0)
    columns = st.columns(2, gap="large")
    for column, name, doc_id, marks in zip(columns, "AB", (both.first, both.second), both_marks, strict=True):
        with column:
            title = study.corpus.titles[study.position[doc_id]] or doc_id
            st.html(
                f"{highlight.link(f'{name}: {title}', frame.address('search', q=query, doc=doc_id), 'lt-title')}"
            )
            text = study.corpus.texts[study.position[doc_id]]
            st.html(result_html.document_box(highlight.marked(text, marks, "credit", largest)))
    st.caption(
        "Each latent's score difference, divided among the tokens of each text on which the latent fires, "
        "in proportion to activation: blue favours A, orange favours B, in either text."
    )


def chips(key: cache.Key, smallest: SmallestSet, weights: dict[int, float]) -> str:
    """The latents of a set as links, the largest weight the deepest."""
    names = cache.labels(key)
    largest = max((abs(weights.get(latent, 0.0)) for latent in smallest.latents), default=0.0) or 1.0
    items = "".join(
        highlight.chip(
            names[latent],
            latent,
            frame.address("latent", latent=latent),
            abs(weights.get(latent, 0.0)) / largest,
            f"{weights.get(latent, 0.0):+.3f}",
        )
        for latent in smallest.latents
    )
    reached = 'tabindex="0" role="group" aria-label="The latents of the set"'
    return f'<div class="lt-chips lt-set" {reached}>{items}</div>'


def place(rank: int | None) -> str:
    return "not found" if rank is None else f"rank {rank:,}"
