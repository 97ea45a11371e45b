"""One document under one query: its ledger, its text, its cosine, its words; only the chosen part is computed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.attribution import Explanation
from analyses.contexts import Highlight
from analyses.cosine_ledger import drowned, why_no_ledger
from analyses.figures.cosine import shares_figure
from analyses.figures.ledger import ledger_figure, word_ledger_figure
from analyses.figures.theme import system_colour
from retrieval.study import Study
from workbench import cache, cached_ranking, frame, highlight, selection
from workbench.formats import count, percent
from workbench.views import search_credit

PARTS = {"ledger": "Latents", "text": "Text", "cosine": "Cosine", "words": "Words"}
TOP = 10


def show(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str, results: Sequence[str]
) -> None:
    """The document's title, the way to its rivals, and the chosen part."""
    st.html(highlight.subheading(study.corpus.titles[study.position[doc_id]] or doc_id))
    rivals(query, doc_id, results)
    here = selection.current().get("part", "ledger")
    chosen = here if here in PARTS else "ledger"
    picked = st.segmented_control(
        "Part", list(PARTS), default=chosen, format_func=PARTS.__getitem__, label_visibility="collapsed",
        key=f"part {chosen}", required=True,
    )  # fmt: skip
    if picked != chosen:
        selection.choose(part=None if picked == "ledger" else picked)
        st.rerun()
    if chosen == "text":
        search_credit.show(key, study, query, idf, doc_id)
    elif chosen == "cosine":
        show_cosine(key, study, query, idf, doc_id)
    elif chosen == "words":
        show_words(key, study, query, doc_id)
    else:
        show_ledger(key, study, query, idf, doc_id)


def rivals(query: str, doc_id: str, results: Sequence[str]) -> None:
    """Links to the page that sets this document against each other result, the higher one first."""
    if doc_id not in results or len(results) < 2:
        return
    own = results.index(doc_id)
    links = [
        highlight.link(
            str(rank + 1),
            frame.address("above", q=query, doc=results[min(rank, own)], other=results[max(rank, own)]),
        )
        for rank in range(len(results))
        if rank != own
    ]
    st.html(
        f'<p class="lt-rivals"><span>Number {own + 1}. Why above or below number</span>{"".join(links)}</p>'
    )


