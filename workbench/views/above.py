"""A above B: why this before that?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.difference import difference_figure
from analyses.pair import Pair, SmallestSet
from retrieval.study import Study
from workbench import cache, cached_ranking, frame, highlight, selection
from workbench.formats import count, percent
from workbench.views import search

DEPTH, TOP, K, LONGEST = 20, 13, 10, 70


def page() -> None:
    key, study = frame.opened()
    frame.heading("A above B", "Why this before that?")
    query, idf = search.controls(study)
    if not query:
        st.html(highlight.calm("Ask something", "Then choose two of the documents that it finds."))
        search.show_examples(study, "above")
        return
    with st.spinner("Reading the query; the first one also loads the encoder"):
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
        show_difference(key, both)
    with right:
        show_swap(key, both)
        leaving = st.container()
    show_texts(key, study, query, idf, both)
    with st.expander("Every latent in numbers"):
        names = cache.labels(key)
        labelled = both.ledger.assign(label=[names[latent] for latent in both.ledger["latent"].tolist()])
        st.dataframe(labelled.round(4), hide_index=True, height=360)
        st.caption(
            f"Differences sum to {both.ledger['difference'].sum():.5f}; the scores differ by "
            f"{both.scores[0] - both.scores[1]:.5f}. What is left is float32's rounding."
        )
    with leaving:  # last: it may take seconds
        show_exit(key, query, idf, both)


def choose(study: Study, results: pd.DataFrame) -> tuple[str, str]:
    """The two documents: the URL's, or the first two results."""
    here = selection.current()
    found = results["doc_id"].tolist()
    first = here["doc"] if here.get("doc") in study.position else found[0]
    second = here["other"] if here.get("other") in study.position else None
    if second is None or second == first:
        second = next(doc_id for doc_id in found if doc_id != first)
    ranks = dict(zip(found, results["latent_rank"].tolist(), strict=True))

    def name(doc_id: str) -> str:
        title = study.corpus.titles[study.position[doc_id]] or doc_id
        cut = title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"
        return f"{ranks[doc_id]}.  {cut}" if doc_id in ranks else cut

    picked = []
    for column, (label, chosen) in zip(
        st.columns(2, gap="large"), (("A", first), ("B", second)), strict=True
    ):
        options = found if chosen in ranks else [chosen, *found]
        picked.append(
            column.selectbox(
                label, options, index=options.index(chosen), format_func=name, key=f"{label} {first} {second}"
            )
        )
    if picked != [first, second] and picked[0] != picked[1]:
        selection.choose(doc=picked[0], other=picked[1])
        st.rerun()
    return first, second


def headline(both: Pair) -> list[tuple[str, str, str]]:
    """Places and scores: value, unit, what it is."""
    ahead = int((both.ledger["difference"] > 0).sum())
    behind = int((both.ledger["difference"] < 0).sum())
    return [
        (place(both.ranks[0]), f"score {both.scores[0]:.2f}", "A"),
        (place(both.ranks[1]), f"score {both.scores[1]:.2f}", "B"),
        (f"{both.scores[0] - both.scores[1]:+.2f}", "", "difference"),
        (f"{ahead} / {behind}", "", "latents for A / for B"),
    ]


def show_difference(key: cache.Key, both: Pair) -> None:
    frame.label("The difference by latents: blue for A, orange for B; in full colour, those that decide")
    decisive = both.swap.latents if both.swap else ()
    chart = difference_figure(
        both.ledger, cache.labels(key), decisive, TOP, lambda j: frame.address("latent", latent=j)
    )
    frame.show(chart, "difference")


def show_swap(key: cache.Key, both: Pair) -> None:
    """The smallest set of latents without which the two change places, and random sets of that size."""
    upper, lower = ("A", "B") if both.first_leads else ("B", "A")
    frame.label(f"The fewest latents of the query without which {lower} stands above {upper}")
    if both.swap is None:
        st.html(
            highlight.note(
                f"There are none: no latent speaks for {lower}, so whichever go, {upper} stays ahead."
            )
        )
        return
    n, control = len(both.swap.latents), both.control
    assert control is not None
    st.html(chips(key, both.swap, dict(zip(both.ledger["latent"], both.ledger["difference"], strict=True))))
    low, high = control.interval
    searched = (
        "Searched again without them"
        if both.swap.turned
        else "Searched again, float32's rounding keeps the order"
    )
    st.caption(
        f"{count(n)} of {count(control.n_latents)} latents that either document has; no smaller set does it. "
        f"{searched}, A is {place(both.swap.ranks[0])} and B {place(both.swap.ranks[1])}. Control: "
        f"{count(control.turned)} of {count(control.n_draws)} random sets of {count(n)} of these latents turn the "
        f"pair (95% interval {percent(low)} to {percent(high)})."
    )


def show_exit(key: cache.Key, query: str, idf: cache.Idf, both: Pair) -> None:
    """The smallest set without which the upper document is no longer among the first K."""
    doc_id, rank, name = (
        (both.first, both.ranks[0], "A") if both.first_leads else (both.second, both.ranks[1], "B")
    )
    if rank is None or rank > K:
        return
    frame.label(f"The fewest latents without which {name} is not among the first {K}")
    with st.spinner("Weighing it against every document that could take its place"):
        found = cached_ranking.leaving_the_top(key, query, doc_id, K, idf)
    contribution = cache.explanation(key, query, doc_id, idf).ledger
    st.html(chips(key, found, dict(zip(contribution["latent"], contribution["contribution"], strict=True))))
    size = count(len(found.latents))
    known = (
        f"{size} latents; no smaller set does it"
        if found.proven
        else f"At most {size}, at least {found.at_least}"
    )
    st.caption(
        f"{known}. Every document counts here, not the pair alone. Searched again without them, "
        f"{name} is {place(found.ranks[0])}."
    )


def show_texts(key: cache.Key, study: Study, query: str, idf: cache.Idf, both: Pair) -> None:
    """Both texts, each token on the colour of the document that its latents speak for."""
    given = cached_ranking.difference_marks(key, query, both.first, both.second, idf)
    largest = max((abs(mark.value) for marks in given for mark in marks), default=0.0)
    columns = st.columns(2, gap="large")
    for column, name, doc_id, marks in zip(columns, "AB", (both.first, both.second), given, strict=True):
        with column:
            title = study.corpus.titles[study.position[doc_id]] or doc_id
            st.html(
                f"{highlight.link(f'{name}: {title}', frame.address('search', q=query, doc=doc_id), 'lt-title')}"
            )
            text = study.corpus.texts[study.position[doc_id]]
            st.html(f'<div class="lt-document">{highlight.marked(text, marks, "credit", largest)}</div>')
    st.caption(
        "Each latent's difference, shared over the tokens of each text on which it fires, in proportion to "
        "activation: blue speaks for A, orange for B, in whichever text it stands."
    )


def chips(key: cache.Key, found: SmallestSet, weights: dict[int, float]) -> str:
    """The latents of a set, links all, deepest the one that weighs most."""
    names = cache.labels(key)
    largest = max((abs(weights.get(latent, 0.0)) for latent in found.latents), default=0.0) or 1.0
    items = "".join(
        highlight.chip(
            names[latent], latent, frame.address("latent", latent=latent),
            abs(weights.get(latent, 0.0)) / largest, f"{weights.get(latent, 0.0):+.3f}",
        )
        for latent in found.latents
    )  # fmt: skip
    return f'<div class="lt-chips lt-set">{items}</div>'


def place(rank: int | None) -> str:
    return "not found" if rank is None else f"number {rank:,}"
