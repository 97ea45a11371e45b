"""Repetition and length: are the shapes there that BM25 takes for granted, and what do k1 and b do to whom?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.figures.lengths import length_figure, retrieval_figure
from analyses.figures.meaning import repetition_figure
from analyses.figures.saturation import NAMES, saturation_figure
from analyses.saturation import Saturation
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench import cache, cached_language, frame, highlight, selection, steering
from workbench.formats import count, number, percent

N_FIRST = 100
BS = [round(0.05 * step, 2) for step in range(21)]


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Length and repetition", "BM25 takes two shapes for granted: what do b and k1 do here, and to whom?"
    )
    lengths = cached_language.document_lengths(key)
    frame.label(
        "The length |d| is activation: what it goes with, a cell's depth is its documents, ρ is Spearman's"
    )
    frame.show(length_figure(lengths, cached_language.length_correlations(key)), "lengths")
    st.caption(read_whole(study, lengths))
    if not study.qrels:
        st.html(
            highlight.note("This collection has no relevance judgements: what b and k1 do cannot be judged.")
        )
        return
    st.html(highlight.subheading("What b does to whom"))
    show_b(key)
    st.html(highlight.subheading("Do terms come in bursts?"))
    show_repetition(key)
    st.html(highlight.subheading("Where the weight of a term should level off"))
    show_saturation(key)


def read_whole(study: Study, lengths: pd.DataFrame) -> str:
    """What the figure is of, and how many documents were cut."""
    at_most = int(lengths["tokens"].max())
    cut = float((lengths["tokens"] >= at_most).mean())
    said = f"{count(len(lengths))} documents; intervals are 95% bootstraps over them. "
    if cut > 0.01:
        said += (
            f"{percent(cut)} of them fill the encoder's {count(at_most)} tokens: what follows is not read. "
        )
    return said + "The rarest 0.5% at the right are not drawn."


def show_b(key: cache.Key) -> None:
    """The picture of Singhal et al., an estimate first where there are many queries."""
    here = selection.current()
    idf: cache.Idf = "lucene" if here.get("idf") == "lucene" else "clipped"
    b = nearest(here.get("b", ""))
    left, right = st.columns([1.9, 1], gap="large")
    with right:
        b = st.select_slider("b: how much long documents pay", BS, key=steering.take_up("b", b))
        steering.tell("b", b)
        selection.choose(b=f"{b:g}")
        words = st.empty()
    with left:
        frame.label("Where relevant documents lie by length, and where the first ten results are taken from")
        picture = st.empty()
    n = len(cached_language.judged(key))
    for at_most in [N_FIRST, None] if n > 2 * N_FIRST else [None]:
        table = cached_language.retrieval_by_length(key, b, idf, at_most)
        with picture.container():
            frame.show(retrieval_figure(table, b), f"retrieved {at_most}")
        words.html(told(table, b, n))
    with st.expander("The tenths in numbers"):
        st.html(highlight.table(readable(table)))


def nearest(text: str) -> float:
    """The step of the slider nearest to what an address says."""
    try:
        wanted = float(text)
    except ValueError:
        wanted = Bm25Parameters.b
    return min(BS, key=lambda step: abs(step - wanted)) if wanted == wanted else Bm25Parameters.b


def told(table: pd.DataFrame, b: float, n_all: int) -> str:
    """What b does to the shortest and the longest tenth."""
    n = int(table["n_queries"].iloc[0])
    short, long = (table.iloc[place] for place in (0, -1))
    moved = int(table["raised"].sum()), int(table["lowered"].sum())
    rows = [
        ("Of", f"{count(n)} queries" + ("" if n == n_all else f", an estimate for {count(n_all)}")),
        ("Shortest tenth", sentence(short, b)),
        ("Longest tenth", sentence(long, b)),
        ("Its norm", f"{short['norm']:.2f} and {long['norm']:.2f}: the mass a term needs there, over the average"),
        ("Relevant documents", f"{count(moved[0])} rank better with b than without, {count(moved[1])} worse"),
    ]  # fmt: skip
    return highlight.facts(rows) + highlight.note(
        "A fair ranking follows the dark line. Above it, it takes more documents of that length than are relevant "
        "(Singhal, Buckley and Mitra 1996)."
    )


def sentence(row: pd.Series, b: float) -> str:
    """A tenth's shares, and whether the ranking at b is within the interval of the relevant ones."""
    if row["with_b_low"] > row["relevant_high"]:
        judged = "too many"
    elif row["with_b_high"] < row["relevant_low"]:
        judged = "too few"
    else:
        judged = "about right"
    return (
        f"{percent(row['relevant'])} of relevant; {percent(row['without'])} of results at b = 0, "
        f"{percent(row['with_b'])} at {b:g}: {judged}"
    )


def readable(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Tenth": table["bin"] + 1,
            "|d|": spans(table, "shortest", "longest", " to "),
            "Norm": table["norm"].map(lambda value: f"{value:.2f}"),
            "Relevant": table["n_relevant"].map(count),
            "ranked better / worse with b": spans(table, "raised", "lowered", " / "),
            "Mean of 1 / rank, b = 0": table["rr_without"].map(lambda value: f"{value:.3f}"),
            "with b": table["rr_with_b"].map(lambda value: f"{value:.3f}"),
        }
    )  # fmt: skip


def show_repetition(key: cache.Key) -> None:
    """How many of the documents that hold a term hold it twice, beside blind chance."""
    medians = cached_language.repetition(key)
    frame.label(
        "Adaptation: of the documents that hold a term, how many hold it twice or more; the middle term"
    )
    frame.show(repetition_figure(medians), "repetition")
    st.caption(
        "Tokens on which a latent fires, words and wordpieces of the text that was read; terms in five "
        "documents or more, by doublings of document frequency, with 95% bootstrap intervals over terms. "
        "Dotted: a Poisson of the term's own rate and the documents' lengths, which is what a term does that "
        "falls blindly. BM25's saturation is made for terms above their dotted line."
    )


def spans(table: pd.DataFrame, first: str, second: str, between: str) -> list[str]:
    """Two numbers of each row, in one cell."""
    return [f"{a:,.0f}{between}{b:,.0f}" for a, b in zip(table[first], table[second], strict=True)]


def show_saturation(key: cache.Key) -> None:
    """The evidence for a weight, beside BM25's curve."""
    saturations = cached_language.saturations(key)
    n, of_all = saturations[0].n_queries, len(cached_language.judged(key))
    frame.label(
        "How much more often relevant documents hold a query's term with such a weight than all that hold it do"
    )
    frame.show(saturation_figure(saturations), "saturation")
    drawn = f"Estimated on {count(n)} of {count(of_all)} queries" if n < of_all else f"All {count(n)} queries"
    st.caption(
        f"{drawn}; bands are 95% bootstraps over them. BM25's curve is moved and scaled on to the points."
    )
    st.html(highlight.facts((NAMES[one.system], verdict(one)) for one in saturations))


def verdict(one: Saturation) -> str:
    """Where the weights lie on the curve, and which k1 the evidence is nearest to."""
    k1 = one.parameters.k1
    fitted = "no k1: a straight line is nearest" if np.isinf(one.k1_fit) else (
        f"nearest at k1 = {number(one.k1_fit)} ({number(one.k1_low)} to {number(one.k1_high)})"
    )  # fmt: skip
    return (
        f"at k1 = {k1:g} the middle weight, {number(one.median_x)}, is {percent(one.median_saturation)} saturated, "
        f"and {percent(one.straight)} of weights lie below k1 / 4, where the curve is nearly straight; the "
        f"evidence is {fitted}, which need not be the k1 that ranks best"
    )
