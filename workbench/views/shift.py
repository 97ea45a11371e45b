"""Shift: what does one collection say more often than another?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analyses.contexts import strongest_contexts
from analyses.figures.shift import shapes_figure, shift_figure
from analyses.figures.types import type_shares_figure
from analyses.shift import Shift, comparable
from analyses.types import TypeThresholds, classify, type_shares, types_are_kept
from retrieval.study import Study
from workbench import cache, cached_language, cached_types, frame, highlight, links, selection, steering
from workbench.formats import count, percent
from workbench.latent_html import linked_table

N_LATENTS, N_CONTEXTS = 12, 1
SAID = {
    "latents": "One SAE: the same latents, tested one by one.",
    "directions": "Two SAEs of one encoder: latents are paired by decoder direction, and only those that recur "
    "(cosine 0.7 or more) are shown. A difference may be the SAEs' own, so that nothing is tested.",
    "shapes": "Two encoders, or two layers: latents of one have no counterpart in the other. What can be compared "
    "is the shape: how skewed the frequencies are, how many latents are of which type. What cannot: any latent.",
}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Shift", "What does one collection say more often than another?")
    others = {
        name: cache.key_of(path)
        for name, path in frame.studies().items()
        if path.resolve() != study.path.resolve()
    }
    if not others:
        st.html(
            highlight.calm(
                "One study alone",
                "Index another collection with the same SAE (workbench index --sae), and open both: then each "
                "latent's frequency can be compared.",
            )
        )
        return
    other_name = chosen_other(study, others)
    other_key = others[other_name]
    other = cache.open_study(other_key)
    kind = comparable(study, other)
    st.html(highlight.note(SAID[kind]))
    if kind == "latents":
        show_latents(study, other, other_name, cached_language.frequency_shift(key, other_key))
    elif kind == "directions":
        show_directions(study, other, cached_language.matched_shares(key, other_key))
    show_shapes([(study, key), (other, other_key)])


def chosen_other(study: Study, others: Mapping[str, cache.Key]) -> str:
    """Name of the study beside this one: one of the same SAE, if any, unless the reader says otherwise."""
    ranked = sorted(others, key=lambda name: ("latents", "directions", "shapes").index(
        comparable(study, cache.open_study(others[name]))))  # fmt: skip
    now = selection.current().get("against", "")
    now = now if now in others else ranked[0]
    name = st.selectbox(f"Beside {study.name}", ranked, key=steering.take_up("against", now))
    steering.tell("against", name)
    selection.choose(against=name)
    return name


def show_latents(study: Study, other: Study, other_name: str, shift: Shift) -> None:
    """Every latent by its share in both, then the first of each side with contexts."""
    rate = percent(shift.false_discovery_rate)
    st.html(
        highlight.figures(
            [
                (count(shift.n_over_a), "latents", f"more often in {study.name}"),
                (count(shift.n_over_b), "latents", f"more often in {other.name}"),
                (count(shift.n_tested), "tested", f"G-test, false discoveries {rate} at most"),
                (count(shift.n_chance), "found", "when documents are dealt out by chance"),
                (f"{shift.median:+.2f}", "", "log2 ratio in the middle"),
            ]
        )
    )
    frame.show(shift_figure(shift.table, study.name, other.name), "shift")
    st.caption(
        f"{count(shift.n_a)} and {count(shift.n_b)} documents; a latent's p-value is of a G-test on the 2 × 2 "
        "table of documents with and without it (χ², 1 degree of freedom), adjusted by Benjamini and Hochberg. "
        "Longer documents hold more latents of every kind: read a ratio beside the one in the middle."
    )
    st.download_button(
        "Every latent as CSV", lambda: shift.table.to_csv(index=False), f"{study.name}-{other.name}-shift.csv",
        "text/csv", on_click="ignore",
    )  # fmt: skip
    name = selection.current().get("study", study.name)
    sides = (("a", study, name, other_name), ("b", other, other_name, name))
    for column, (side, here, here_name, there_name) in zip(st.columns(2, gap="large"), sides, strict=True):
        with column:
            frame.label(f"More in {here_name} than in {there_name}: share of documents, the surest first")
            show_side(shift.table, side, here, here_name)


def show_side(table: pd.DataFrame, side: str, here: Study, name: str) -> None:
    """The latents of one side, surest first, and contexts of the first ones."""
    rows = table[table["over"] == side]
    sure = rows["low"] if side == "a" else -rows["high"]
    first = rows.loc[sure.sort_values(ascending=False).index[:N_LATENTS]]
    if first.empty:
        st.html(highlight.note("No latent, at this rate of false discoveries."))
        return
    st.html(
        linked_table(
            ("latent", "number", "here", "there", "log2 ratio", "q"),
            (
                (
                    row["label"] or "no label", links.href("latent", study=name, latent=row["latent"]),
                    (str(row["latent"]), *shares(row, side), ratio(row, side), q_value(row["q_value"])),
                )
                for row in first.to_dict("records")
            ),
        )
    )  # fmt: skip
    for latent in first["latent"].head(3).tolist():
        label = str(first.set_index("latent").loc[latent, "label"]) or "no label"
        frame.label(f"{label}, latent {latent}, in {name}")
        st.html(
            "".join(
                highlight.context_card(
                    context.title or context.doc_id, links.href("search", study=name, doc=context.doc_id),
                    context.activation, highlight.marked(context.text, context.highlights, "activation"),
                )
                for context in strongest_contexts(here, int(latent), N_CONTEXTS)
            )
        )  # fmt: skip


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
    """The pairs whose shares of documents are furthest apart."""
    st.html(
        highlight.figures(
            [
                (count(len(pairs)), "pairs", "of latents recur, by direction"),
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
            frame.label(f"Relatively more in {name}")
            st.html(
                linked_table(
                    ("latent", "partner there", "cosine", f"in {study.name}", f"in {other.name}"),
                    (
                        (
                            row["label"] or "no label", frame.address("latent", latent=row["latent"]),
                            (
                                row["partner_label"] or "no label", f"{row['similarity']:.2f}",
                                percent(row["share_a"]), percent(row["share_b"]),
                            ),
                        )
                        for row in rows.to_dict("records")
                    ),
                )
            )  # fmt: skip


def show_shapes(keys: Sequence[tuple[Study, cache.Key]]) -> None:
    """How skewed each vocabulary is, and its types, where they are kept."""
    shapes = {study.name: cached_language.shape(key) for study, key in keys}
    kept = {study.name: key for study, key in keys if types_are_kept(study)}
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        frame.label("How skewed each is: share of the documents over rank")
        frame.show(shapes_figure(shapes), "shapes")
    if len(kept) == len(keys):
        types = {
            name: type_shares(classify(cached_types.measures(key), TypeThresholds()))
            for name, key in kept.items()
        }
        with right:
            frame.label("Types, of the latents that have one")
            frame.show(type_shares_figure(types), "types")
