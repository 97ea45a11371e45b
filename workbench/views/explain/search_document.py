"""One document under one query: score breakdown, pairs, token credit, cosine, words; computed as chosen."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.attribution.cosine_breakdown import averaged_away, why_no_breakdown
from analyses.attribution.score_breakdown import Explanation
from analyses.figures.ranking.cosine_breakdown import shares_figure
from analyses.figures.ranking.score_breakdown import word_breakdown_figure
from analyses.text.contexts import Highlight
from retrieval.study import Study
from retrieval.systems import LEXICAL
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import breakdown_html, highlight
from workbench.markup.formats import count, percent
from workbench.markup.results import result_html
from workbench.page import frame, numbers, url_widgets
from workbench.page.basket import held, offer
from workbench.page.evidence import calls, record
from workbench.views.explain import search_credit, search_pairs

# `part=ledger`, of an older version, is no part: it leads to the default, the breakdown
PARTS = {"breakdown": "Latents", "pairs": "Pairs", "text": "Text", "cosine": "Cosine", "words": "Words"}
TOP, MOST = 10, 50  # latents that are drawn at once, and on demand


def show(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str, results: Sequence[str]
) -> None:
    """The document's title, links that compare it with the other results, and the chosen part."""
    st.html(highlight.subheading(study.corpus.titles[study.position[doc_id]] or doc_id))
    rivals(query, doc_id, results)
    chosen = url_widgets.segmented("part", "Part", PARTS, "breakdown", label_visibility="collapsed")
    if chosen == "text":
        search_credit.show(key, study, query, idf, doc_id)
    elif chosen == "pairs":
        search_pairs.show(key, study, query, idf, doc_id)
    elif chosen == "cosine":
        show_cosine(key, study, query, idf, doc_id)
    elif chosen == "words":
        show_words(key, study, query, doc_id)
    else:
        show_breakdown(key, study, query, idf, doc_id)


def rivals(query: str, doc_id: str, results: Sequence[str]) -> None:
    """Links that compare this document with each other result, the higher one first."""
    if doc_id not in results or len(results) < 2:
        return
    own = results.index(doc_id)
    links = [
        highlight.link(
            str(rank + 1),
            frame.address(
                "compare-documents", q=query, doc=results[min(rank, own)], other=results[max(rank, own)]
            ),
        )
        for rank in range(len(results))
        if rank != own
    ]
    st.html(f'<p class="lt-rivals"><span>Rank {own + 1}. Compare with rank</span>{"".join(links)}</p>')


