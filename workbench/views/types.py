"""Types: lexical, narrow, broad: how many, says who?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.figures.types import CONTROL_NAMES, TYPE_NAMES, threshold_figure, type_shares_figure
from analyses.type_controls import control_shares
from analyses.types import TYPES, TypeThresholds, classify, stratified_sample, type_shares
from retrieval.study import Study
from workbench import cache, cached_types, frame, highlight, jobs, selection, type_rule
from workbench.formats import count, percent
from workbench.latent_html import linked_table
from workbench.views.type_judging import judge_by_hand

THRESHOLDS = {
    "lexical": ("Lexical from", "share of its activation that falls on one form"),
    "narrow": ("Narrow from", "share that falls on five forms together"),
    "closeness": ("and close in meaning from", "cosine of two of the five, 0 is any two words"),
}
# type -> the words that it is told by, the measure that decides or, where none does, is worth knowing, its name
DECIDED: dict[str, tuple[str, str, str, Callable[[float], str]]] = {
    "lexical": ("top_form", "top_form_share", "on this form", percent),
    "narrow": ("top_forms", "closeness", "closeness", "{:.2f}".format),
    "broad": ("top_forms", "coherence", "coherence", "{:.2f}".format),
}
N_EXAMPLES = 7
SPECIAL = r"\[[A-Z]+\]|</?\w+>|<\|\w+\|>"  # [CLS], </s>, <|endoftext|>


def page() -> None:
    key, study = frame.opened()
    measures = cached_types.measures(key)
    rule = type_rule.chosen()
    st.html(frame.ASSETS / "latent.css")
    frame.heading("Types", "Lexical, narrow, broad: how many, says who?")
    types = classify(measures, rule)
    show_shares(key, study, types, rule)
    move_thresholds(key, rule)
    frame.label("Examples, drawn by chance: a latent's words lead to its page")
    show_examples(measures, types)
    st.caption(
        "Closeness: cosine of two of the five forms, 0 is any two words. Coherence, which decides nothing: cosine "
        "of two of the latent's ten strongest documents, less that of any two documents."
    )
    st.html(highlight.subheading("Judge by hand"))
    judge_by_hand(key, study, types, classify(measures, TypeThresholds()))


def show_shares(key: cache.Key, study: Study, types: NDArray[np.str_], rule: TypeThresholds) -> None:
    """The picture: this vocabulary, its controls where they are made, and the paper's."""
    own = type_shares(types)
    shares = {study.name: own}
    kept = study.path / "type_controls.parquet"
    controls = cached_types.controls(key, kept.stat().st_mtime_ns) if kept.is_file() else None
    if controls is not None:
        sampled = int(controls["n_documents"].iloc[0])
        names = CONTROL_NAMES | {"sample": f"Its latents, {count(sampled)} documents"}
        shares |= {names[name]: table for name, table in control_shares(controls, rule).items()}
        if sampled == len(study.corpus):  # the sample is the whole: it would stand there twice
            del shares[names["sample"]]
    frame.show(type_shares_figure(shares), "shares")
    n_typed = int(own["count"].sum())
    untyped = int((types == "rare").sum()), int((types == "dead").sum())
    st.html(
        highlight.note(
            f"By this rule, on {count(n_typed)} latents; {count(untyped[0])} more fire on fewer "
            f"than {rule.fewest_tokens} tokens and {count(untyped[1])} on none. {of_special_tokens(key, types)}The "
            "paper reports its shares, and how it told types apart is not known: its bar is no target."
        )
    )
    if controls is None:
        offer_controls(study)


def of_special_tokens(key: cache.Key, types: NDArray[np.str_]) -> str:
    """How many broad latents sit on [CLS] and its like, in a sentence; nothing where there are none."""
    vocabulary = cache.automatic_vocabulary(key)
    special = vocabulary["top_wordpiece"].str.fullmatch(SPECIAL) & (vocabulary["top_wordpiece_share"] >= 0.5)
    n_special = int((special.to_numpy(bool) & (types == "broad")).sum())
    return (
        f"{count(n_special)} of the broad ones fire mostly on special tokens, which are no form. "
        if n_special
        else ""
    )


def offer_controls(study: Study) -> None:
    """No controls yet: what they would tell, and the job that makes them."""
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.html(
        highlight.note(
            "What would the rule say of latents that were never trained, and of wordpieces? A sample of the "
            "documents is encoded once more for that: a minute or two."
        )
    )
    if button.button("Make the controls", width="stretch"):
        job = jobs.start(
            ["type-controls", str(study.path.resolve())], f"Controls of the types of {study.name}"
        )
        frame.go("train", job=job.id)


def move_thresholds(key: cache.Key, rule: TypeThresholds) -> None:
    """A slider a threshold, and how the shares move with it while the others stay."""
    curves, chosen = cached_types.curves(key, rule), asdict(rule)
    for column, (name, (title, meaning)) in zip(st.columns(3, gap="large"), THRESHOLDS.items(), strict=True):
        with column:
            value = st.slider(
                title, 0.0, 1.0, chosen[name], 0.05, key=f"{name} {type_rule.written(rule)}", help=meaning
            )
            frame.show(threshold_figure(curves[curves["threshold"] == name], chosen[name]), f"curve {name}")
            st.html(highlight.note(meaning))
            if value != chosen[name]:
                before = selection.current()
                selection.choose(rule=type_rule.written(replace(rule, **{name: value})))
                if selection.current() != before:
                    st.rerun()


def show_examples(measures: pd.DataFrame, types: NDArray[np.str_]) -> None:
    """A few latents of each type, by the words that the rule looks at, and what decided."""
    drawn = measures.iloc[stratified_sample(types, N_EXAMPLES)]
    kinds = types[drawn.index]
    for column, kind in zip(st.columns(3, gap="large"), TYPES, strict=True):
        words, measure, meaning, written = DECIDED[kind]
        rows = (
            (
                row[words] or row["top_form"] or f"latent {row['latent']}",
                frame.address("latent", latent=row["latent"]),
                [written(row[measure])],
            )
            for row in drawn[kinds == kind].to_dict("records")
        )
        column.html(linked_table([TYPE_NAMES[kind], meaning], rows))
