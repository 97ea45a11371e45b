"""The section on the ladder: every kind of states by every kind of dictionary, ranked by the same BM25."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.why.ladder import factors_figure, ladder_figure
from analyses.why.ladder.ladder import Ladder
from analyses.why.ladder.names import TEXT
from retrieval.study import Study
from retrieval.systems import COSINE, LEXICAL
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.page import frame, idf, selection
from workbench.page.evidence import calls
from workbench.views.why import _cell


def show(study: Study, answer: Ladder) -> None:
    """The dot plot, the queries of a chosen dot, the table, and what it was fitted to."""
    chosen_idf = idf.chosen() if answer.has_both_idfs else "clipped"
    cells, chosen = answer.under(chosen_idf), selection.current().get("cell")
    levels = {
        system.title: float(study.evaluation[system.name]["nDCG@10"])
        for system in (COSINE, LEXICAL)
        if system.name in study.evaluation
    }
    event = frame.show(
        ladder_figure(cells[cells["states"] != TEXT], levels, chosen),
        f"ladder {chosen} {chosen_idf}",
        answer.cells,
        calls.why(study, "ladder", "cells"),
        on_select="rerun",
        selection_mode="points",
    )
    if event and event.selection.points:
        picked = str(event.selection.points[0]["customdata"])
        selection.choose(cell=None if picked == chosen else picked)
        st.rerun()
    st.caption(
        "Down: which states the latents are made of. In a band: by which dictionary, best first. Every dot is the "
        "same BM25 over the same queries. Choose a dot to see its queries."
    )
    if chosen:
        _cell.show(study, answer, *chosen.partition("|")[::2], chosen_idf)
    if len(factors := answer.factors):
        frame.label("What each part of BM25 adds by dictionary, on states as they are")
        frame.show(factors_figure(factors), "ladder factors", factors, calls.why(study, "ladder", "factors"))
        st.caption(
            "Shapley values over exact rankings by every subset; a drawn dictionary is taken under its first seed. "
            "Random directions are the control: what a part adds to them as well needs no trained vocabulary."
        )
    with st.expander("The ladder in numbers"):
        st.dataframe(answer.shown().round(3), hide_index=True, height=420)
        st.html(highlight.table(law_table(answer.cells)))
        st.caption(
            "Exponent and distance: the likeliest power law of document frequencies and how far it is from them "
            "(Kolmogorov and Smirnov), without a test. Wordpiece share: the share of all activation that falls on "
            "the wordpiece on which its latent has most, estimated on one document in eight."
        )
    st.caption(fitted_to(answer))


def law_table(cells: pd.DataFrame) -> pd.DataFrame:
    """The vocabulary that each cell makes: is Zipf's law what makes the difference?"""
    known = cells[cells["postings_per_document"].notna()]
    return pd.DataFrame(
        {
            "States": known["states"],
            "Dictionary": known["dictionary"],
            **({"k": known["k"].map("{:.0f}".format)} if "k" in known else {}),
            "postings a document": known["postings_per_document"].map("{:.0f}".format),
            "never fires": known["never_fires"].map(percent),
            "in half of the documents": known["in_half"].map(percent),
            "exponent": known["exponent"].map("{:.2f}".format),
            "distance from a power law": known["law_distance"].map("{:.3f}".format),
            "wordpiece share": known["wordpiece_share"].map(
                lambda value: percent(value) if value == value else ""
            ),
            "nDCG@10": known["nDCG@10"].map("{:.3f}".format),
            "by Lucene's idf": known["nDCG@10_lucene"].map("{:.3f}".format),
        }
    )


def fitted_to(answer: Ladder) -> str:
    """What untrained dictionaries and wordpiece means come from."""
    facts = answer.facts
    own = facts["fitted_to_the_documents"]
    text = "the documents themselves" if own else f"{facts['fitted_to']}, the SAE's training text"
    return (
        f"Wordpiece means and untrained dictionaries come from {text}, {count(facts['n_tokens'])} tokens; the "
        f"wordpiece alone explains {percent(facts['explained'])} of the variance of the states there, and "
        f"{percent(facts['unseen'])} of the documents' tokens have a wordpiece that it lacks. Seeds of drawn "
        f"dictionaries: {facts['n_seeds']}."
    )
