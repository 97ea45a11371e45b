"""Length and repetition: do BM25's assumptions hold for latents, and which documents do b and k1 favour?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.bm25_assumptions.saturation import Saturation
from analyses.figures.laws.lengths import length_figure, retrieval_figure
from analyses.figures.laws.polysemy import repetition_figure
from analyses.figures.laws.saturation import saturation_figure
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from retrieval.vocabularies import vocabulary_title
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.glossary import tooltip
from workbench.page import frame, idf, url_widgets
from workbench.page.evidence import calls

N_FIRST = 100
BS = [round(0.05 * step, 2) for step in range(21)]


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Length and repetition",
        "Do BM25's assumptions hold for latents, and which documents do b and k1 favour?",
    )
    lengths = cached_language.document_lengths(key)
    frame.label(
        "Document length |d| beside other lengths; a darker cell holds more documents, ρ is Spearman's"
    )
    chart = length_figure(lengths, cached_language.length_correlations(key), stacked=frame.is_narrow())
    frame.show(chart, "lengths")
    st.caption(read_whole(study, lengths))
    if not study.qrels:
        st.html(
            highlight.note(
                "This collection has no relevance judgements, so the effect of b and k1 cannot be measured."
            )
        )
        return
    st.html(highlight.subheading("Which lengths does b favour?"))
    show_b(key, study)
    st.html(highlight.subheading("Do terms come in bursts?"))
    show_repetition(key)
    st.html(highlight.subheading("Where should a contribution saturate?"))
    show_saturation(key)


def read_whole(study: Study, lengths: pd.DataFrame) -> str:
    """What the figure shows, and how many documents are cut at the encoder's limit."""
    at_most = int(lengths["tokens"].max())
    cut = float((lengths["tokens"] >= at_most).mean())
    caption = f"{count(len(lengths))} documents; intervals are 95% bootstraps over them. "
    if cut > 0.01:
        caption += (
            f"{percent(cut)} of them fill the encoder's limit of {count(at_most)} tokens; the rest of their "
            "text is not read. "
        )
    return caption + "The longest 0.5% are not drawn."


def show_b(key: cache.Key, study: Study) -> None:
    """The figure of Singhal et al. (1996); an estimate first where there are many queries."""
    left, right = st.columns([1.9, 1], gap="large")
    with right:
        b = url_widgets.select_slider(
            "b", "b: strength of length normalisation", BS, Bm25Parameters.b, help=tooltip("b")
        )
        words = st.empty()
    with left:
        frame.label("Relevant documents by document length, and the first ten results by document length")
        picture = st.empty()
    n = len(cached_language.judged(key))
    for at_most in [N_FIRST, None] if n > 2 * N_FIRST else [None]:
        table = cached_language.retrieval_by_length(key, b, idf.chosen(), at_most)
        with picture.container():
            call = None if at_most else calls.retrieval_by_length(study, b, idf.chosen())
            frame.show(retrieval_figure(table, b), f"retrieved {at_most}", table, call)
        words.html(tenths_html(table, b, n))
    with st.expander("The tenths in numbers"):
        st.html(highlight.table(readable(table)))


def tenths_html(table: pd.DataFrame, b: float, n_all: int) -> str:
    """The effect of b on the shortest and the longest tenth of the documents, as HTML."""
    n = int(table["n_queries"].iloc[0])
    short, long = (table.iloc[place] for place in (0, -1))
    moved = int(table["raised"].sum()), int(table["lowered"].sum())
    rows = [
        ("Queries", count(n) + ("" if n == n_all else f", an estimate for all {count(n_all)}")),
        ("Shortest tenth", sentence(short, b)),
        ("Longest tenth", sentence(long, b)),
        (
            "Length norm",
            f"{short['norm']:.2f} and {long['norm']:.2f}: the term frequency that these lengths need, "
            "relative to the average",
        ),
        ("Relevant documents", f"{count(moved[0])} rank better with b than without, {count(moved[1])} worse"),
    ]
    return highlight.facts(rows) + highlight.note(
        "A fair ranking follows the dark line. A ranking above the line takes more documents of that length "
        "than are relevant (Singhal, Buckley and Mitra 1996)."
    )


def sentence(row: pd.Series, b: float) -> str:
    """A tenth's shares, and whether the results' share at b is within the interval of the relevant documents'."""
    if row["with_b_low"] > row["relevant_high"]:
        verdict = "too many"
    elif row["with_b_high"] < row["relevant_low"]:
        verdict = "too few"
    else:
        verdict = "about right"
    return (
        f"{percent(row['relevant'])} of relevant; {percent(row['without'])} of results at b = 0, "
        f"{percent(row['with_b'])} at {b:g}: {verdict}"
    )


def readable(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Tenth by length": table["bin"] + 1,
            "Document length": spans(table, "shortest", "longest", " to "),
            "Length norm": table["norm"].map(lambda value: f"{value:.2f}"),
            "Relevant": table["n_relevant"].map(count),
            "ranked better / worse with b": spans(table, "raised", "lowered", " / "),
            "Mean of 1 / rank, b = 0": table["rr_without"].map(lambda value: f"{value:.3f}"),
            "with b": table["rr_with_b"].map(lambda value: f"{value:.3f}"),
        }
    )


def show_repetition(key: cache.Key) -> None:
    """How many of the documents that hold a term hold it twice or more, beside a Poisson process."""
    medians = cached_language.repetition(key)
    frame.label(
        "Adaptation: of the documents that hold a term, the share that hold it twice or more; median term"
    )
    frame.show(repetition_figure(medians), "repetition")
    st.caption(
        "Tokens on which a latent fires, words and wordpieces of the text that the encoder reads; terms in five "
        "documents or more, by doublings of document frequency, with 95% bootstrap intervals over terms. "
        "Dotted: the control, a Poisson process of the term's own rate and the documents' lengths. BM25's "
        "saturation assumes terms above their dotted line."
    )


def spans(table: pd.DataFrame, first: str, second: str, between: str) -> list[str]:
    """Two numbers of each row, in one cell."""
    return [f"{a:,.0f}{between}{b:,.0f}" for a, b in zip(table[first], table[second], strict=True)]


def show_saturation(key: cache.Key) -> None:
    """The evidence of relevance for a term frequency, beside BM25's curve."""
    saturations = cached_language.saturations(key)
    n, of_all = saturations[0].n_queries, len(cached_language.judged(key))
    frame.label(
        "How much more often relevant documents hold a query's term at a term frequency than all that hold the term"
    )
    frame.show(saturation_figure(saturations), "saturation")
    drawn = f"Estimated on {count(n)} of {count(of_all)} queries" if n < of_all else f"All {count(n)} queries"
    st.caption(
        f"{drawn}; bands are 95% bootstraps over them. BM25's curve is shifted and scaled to fit the points."
    )
    st.html(highlight.facts((vocabulary_title(one.system), verdict(one)) for one in saturations))


def verdict(one: Saturation) -> str:
    """Where the term frequencies lie on the curve, and the k1 nearest to the evidence."""
    k1 = one.parameters.k1
    fitted = (
        "nearest to a straight line, that is to no k1"
        if np.isinf(one.k1_fit)
        else (f"nearest at k1 = {number(one.k1_fit)} ({number(one.k1_low)} to {number(one.k1_high)})")
    )
    return (
        f"At k1 = {k1:g} the median term frequency, {number(one.median_x)}, is "
        f"{percent(one.median_saturation)} saturated, and {percent(one.straight)} of term frequencies lie "
        f"below k1 / 4, where the curve is nearly straight. The evidence is {fitted}; this need not be the k1 "
        "that ranks best."
    )
