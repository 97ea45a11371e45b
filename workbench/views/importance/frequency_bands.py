"""Frequency bands: what do the most frequent and the rarest latents contribute to the ranking?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from analyses.figures.ranking.pruning import WITHOUT, pruning_figure
from analyses.interventions.pruning_effect import (
    SHARES,
    Part,
    Pruning,
    PruningEffect,
    Where,
    pruned_latents,
    write_pruning_curve,
)
from analyses.latents.frequency_bands import dead_in_training, trained_on_this
from analyses.text.latent_names import latent_name
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, idf, numbers, url_widgets
from workbench.page.evidence import calls
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer

PART_NAMES: dict[Part, str] = {"head": "The most frequent", "tail": "The rarest"}
WHERE_NAMES: dict[Where, str] = {"index": "Index and lengths", "scoring": "Scores only"}
STEPS = sorted({*SHARES, 0.004, 0.007, 0.015, 0.04, 0.07, 0.15, 0.25, 0.4})
START, N_FIRST, N_ROWS = 0.01, 100, 14
REST = (
    "latent",
    "label",
    "document_frequency",
    "idf",
    "share_of_length",
)  # of the latents beyond the first rows


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Frequency bands", "What do the most frequent and the rarest latents contribute to the ranking?"
    )
    bands = cached_language.band_table(key)
    st.html(highlight.figures(headline(study, bands)))
    pruning = controls()
    if study.qrels:
        left, right = st.columns([1.9, 1], gap="large")
        with left:
            frame.label("Change of nDCG@10 without these latents, with 95% intervals")
            show_curve(key, study, pruning)
        with right:
            show_effect(key, study, pruning)
    else:
        st.html(
            highlight.note(
                "This collection has no relevance judgements, so the effect of pruning cannot be measured."
            )
        )
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        frame.label(f"{PART_NAMES[pruning.part]} latents")
        show_latents(key, study, pruning)
    with right:
        frame.label("All latents, by document frequency")
        show_bands(bands)
        st.html(highlight.note(inactive(study, bands)))


def headline(study: Study, bands: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The numbers at the top: value, unit, name."""
    by_band = bands.set_index("band")
    common = by_band.reindex(["in every document", "in over half"]).fillna(0)
    of_queries = float(common["queries"].sum())
    once, none = (int(by_band["n_latents"].get(band, 0)) for band in ("in one document", "in none"))
    return [
        (count(int(common["n_latents"].iloc[0])), "latents", "in every document"),
        (count(int(common["n_latents"].sum())), "latents", "in over half of the documents"),
        (percent(float(common["length"].sum())), "", "share of length of these"),
        *(
            [(percent(of_queries), "", "share of query term frequency")]
            if bands["queries"].notna().any()
            else []
        ),
        (count(once), "latents", "in one document"),
        (count(none), "latents", "inactive in this collection"),
    ]


def controls() -> Pruning:
    """Which latents are removed, from where, and how many."""
    first, second, third = st.columns([1.35, 1.35, 2], vertical_alignment="bottom", gap="medium")
    part = url_widgets.segmented("prune", "Remove", PART_NAMES, "head", first)
    where = url_widgets.segmented("where", "Removed from", WHERE_NAMES, "index", second)
    share = url_widgets.select_slider(
        "share", "Share of the active latents", STEPS, START, third, format_func=percent
    )
    return Pruning(part, share, where, Bm25Parameters(idf=idf.chosen()))


