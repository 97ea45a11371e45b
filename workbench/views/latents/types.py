"""Types: how many latents are lexical, narrow or broad, and by which rule?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.figures.latents.types import CONTROL_NAMES, TYPE_NAMES, threshold_figure, type_shares_figure
from analyses.latents.type_evidence.type_controls import control_shares
from analyses.latents.types import (
    FEWEST_DOCUMENTS,
    KINDS,
    SUBWORD,
    TypeThresholds,
    classify,
    stratified_sample,
    type_shares,
)
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench import ASSETS
from workbench.caches import cache
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.glossary import tooltip
from workbench.markup.latent_html import linked_table
from workbench.page import frame, type_rule
from workbench.page.evidence import calls
from workbench.page.work import offer as job_offer
from workbench.views.latents.type_judging import judge_by_hand

THRESHOLDS = {
    "lexical": ("Lexical from", "share of the latent's activation that falls on one form"),
    "narrow": ("Narrow from", "share that falls on five forms together"),
    "closeness": ("and close in meaning from", "cosine of two of the five forms; two random words have 0"),
}
# type -> the column of its words, the measure that decides (for broad: that is worth knowing), its name, its format
DECIDED: dict[str, tuple[str, str, str, Callable[[float], str]]] = {
    "lexical": ("top_form", "top_form_share", "top form share", percent),
    "subword": ("wordpiece", "wordpiece_share", "top wordpiece share", percent),
    "narrow": ("top_forms", "closeness", "closeness", "{:.2f}".format),
    "broad": ("top_forms", "coherence", "coherence", "{:.2f}".format),
}
N_EXAMPLES = 7
SPECIAL = r"\[[A-Z]+\]|</?\w+>|<\|\w+\|>"  # [CLS], </s>, <|endoftext|>


def page() -> None:
    key, study = frame.opened()
    measures = cached_types.measures(key)
    st.html(ASSETS / "latent.css")
    frame.heading("Types", "How many latents are lexical, narrow or broad, and by which rule?")
    shares = st.container()
    rule = choose_thresholds(key)
    types = classify(measures, rule)
    kinds = cached_types.kinds(key, types)
    with shares:
        show_shares(key, study, types, rule)
        st.html(highlight.note(told_further(types, kinds)))
    frame.label("Examples, drawn at random; a latent's words lead to its page")
    show_examples(key, measures, kinds)
    st.caption(
        "Closeness: cosine of two of the five forms; two random words have 0. Coherence, which the rule does "
        "not use: cosine of two of the latent's ten strongest documents, minus that of any two documents."
    )
    st.html(highlight.subheading("Judge by hand"))
    usual = classify(measures, TypeThresholds())
    judge_by_hand(key, study, kinds, cached_types.kinds(key, usual))


def show_shares(key: cache.Key, study: Study, types: NDArray[np.str_], rule: TypeThresholds) -> None:
    """The shares of the types: these latents, the controls where they are made, and the paper's."""
    own = type_shares(types)
    shares = {study.name: own}
    controls = cached_types.controls(key, cache.version(key, "type_controls"))
    if controls is not None:
        sampled = int(controls["n_documents"].iloc[0])
        names = CONTROL_NAMES | {"sample": f"These latents, {count(sampled)} documents"}
        shares |= {names[name]: table for name, table in control_shares(controls, rule).items()}
        if sampled == len(study.corpus):  # the sample is the whole collection
            del shares[names["sample"]]
    frame.show(type_shares_figure(shares), "shares", own, calls.type_shares(study, rule))
    n_typed = int(own["count"].sum())
    untyped = int((types == "rare").sum()), int((types == "dead").sum())
    st.html(
        highlight.note(
            f"By this rule, on {count(n_typed)} latents; {count(untyped[0])} more fire on fewer "
            f"than {rule.fewest_tokens} tokens and {count(untyped[1])} on none. {of_special_tokens(key, types)}The "
            "paper reports its shares, but not its rule: the paper's bar is no target."
        )
    )
    if controls is None:
        offer_controls(study)


def told_further(types: NDArray[np.str_], kinds: NDArray[np.str_]) -> str:
    """Which latents of a type the pages call otherwise, and why."""
    n_subword = int((kinds == SUBWORD).sum())
    few = int(((types == "broad") & (kinds == "rare")).sum())
    return (
        f"Elsewhere {count(n_subword)} of these latents are called subword, since one wordpiece inside several "
        f"words has most of their activation; {count(few)} of the broad ones are called too rare to tell, since "
        f"they fire in fewer than {FEWEST_DOCUMENTS} documents."
    )


def of_special_tokens(key: cache.Key, types: NDArray[np.str_]) -> str:
    """A sentence on the broad latents that fire mostly on [CLS] and its like; nothing where there are none."""
    vocabulary = cache.automatic_vocabulary(key)
    special = vocabulary["top_wordpiece"].str.fullmatch(SPECIAL) & (vocabulary["top_wordpiece_share"] >= 0.5)
    n_special = int((special.to_numpy(bool) & (types == "broad")).sum())
    return (
        f"{count(n_special)} of the broad ones fire mostly on special tokens, which count as no form. "
        if n_special
        else ""
    )


def offer_controls(study: Study) -> None:
    """No controls yet: what they show, and the job that makes them."""
    job_offer.offer(
        ["types", str(study.path.resolve())],
        f"Controls of the types of {study.name}",
        "Make the controls",
        "Controls: the rule applied to untrained latents and to wordpieces, on a sample of the documents.",
        seconds=job_offer.seconds_of(study, "type_controls"),
        writes=study.path,
    )


def choose_thresholds(key: cache.Key) -> TypeThresholds:
    """A slider per threshold, and the shares of the types as that threshold moves and the others stay."""
    columns = st.columns(3, gap="large")
    for column, (name, (label, _)) in zip(columns, THRESHOLDS.items(), strict=True):
        type_rule.slider(name, label, column, help=tooltip(label))
    rule = type_rule.chosen()
    curves = cached_types.curves(key, rule)
    for column, (name, (_, meaning)) in zip(columns, THRESHOLDS.items(), strict=True):
        with column:
            frame.show(
                threshold_figure(curves[curves["threshold"] == name], asdict(rule)[name]), f"curve {name}"
            )
            st.html(highlight.note(meaning))
    return rule


def show_examples(key: cache.Key, measures: pd.DataFrame, kinds: NDArray[np.str_]) -> None:
    """A few latents of each kind, by the words that the rule looks at, and the measure that decides."""
    pieces = cache.automatic_vocabulary(key)["top_wordpiece_share"]
    labels = {latent: each.label for latent, each in cache.shown_labels(key).subwords.items()}
    drawn = measures.iloc[stratified_sample(kinds, N_EXAMPLES, names=KINDS)]
    drawn = drawn.assign(
        wordpiece_share=pieces.iloc[drawn.index], wordpiece=drawn["latent"].map(labels).fillna("")
    )
    for column, kind in zip(st.columns(4, gap="medium"), KINDS, strict=True):
        words, measure, meaning, written = DECIDED[kind]
        rows = (
            (
                latent_name(row["latent"], row[words] or row["top_form"]),
                frame.address("latent", latent=row["latent"]),
                [written(row[measure])],
            )
            for row in drawn[kinds[drawn.index] == kind].to_dict("records")
        )
        column.html(linked_table([TYPE_NAMES[kind], meaning], rows))