def show_ledger(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """Which latents gave the score, and where in the text they fire."""
    explanation = cache.explanation(key, query, doc_id, idf)
    names = cache.labels(key)
    frame.label(
        f"Score {explanation.score:.2f}, from {len(explanation.ledger):,} latents that query and document share"
    )
    if explanation.ledger.empty:
        st.html(
            highlight.calm("Nothing shared", "Query and document have no latent in common: the score is 0.")
        )
    else:
        frame.show(ledger_figure(explanation.ledger, names, TOP, to_latent), "ledger")
    frame.label("Its text: each latent's contribution, shared over tokens in proportion to activation")
    marks = cached_ranking.marks_of(key, query, (doc_id,), idf)[doc_id]
    document(study.corpus.texts[study.position[doc_id]], marks)
    with st.expander("The ledger in numbers"):
        st.dataframe(ledger_table(explanation, names), hide_index=True, height=360)
        total = explanation.ledger["contribution"].sum()
        st.caption(
            f"Contributions sum to {total:.5f}; the score is {explanation.score:.5f}. The residual, float32's "
            f"rounding, is {abs(explanation.residual) / (explanation.score or 1):.1g} of it. "
            f"{count(len(explanation.document_tokens))} token activations are behind them."
        )


def show_cosine(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The cosine by the same latents, beside BM25's shares."""
    if (reason := why_no_ledger(study)) is not None:
        st.html(highlight.calm("No ledger of this cosine", reason))
        return
    with st.spinner("Encoding the document again, for the length of its vector"):
        explained = cached_ranking.cosine(key, query, doc_id)
    beside = cached_ranking.beside_bm25(key, query, doc_id, idf)
    parts = [
        (f"{explained.of_latents:+.3f}", "", f"its {count(len(explained.ledger))} latents"),
        (f"{explained.bias:+.3f}", "", "the SAE's bias"),
        (f"{explained.unreconstructed:+.3f}", "", "what the SAE does not reconstruct"),
    ]
    if explained.special:
        parts.append((f"{explained.special:+.3f}", "", "special tokens"))
    frame.label(f"Cosine {explained.cosine:.4f}, and what adds up to it, to {abs(explained.residual):.0e}")
    st.html(highlight.figures(parts))
    heard = drowned(beside)
    if heard.n_latents:
        frame.label("What BM25 hears and the mean over tokens drowns: largest loss of share first")
        frame.show(shares_figure(beside, cache.labels(key), TOP, to_latent), "cosine")
        st.caption(
            f"The {heard.n_latents} latents that make {percent(heard.bm25)} of BM25's score make "
            f"{percent(heard.cosine)} of the cosine's latent parts, by size; as many drawn from the "
            f"{heard.n_shared} latents that query and document share make {percent(heard.random)} "
            f"(95% of {count(heard.n_draws)} draws: {percent(heard.low)} to {percent(heard.high)})."
        )
    frame.label("Its text: each token's own part of the cosine, which is exact")
    tokens = explained.tokens
    document(
        study.corpus.texts[study.position[doc_id]],
        cached_ranking.marks(tokens["start"], tokens["end"], tokens["credit"]),
    )
    with st.expander("Both ledgers in numbers"):
        names = cache.labels(key)
        labelled = beside.assign(label=[names[latent] for latent in beside["latent"].tolist()])
        st.dataframe(labelled.round(5), hide_index=True, height=360)
        st.caption(
            "Part: activation, meaned over all tokens, × decoder direction · query vector, over the length of the "
            "document's vector. Shares are of the sum of all parts' sizes, and of BM25's score."
        )


def show_words(key: cache.Key, study: Study, query: str, doc_id: str) -> None:
    """Lexical BM25's ledger of words, for comparison."""
    explained = cached_ranking.words(key, query, doc_id)
    frame.label(
        f"Lexical BM25 scores {explained.score:.2f}, from {len(explained.ledger)} words that both have"
    )
    if explained.ledger.empty:
        st.html(
            highlight.calm("No word shared", "Query and document have no word in common: the score is 0.")
        )
    else:
        chart = word_ledger_figure(
            explained.ledger, TOP, lambda word: frame.address("word", word=word), system_colour("bm25")
        )
        frame.show(chart, "words")
    for words, what in ((explained.missing, "Not in this document"), (explained.unknown, "In no document")):
        if words:
            st.html(highlight.note(f"{what}: {', '.join(words)}"))
    frame.label("Its text: each word's contribution, shared evenly over the places where it stands")
    places = explained.document_words
    document(
        study.corpus.texts[study.position[doc_id]],
        cached_ranking.marks(places["start"], places["end"], places["credit"]),
    )


def document(text: str, marks: Sequence[Highlight]) -> None:
    st.html(f'<div class="lt-document">{highlight.marked(text, marks, "credit")}</div>')


def to_latent(latent: int) -> str:
    return frame.address("latent", latent=latent)


def ledger_table(explanation: Explanation, names: dict[int, str]) -> pd.DataFrame:
    """The ledger with labels and readable headings."""
    ledger = explanation.ledger
    return pd.DataFrame(
        {
            "latent": ledger["latent"],
            "label": [names[latent] for latent in ledger["latent"].tolist()],
            "contribution": ledger["contribution"].round(4),
            "query weight": ledger["query_weight"].round(3),
            "idf": ledger["idf"].round(3),
            "document weight": ledger["document_weight"].round(3),
            "saturation": ledger["saturation"].round(4),
        }
    )