def show_breakdown(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The latents that give the score, and where in the text they fire."""
    explanation = cache.explanation(key, query, doc_id, idf)
    names = cache.labels(key)
    frame.label(
        f"Score {explanation.score:.2f}, from {len(explanation.breakdown):,} latents that query and "
        "document share"
    )
    if explanation.breakdown.empty:
        st.html(
            highlight.calm("Nothing shared", "Query and document have no latent in common: the score is 0.")
        )
    else:
        st.html(breakdown_html.breakdown(steps(explanation.breakdown, names), TOP))
        call = calls.breakdown(study, query, doc_id, idf)
        record.record("breakdown", table=explanation.breakdown, call=call)
        offer.several(explanation.breakdown["latent"].tolist(), "of this breakdown")
    frame.label("The text: each latent's contribution, divided among the tokens in proportion to activation")
    marks = cached_ranking.marks_of(key, query, (doc_id,), idf)[doc_id]
    document(study.corpus.texts[study.position[doc_id]], marks)
    with st.expander("The score breakdown in numbers"):
        numbers.show(breakdown_table(explanation, names))
        total = explanation.breakdown["contribution"].sum()
        st.caption(
            f"Contributions sum to {total:.5f}; the score is {explanation.score:.5f}. The residual, "
            f"float32's rounding, is {abs(explanation.residual) / (explanation.score or 1):.1g} of it. "
            f"The contributions come from {count(len(explanation.document_tokens))} token activations."
        )


def steps(breakdown: pd.DataFrame, names: dict[int, str]) -> list[breakdown_html.Row]:
    """The score breakdown as rows, each with its factors."""
    inside = held.latents()
    return [
        breakdown_html.Row(
            row["latent"],
            names[row["latent"]],
            to_latent(row["latent"]),
            row["contribution"],
            f"query weight {row['query_weight']:.2f} × idf {row['idf']:.2f} × saturation {row['saturation']:.3f}",
            offer.mark(row["latent"], inside),
        )
        for row in breakdown.to_dict("records")
    ]


def show_cosine(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The cosine as a sum over the same latents, beside their shares of BM25's score."""
    if (reason := why_no_breakdown(study)) is not None:
        st.html(highlight.calm("No breakdown of this cosine", reason))
        return
    with st.spinner("Encoding the document again, for the norm of its vector"):
        explained = cached_ranking.cosine(key, query, doc_id)
    beside = cached_ranking.beside_bm25(key, query, doc_id, idf)
    parts = [
        (f"{explained.of_latents:+.3f}", f"{count(len(explained.breakdown))} latents", "from latents"),
        (f"{explained.bias:+.3f}", "", "from the SAE's bias"),
        (f"{explained.unreconstructed:+.3f}", "", "from what the SAE does not reconstruct"),
    ]
    if explained.special:
        parts.append((f"{explained.special:+.3f}", "", "from special tokens"))
    frame.label(
        f"Cosine {explained.cosine:.4f} and its parts, which sum to it within {abs(explained.residual):.0e}"
    )
    st.html(highlight.figures(parts))
    averaged = averaged_away(beside)
    if averaged.n_latents:
        frame.label(
            "Latents that BM25 weights more and the mean over tokens averages away: the largest loss first"
        )
        chart, call = (
            shares_figure(beside, cache.labels(key), TOP, to_latent),
            calls.cosine(study, query, doc_id, idf),
        )
        frame.show(chart, "cosine", beside, call)
        show_more(beside.iloc[TOP : TOP + MOST], cache.labels(key))
        st.caption(
            f"The {averaged.n_latents} latents that make {percent(averaged.bm25)} of BM25's score make "
            f"{percent(averaged.cosine)} of the cosine's latent parts, by absolute size; as many drawn from "
            f"the {averaged.n_shared} latents that query and document share make {percent(averaged.random)} "
            f"(95% of {count(averaged.n_draws)} draws: {percent(averaged.low)} to {percent(averaged.high)})."
        )
    frame.label("The text: each token's part of the cosine, exact")
    tokens = explained.tokens
    document(
        study.corpus.texts[study.position[doc_id]],
        cached_ranking.marks(tokens["start"], tokens["end"], tokens["credit"]),
    )
    with st.expander("Both breakdowns in numbers"):
        names = cache.labels(key)
        labelled = beside.assign(label=[names[latent] for latent in beside["latent"].tolist()])
        numbers.show(labelled.round(5))
        st.caption(
            "Part: the latent's mean activation over all tokens × decoder direction · query vector, divided "
            "by the norm of the document's vector. Shares are of the sum of all absolute parts, and of "
            "BM25's score."
        )


def show_more(rest: pd.DataFrame, names: dict[int, str]) -> None:
    """The latents beyond the first ones, which open in place."""
    if rest.empty:
        return
    opened = st.expander(f"{count(len(rest))} more", on_change="rerun", key="more of the cosine")
    if opened.open:
        with opened:
            frame.show(shares_figure(rest, names, MOST, to_latent), "more of the cosine")


def show_words(key: cache.Key, study: Study, query: str, doc_id: str) -> None:
    """Lexical BM25's score by words, for comparison."""
    explained = cached_ranking.words(key, query, doc_id)
    frame.label(
        f"Lexical BM25 scores {explained.score:.2f}, from {len(explained.breakdown)} words that query and "
        "document share"
    )
    if explained.breakdown.empty:
        st.html(
            highlight.calm("No word shared", "Query and document have no word in common: the score is 0.")
        )
    else:
        chart = word_breakdown_figure(
            explained.breakdown, TOP, lambda word: frame.address("word", word=word), LEXICAL.colour
        )
        frame.show(chart, "words", explained.breakdown, calls.words(study, query, doc_id))
    for words, what in ((explained.missing, "Not in this document"), (explained.unknown, "In no document")):
        if words:
            st.html(highlight.note(f"{what}: {', '.join(words)}"))
    frame.label("The text: each word's contribution, divided evenly among its occurrences")
    places = explained.document_words
    document(
        study.corpus.texts[study.position[doc_id]],
        cached_ranking.marks(places["start"], places["end"], places["credit"]),
    )


def document(text: str, marks: Sequence[Highlight]) -> None:
    st.html(result_html.document_box(highlight.marked(text, marks, "credit")))


def to_latent(latent: int) -> str:
    return frame.address("latent", latent=latent)


def breakdown_table(explanation: Explanation, names: dict[int, str]) -> pd.DataFrame:
    """The score breakdown with labels and readable headings."""
    breakdown = explanation.breakdown
    return pd.DataFrame(
        {
            "latent": breakdown["latent"],
            "label": [names[latent] for latent in breakdown["latent"].tolist()],
            "contribution": breakdown["contribution"].round(4),
            "query term frequency": breakdown["query_weight"].round(3),
            "idf": breakdown["idf"].round(3),
            "document term frequency": breakdown["document_weight"].round(3),
            "saturation": breakdown["saturation"].round(4),
        }
    )
