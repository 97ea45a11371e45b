"""Compare collections: which latents are more frequent in one collection than in another?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.latents.types import type_shares_figure
from analyses.figures.laws.compare_collections import collections_figure, shapes_figure
from analyses.latents.types import TypeThresholds, classify, type_shares, types_are_kept
from analyses.laws.compare_collections import Shift, comparable
from analyses.text.contexts import strongest_contexts
from analyses.text.latent_names import latent_name
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.caches import types as cached_types
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, links, selection, url_widgets
from workbench.page.evidence import calls
from workbench.page.sharing import offers

N_LATENTS, N_CONTEXTS = 12, 1
KINDS = {
    "latents": "One SAE: the same latents, tested one by one.",
    "directions": "Two SAEs of one encoder: latents are paired by decoder direction, and only those that recur "
    "(cosine 0.7 or more) are shown. Differences may come from the SAEs, so nothing is tested.",
    "shapes": "Two encoders, or two layers: latents of one have no counterpart in the other. Only the shapes can "
    "be compared: the skew of the frequencies, and the shares of the types.",
}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Compare collections", "Which latents are more frequent in one collection than in another?")
    others = {name: other.key for name, other in frame.other_studies(study).items()}
    if not others:
        st.html(
            highlight.calm(
                "Only one study",
                "Index another collection with the same SAE: each latent's document frequency is then compared.",
            )
        )
        if offers.may("start jobs"):
            st.html(highlight.link("Bring another collection", frame.address("make")))
        return
    other_name = chosen_other(study, others)
    other_key = others[other_name]
    other = cache.open_study(other_key)
    kind = comparable(study, other)
    st.html(highlight.note(KINDS[kind]))
    if kind == "latents":
        show_latents(study, other, other_name, cached_language.compare_frequencies(key, other_key))
    elif kind == "directions":
        show_directions(study, other, cached_language.matched_shares(key, other_key))
    show_shapes([(study, key), (other, other_key)])


def chosen_other(study: Study, others: Mapping[str, cache.Key]) -> str:
    """Name of the study beside this one: at first one of the same SAE, where there is one."""
    kinds = tuple(KINDS)
    ranked = sorted(others, key=lambda name: kinds.index(comparable(study, cache.open_study(others[name]))))
    names = {name: name for name in ranked}
    return url_widgets.select("against", f"Compare {study.name} with", names, ranked[0], keep_default=True)


def show_latents(study: Study, other: Study, other_name: str, shift: Shift) -> None:
    """Every latent by its share in both, then the first of each side with contexts."""
    rate = percent(shift.false_discovery_rate)
    st.html(
        highlight.figures(
            [
                (count(shift.n_over_a), "latents", f"more frequent in {study.name}"),
                (count(shift.n_over_b), "latents", f"more frequent in {other.name}"),
                (count(shift.n_tested), f"false discoveries {rate} at most", "tested"),
                (count(shift.n_chance), "when documents are shuffled", "found by chance"),
                (f"{shift.median:+.2f}", "", "median log2 ratio"),
            ]
        )
    )
    chart = collections_figure(shift.table, study.name, other.name)
    frame.show(chart, "shift", shift.table, calls.collections(study, other))
    st.caption(
        f"{count(shift.n_a)} and {count(shift.n_b)} documents; a latent's p-value is of a G-test on the 2 × 2 "
        "table of documents with and without it (χ², 1 degree of freedom), adjusted by Benjamini and Hochberg. "
        "Longer documents hold more latents of every kind: read a ratio beside the median one."
    )
    st.download_button(
        "Every latent as CSV",
        lambda: csv_of(shift.table),
        f"{study.name}-{other.name}.csv",
        "text/csv",
        on_click="ignore",
    )
    name = selection.current().get("study", study.name)
    sides = (("a", study, name, other_name), ("b", other, other_name, name))
    for column, (side, here, here_name, there_name) in zip(st.columns(2, gap="large"), sides, strict=True):
        with column:
            frame.label(
                f"More frequent in {here_name} than in {there_name}: share of documents, the most certain first"
            )
            show_side(shift.table, side, here, here_name)


def show_side(table: pd.DataFrame, side: str, here: Study, name: str) -> None:
    """The latents of one side, the most certain first, and contexts of the first ones."""
    rows = table[table["over"] == side]
    sure = rows["low"] if side == "a" else -rows["high"]
    first = rows.loc[sure.sort_values(ascending=False).index[:N_LATENTS]]
    if first.empty:
        st.html(highlight.note("No latent, at this rate of false discoveries."))
        return
    st.html(
        linked_table(
            ("latent", "here", "there", "log2 ratio", "q"),
            (
                (
                    latent_name(row["latent"], row["label"]),
                    links.href("latent", study=name, latent=row["latent"]),
                    (*shares(row, side), ratio(row, side), q_value(row["q_value"])),
                )
                for row in first.to_dict("records")
            ),
        )
    )
    for latent in first["latent"].head(3).tolist():
        label = str(first.set_index("latent").loc[latent, "label"])
        frame.label(f"{latent_name(latent, label)} in {name}")
        st.html(
            "".join(
                highlight.context_card(
                    context.title or context.doc_id,
                    links.href("search", study=name, doc=context.doc_id),
                    context.activation,
                    highlight.marked(context.text, context.highlights, "activation"),
                )
                for context in strongest_contexts(here, int(latent), N_CONTEXTS)
            )
        )


def shares(row: Mapping[Any, Any], side: str) -> tuple[str, str]:
    return (percent(row["share_a"]), percent(row["share_b"]))[:: 1 if side == "a" else -1]  # type: ignore[return-value]


def ratio(row: Mapping[Any, Any], side: str) -> str:
    sign = 1 if side == "a" else -1
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return f"{sign * row['log2_ratio']:+.1f}  ({low:+.1f} to {high:+.1f})"


def q_value(value: float) -> str:
    written = "<1e-99" if value < 1e-99 else f"{value:.0e}" if value < 1e-3 else f"{value:.1g}"
    return written.replace("-", "\N{NON-BREAKING HYPHEN}")


def show_directions(study: Study, other: Study, pairs: pd.DataFrame) -> None:
    """The pairs whose shares of documents differ most."""
    st.html(
        highlight.figures(
            [
                (count(len(pairs)), "pairs", "of latents recur"),
                (percent(len(pairs) / max(study.n_latents, 1)), "", f"of {study.name}'s latents"),
            ]
        )
    )
    apart = pairs[pairs["share_a"].gt(0) & pairs["share_b"].gt(0)].sort_values("log2_ratio")
    for column, (name, rows) in zip(
        st.columns(2, gap="large"),
        ((study.name, apart[::-1].head(N_LATENTS)), (other.name, apart.head(N_LATENTS))),
        strict=True,
    ):
        with column:
            frame.label(f"More frequent in {name}")
            st.html(
                linked_table(
                    ("latent", "partner", "cosine of directions", f"in {study.name}", f"in {other.name}"),
                    (
                        (
                            latent_name(row["latent"], row["label"]),
                            frame.address("latent", latent=row["latent"]),
                            (
                                latent_name(row["partner"], row["partner_label"]),
                                f"{row['similarity']:.2f}",
                                percent(row["share_a"]),
                                percent(row["share_b"]),
                            ),
                        )
                        for row in rows.to_dict("records")
                    ),
                )
            )


def show_shapes(keys: Sequence[tuple[Study, cache.Key]]) -> None:
    """How skewed each vocabulary is, and its types, where they are kept."""
    shapes = {study.name: cached_language.shape(key) for study, key in keys}
    kept = {study.name: key for study, key in keys if types_are_kept(study)}
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        frame.label("Skew of the frequencies: share of the documents by rank")
        frame.show(shapes_figure(shapes), "shapes")
    if len(kept) == len(keys):
        types = {
            name: type_shares(classify(cached_types.measures(key), TypeThresholds()))
            for name, key in kept.items()
        }
        with right:
            frame.label("Types, of the latents that have a type")
            frame.show(type_shares_figure(types), "types")
