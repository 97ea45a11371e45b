"""Meaning: do frequent terms mean more, as frequent words do?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.meaning import meaning_figure, types_by_frequency_figure
from analyses.meaning import SPECIFICITY, specificity_law, types_by_frequency
from analyses.types import TypeThresholds
from workbench import cached_language, cached_types, frame, highlight, selection, steering
from workbench.formats import count

MEASURES = {"effective": "Effective number", "number": "Different ones"}
ZIPF = 0.5


def page() -> None:
    key, study = frame.opened()
    frame.heading("Meaning", "Do frequent latents mean more, as frequent words do?")
    here = selection.current()
    measure = "number" if here.get("measure") == "number" else "effective"
    measure = st.segmented_control(
        "Meanings", list(MEASURES), format_func=MEASURES.__getitem__, label_visibility="collapsed",
        key=steering.take_up("measure", measure), required=True,
    ) or measure  # fmt: skip
    steering.tell("measure", measure)
    selection.choose(measure=measure)
    law = cached_language.meaning_law(key)
    frame.show(meaning_figure(cached_language.meaning_medians(key), measure), f"meaning {measure}")
    st.caption(
        "The median of each doubling of frequency, with 95% bootstrap intervals. Effective: as many of equal share "
        "have the same entropy. The dotted line is what tokens drawn at random do, which grows with frequency "
        "by itself."
    )
    frame.label(
        "Zipf's law, number of meanings = c × frequency^δ: δ of the terms and of chance, with 95% intervals"
    )
    st.html(highlight.table(readable(law[law["measure"] == measure])))
    st.html(highlight.note(verdict(law[law["measure"] == measure])))
    left, right = st.columns([1.5, 1], gap="large")
    measures = cached_types.measures(key)
    with left:
        frame.label("Types by frequency: of the latents that have one")
        frequency = study.index.document_frequency
        table = types_by_frequency(measures, frequency, TypeThresholds())
        frame.show(types_by_frequency_figure(table[table["n"] >= 10]), "types by frequency")
    with right:
        frame.label("What goes with a latent's frequency: Spearman's ρ")
        st.html(highlight.table(ranked(specificity_law(study, cached_language.meanings(key), measures))))


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
                "terms, on 5 tokens or more": count(own["n"]),
            }
        )
    return pd.DataFrame(rows)


def interval(row: pd.Series) -> str:
    return f"{row['slope']:.2f}  ({row['low']:.2f} to {row['high']:.2f})"


def p_value(value: float) -> str:
    """A p-value as it is read: never nought."""
    return "–" if value != value else "< 1e-300" if value < 1e-300 else f"{value:.2g}"


def verdict(law: pd.DataFrame) -> str:
    """What the slopes allow one to say."""
    said = []
    for system, part in law.groupby("system", sort=False):
        own, chance = (part[part["control"] == control].iloc[0] for control in (False, True))
        name = "Latents" if system == "latents" else "Words"
        if own["low"] > 0:
            zipf = "within the interval of Zipf's one half" if own["low"] <= ZIPF <= own["high"] else (
                f"{'steeper' if own['slope'] > ZIPF else 'flatter'} than Zipf's one half"
            )  # fmt: skip
            said.append(f"{name} mean more as they are more frequent, {zipf}")
        else:
            said.append(f"{name} mean no more as they are more frequent")
        beside = "less steeply than" if own["high"] < chance["low"] else "about as steeply as"
        said[-1] += f", {beside} tokens drawn at random gather company."
    return " ".join(said)


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Measure": table["measure"].map(SPECIFICITY),
            "ρ": table["rho"].map(lambda value: f"{value:+.2f}"),
            "p": table["p_value"].map(p_value),
            "latents": table["n"].map(count),
        }
    )