def show_curve(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """The curve as the study keeps it; measured now, once, where it does not."""
    chosen: cache.Idf = pruning.parameters.idf
    kept = cache.version(key, f"pruning_{chosen}")
    curve = cached_language.pruning_curve(key, chosen, kept)
    if curve is None and not offers.can_keep(study.path):
        st.html(highlight.note("The curve is not measured in this study, and cannot be kept here."))
        return
    seconds = job_offer.seconds_of(study, f"pruning_{chosen}")
    if curve is None and job_offer.is_long(seconds) and offers.may("start jobs"):
        job_offer.offer(
            [
                "frequency-bands",
                str(study.path.resolve()),
                *(["--idf", chosen] if chosen != "clipped" else []),
            ],
            f"Frequency bands of {study.name}",
            "Measure it",
            "The curve without the most frequent and without the rarest latents: not measured yet.",
            seconds=seconds,
            writes=study.path,
        )
        return
    if curve is None:
        bar = st.progress(0.0, "Ranking without the most frequent and without the rarest latents, once")

        def report(stage: str, done: int, total: int) -> None:
            bar.progress(done / total, f"{stage}, once")

        curve = write_pruning_curve(study, chosen, progress=report)
        bar.empty()
    chart = pruning_figure(curve, pruning.part, pruning.where, pruning.share)
    frame.show(chart, "pruning", curve, calls.pruning(study, pruning))
    n = int(curve["n_queries"].iloc[0])
    of_all = len(cached_language.judged(key))
    drawn = f"Estimated on {count(n)} of {count(of_all)} queries" if n < of_all else f"All {count(n)} queries"
    st.caption(
        f"{drawn}; intervals are bootstraps over them. k1 = 8, b = 0.7, "
        f"{'clipped' if chosen == 'clipped' else 'Lucene'} idf. Grey: random other latents with as many "
        "postings are removed, the mean of two draws. The line ends where the other latents have fewer "
        "postings."
    )


def show_effect(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """The effect of the chosen pruning: an estimate at once where there are many queries, then on all."""
    place = st.empty()
    n = len(cached_language.judged(key))
    if n > 2 * N_FIRST:
        place.html(effect_html(cached_language.effect(key, pruning, N_FIRST), n))
    place.html(effect_html(cached_language.effect(key, pruning, None), n))
    other = replace(pruning, where="scoring" if pruning.where == "index" else "index")
    st.html(
        highlight.link(
            f"And removed from {WHERE_NAMES[other.where].lower()}?",
            frame.address("frequency-bands", prune=other.part, where=other.where, share=f"{other.share:g}"),
        )
    )


def effect_html(effect: PruningEffect, n_all: int) -> str:
    """The effect of one pruning, as HTML."""
    estimate = f"estimate from {count(effect.n_queries)} of {count(n_all)} queries"
    others = f"{effect.control:+.4f}  ({effect.control_low:+.4f} to {effect.control_high:+.4f})"
    if effect.control != effect.control:
        others = "the other latents have fewer" if effect.n_queries == n_all else "being measured"
    queries = "all queries" if effect.n_queries == n_all else estimate
    rows = [
        ("Latents removed", count(effect.n_latents)),
        ("Of postings", percent(effect.postings)),
        ("Share of length", percent(effect.length)),
        ("nDCG@10", f"{effect.before:.4f} with, {effect.after:.4f} without ({queries})"),
        ("Change of nDCG@10", f"{effect.change:+.4f}  ({effect.low:+.4f} to {effect.high:+.4f})"),
        ("Random latents, as many postings", others),
    ]
    head = highlight.label(f"Without {WITHOUT[effect.pruning.part]} {percent(effect.pruning.share)}")
    return head + highlight.facts(rows) + highlight.note(verdict(effect))


def verdict(effect: PruningEffect) -> str:
    """One sentence on what the interval shows."""
    if effect.n_latents == 0:
        return "No latent is removed: the share is less than one latent."
    if effect.low > 0:
        return f"nDCG@10 is higher without these latents, on {count(effect.n_queries)} queries."
    if effect.high < 0:
        beside = " Random latents would lose more." if effect.control_high < effect.low else ""
        return f"nDCG@10 is lower without these latents.{beside}"
    return f"No difference that {count(effect.n_queries)} queries can show."


def show_latents(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """The first of the latents that are removed, each a link to its page."""
    table = cache.vocabulary_table(key)
    removed = pruned_latents(study.index, pruning.part, pruning.share)
    first = removed[:N_ROWS] if pruning.part == "head" else removed[::-1][:N_ROWS]
    n_docs = len(study.corpus)
    st.html(
        linked_table(
            ("latent", "document frequency", "of documents", "idf", "share of length"),
            (
                (
                    latent_name(row["latent"], row["label"]),
                    frame.address("latent", latent=row["latent"]),
                    (
                        count(row["document_frequency"]),
                        percent(row["document_frequency"] / n_docs),
                        number(row["idf"]),
                        percent(row["share_of_length"]),
                    ),
                )
                for row in table.loc[first].to_dict("records")
            ),
        )
    )
    if len(removed) > len(first):
        rest = removed[N_ROWS:] if pruning.part == "head" else removed[::-1][N_ROWS:]
        opened = st.expander(f"{count(len(rest))} more", on_change="rerun", key=f"rest {pruning}")
        if opened.open:
            with opened:
                numbers.show(table.loc[rest, list(REST)])


def show_bands(bands: pd.DataFrame) -> None:
    shown = pd.DataFrame({"Document frequency": bands["band"], "Latents": bands["n_latents"].map(count)})
    for column, name in (
        ("postings", "of postings"),
        ("length", "share of length"),
        ("queries", "of query term frequency"),
    ):
        shown[name] = bands[column].map(lambda part: "–" if part != part else percent(part))
    if "lexical" in bands:
        shown["lexical"] = bands["lexical"].map(lambda part: "–" if part != part else percent(part))
        shown["broad"] = bands["broad"].map(lambda part: "–" if part != part else percent(part))
    st.html(highlight.table(shown))


def inactive(study: Study, bands: pd.DataFrame) -> str:
    """What is known of the latents that never fire in this collection."""
    none = int(bands.set_index("band")["n_latents"].get("in none", 0))
    dead = dead_in_training(study)
    if dead is None:
        return (
            f"{count(none)} latents are inactive in this collection; the SAE does not record how many were "
            "dead after training."
        )
    counted = (
        f"{count(none)} latents are inactive in this collection; {count(dead)} were dead when training ended"
    )
    if trained_on_this(study):
        return f"{counted}. The SAE was trained on these very documents."
    active = max(none - dead, 0)
    return f"{counted}, so at least {count(active)} were active in training and are inactive here."
