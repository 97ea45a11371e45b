"""Polysemy: do frequent latents have more meanings, as frequent words have?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.laws.polysemy import polysemy_figure, types_by_frequency_figure
from analyses.latents.types import TypeThresholds
from analyses.laws.polysemy import SPECIFICITY, specificity_law, types_by_frequency
from workbench.caches import language as cached_language
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, url_widgets
from workbench.page.evidence import calls, record

MEASURES = {"effective": "Effective number", "number": "Distinct number"}
ZIPF = 0.5
METHOD = (
    "Meanings of a latent: the word forms on which the latent fires; of a word: the latents that it activates. "
    "Effective number: as many meanings of equal share have the same entropy. Dotted: as many tokens drawn at "
    "random, whose meanings grow with frequency too."
)


def page() -> None:
    key, study = frame.opened()
    frame.heading("Polysemy", "Do frequent latents have more meanings, as frequent words have?", METHOD)
    measure = url_widgets.segmented(
        "measure", "Number of meanings", MEASURES, "effective", label_visibility="collapsed"
    )
    law = cached_language.polysemy_law(key)
    record.record("law", table=law, call=calls.polysemy(study))
    chart = polysemy_figure(cached_language.polysemy_medians(key), measure, stacked=frame.is_narrow())
    frame.show(chart, f"polysemy {measure}")
    st.caption(
        "The median of each doubling of frequency, with 95% bootstrap intervals. Dotted: tokens drawn at random."
    )
    frame.label(
        "Zipf's meaning-frequency law, meanings = c · frequency^δ: δ of the terms and of random tokens, with "
        "95% intervals"
    )
    st.html(highlight.table(readable(law[law["measure"] == measure])))
    st.html(highlight.note(verdict(law[law["measure"] == measure])))
    left, right = st.columns([1.5, 1], gap="large")
    measures = cached_types.measures(key)
    with left:
        frame.label("Types by document frequency, of the latents that have a type")
        frequency = study.index.document_frequency
        table = types_by_frequency(measures, frequency, TypeThresholds())
        frame.show(types_by_frequency_figure(table[table["n"] >= 10]), "types by frequency")
    with right:
        frame.label("Correlation with a latent's document frequency: Spearman's ρ")
        st.html(
            highlight.table(ranked(specificity_law(study, cached_language.polysemy_measures(key), measures)))
        )


def readable(law: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for system, part in law.groupby("system", sort=False):
        own, chance = (part[part["control"] == control].iloc[0] for control in (False, True))
        rows.append(
            {
                "Terms": "Latents" if system == "latents" else "Words",
                "δ": interval(own),
                "by chance": interval(chance),
                "ρ (Spearman)": f"{own['rho']:.2f}",
                "p": p_value(own["p_value"]),
                "terms on 5 tokens or more": count(own["n"]),
            }
        )
    return pd.DataFrame(rows)


def interval(row: pd.Series) -> str:
    return f"{row['slope']:.2f}  ({row['low']:.2f} to {row['high']:.2f})"


def p_value(value: float) -> str:
    """A p-value as text, never 0."""
    return "–" if value != value else "< 1e-300" if value < 1e-300 else f"{value:.2g}"


def verdict(law: pd.DataFrame) -> str:
    """One sentence per system on what the slopes show."""
    sentences = []
    for system, part in law.groupby("system", sort=False):
        own, chance = (part[part["control"] == control].iloc[0] for control in (False, True))
        name = "Latents" if system == "latents" else "Words"
        if own["low"] > 0:
            zipf = (
                "within the interval of Zipf's one half"
                if own["low"] <= ZIPF <= own["high"]
                else (f"{'steeper' if own['slope'] > ZIPF else 'flatter'} than Zipf's one half")
            )
            sentences.append(f"{name} have more meanings the more frequent they are, {zipf}")
        else:
            sentences.append(f"{name} have no more meanings the more frequent they are")
        beside = "less steeply than" if own["high"] < chance["low"] else "about as steeply as"
        sentences[-1] += f", {beside} tokens drawn at random."
    return " ".join(sentences)


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Measure": table["measure"].map(SPECIFICITY),
            "ρ": table["rho"].map(lambda value: f"{value:+.2f}"),
            "p": table["p_value"].map(p_value),
            "latents": table["n"].map(count),
        }
    )
