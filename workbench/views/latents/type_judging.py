"""Judging types by hand: one latent at a time, by its contexts alone, and the agreement with the rule.

Label, strongest words and the rule's type are hidden: the rule reads those very words, and a judge who sees them
would agree with the rule instead of reading the text. The order of the sample hides the strata.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.figures.latents.types import TYPE_NAMES
from analyses.latents.type_evidence.judgements import (
    ANSWERS,
    Agreement,
    agreement,
    judge_latent,
    judgements,
    withdraw,
)
from analyses.latents.types import KINDS, stratified_sample
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import latent as cached_latent
from workbench.markup import highlight
from workbench.markup.formats import percent
from workbench.page import frame

PER_TYPE = 30
ANSWER_NAMES = TYPE_NAMES | {"unsure": "Unsure"}
DEFINITIONS = {
    "lexical": "one word, in any inflection",
    "subword": "one wordpiece, inside words that share nothing else",
    "narrow": "a few words close in meaning",
    "broad": "many words, of one topic or none",
    "unsure": "the contexts do not decide",
}


@st.fragment
def judge_by_hand(key: cache.Key, study: Study, types: NDArray[np.str_], strata: NDArray[np.str_]) -> None:
    """The next latent of the sample to judge, and the agreement so far.

    types: kinds by the rule at the chosen thresholds; strata: by the usual ones, so that the sample stays as
    they move.
    """
    sample = stratified_sample(strata, PER_TYPE, names=KINDS)
    who, state = st.columns([1, 3], vertical_alignment="center", gap="large")
    judge = who.text_input("Judge", "reader", key="judge", max_chars=60).strip() or "reader"
    everything = judgements(study)
    own = everything[everything["judge"] == judge]
    state.html(highlight.figures(headline(agreement(own, types, strata))))
    left = sample[~np.isin(sample, own["latent"].to_numpy(np.int64))]
    if len(left):
        ask(key, study, int(left[0]), judge, f"{len(sample) - len(left) + 1} of {len(sample)}")
    else:
        st.html(
            highlight.calm("All judged", f"{judge} has judged the whole sample of {len(sample)} latents.")
        )
    show_kept(study, everything, own, judge)


def ask(key: cache.Key, study: Study, latent: int, judge: str, place: str) -> None:
    """One latent's contexts, and the answers."""
    entry = cached_latent.latent_entry(key, latent)
    frame.label(f"Latent {place}: what do the marked words have in common?")
    for column, answer in zip(st.columns(len(ANSWERS)), ANSWERS, strict=True):
        column.button(
            ANSWER_NAMES[answer],
            help=DEFINITIONS[answer],
            width="stretch",
            key=f"{answer} {latent}",
            on_click=judge_latent,
            args=(study, latent, answer, judge),
        )
    weaker = [band.contexts[0] for band in entry.bands if band.contexts]
    strongest = max((context.activation for context in entry.contexts), default=1.0)
    st.html(
        "".join(
            highlight.context_card(
                context.title or context.doc_id,
                frame.address("search", doc=context.doc_id),
                context.activation,
                highlight.marked(context.text, context.highlights, "activation", strongest),
            )
            for context in [*entry.contexts[:6], *weaker]
        )
    )


def headline(agreed: Agreement) -> list[tuple[str, str, str]]:
    """Cohen's kappa with its interval, and the number of judgements."""
    rows = [(str(agreed.n_judged), f"and {agreed.n_unsure} unsure", "judged")]
    if not np.isnan(agreed.kappa):
        interval = "" if np.isnan(agreed.low) else f"{agreed.low:.2f} to {agreed.high:.2f}"
        rows += [
            (f"{agreed.kappa:.2f}", interval, "Cohen's kappa with the rule, 95% bootstrap"),
            (percent(agreed.equal), "", "agreement with the rule"),
        ]
    return rows


def show_kept(study: Study, everything: pd.DataFrame, own: pd.DataFrame, judge: str) -> None:
    """Undo the last judgement, or download all of them."""
    if everything.empty:
        return
    back, export, _ = st.columns([1, 1, 2])
    if len(own):
        back.button(
            "Undo the last judgement",
            width="stretch",
            key="take back",
            on_click=withdraw,
            args=(study, int(own["latent"].iloc[-1]), judge),
        )
    export.download_button(
        "Judgements as CSV",
        lambda: csv_of(everything),
        f"{study.name}-judgements.csv",
        "text/csv",
        width="stretch",
        on_click="ignore",
    )
