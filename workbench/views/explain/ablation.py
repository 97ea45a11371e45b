"""Ablation: how does the ranking change when latents are removed or scaled?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.figures.style.paths import effects_figure, paths_figure
from analyses.interventions.ablation import Where
from analyses.interventions.edited_index import Intervention
from analyses.interventions.effect import Effect
from retrieval.study import Study
from workbench.caches import ablation as cached_ablation
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.page import frame, url_widgets
from workbench.page.evidence import calls
from workbench.views.explain import ablation_choice, scoring, search

CHANGES = {"latents": "Latents", "scoring": "Scoring"}


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Ablation", "How does the ranking change when latents are removed or scaled, or scored otherwise?"
    )
    query, idf = search.controls()
    if not query:
        st.html(
            highlight.calm("Ask something", "Then remove latents of the query, and see how the ranks change.")
        )
        search.show_examples(study, "ablation")
        return
    change = url_widgets.segmented(
        "change", "What to change", CHANGES, "latents", label_visibility="collapsed"
    )
    with st.spinner(search.READING):
        latents = cache.query_latents(key, query, idf)
    if latents.empty:
        st.html(highlight.calm("No latents", "No latent fires on this query: ask in other words."))
    elif change == "scoring":
        scoring.show(key, study, query, idf)
    else:
        show_latents(key, study, query, idf, latents)


def show_latents(key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame) -> None:
    """The latents to remove or scale, and the effect on this ranking and on all judged queries."""
    changes = ablation_choice.choose(key, study, query, idf, latents)
    touched = changes[0].latents
    effect = cached_ablation.effect(key, query, changes, idf, controlled=False)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label("Ranks before and after; relevant documents are green diamonds")
        chart = paths_figure(
            effect.ranking,
            link=lambda doc: frame.address("search", q=query, doc=doc),
            narrow=frame.is_narrow(),
        )
        frame.show(chart, "paths", effect.ranking, calls.ablation(study, query, changes, idf))
    with right:
        show_touched(key, touched, latents, effect)
        with st.spinner("Removing random latents that contribute as much, as a control"):
            controlled = cached_ablation.effect(key, query, changes, idf, controlled=True)
        show_measures(controlled)
        if study.qrels and changes[0].place != "document" and changes[0].activation is None and touched:
            show_all(key, study, changes[0], idf)


def show_touched(key: cache.Key, touched: tuple[int, ...], latents: pd.DataFrame, effect: Effect) -> None:
    """The latents that are changed, and their share of the scores before."""
    names, strength_of = cache.labels(key), dict(zip(latents["latent"], latents["strength"], strict=True))
    largest = float(latents["strength"].max()) or 1.0
    frame.label(
        f"{count(len(touched))} latents changed; they give {percent(effect.share)} of the first ten "
        "documents' scores"
    )
    items = [
        highlight.chip(
            names[j],
            j,
            frame.address("latent", latent=j),
            strength_of.get(j, 0.0) / largest,
            f"query term frequency × idf {strength_of.get(j, 0.0):.2f}",
        )
        for j in sorted(touched, key=lambda j: -strength_of.get(j, 0.0))
    ]
    st.html(highlight.chips(items, search.N_CHIPS))


def show_measures(effect: Effect) -> None:
    """This query's nDCG@10 and overlap, each beside its matched controls."""
    controls = effect.controls
    if effect.ndcg is not None:
        frame.label("nDCG@10 of this query")
        frame.show(effects_figure(*effect.ndcg, controls["ndcg"], "nDCG@10"), "ndcg")
    frame.label("Share of the first ten documents that stay in the first ten")
    frame.show(effects_figure(1.0, effect.overlap, controls["overlap"], "share that stays"), "overlap")
    if len(controls):
        measure, value = ("ndcg", effect.ndcg[1]) if effect.ndcg is not None else ("overlap", effect.overlap)
        below = float(np.mean(controls[measure] < value))
        st.caption(
            f"Grey: the same change to {count(len(controls))} random sets of this query's other latents "
            "that contribute as much to the first ten documents, and the middle 95% of those draws. "
            f"{percent(below)} of the draws end lower."
        )
    else:
        st.caption("No control: the query's other latents together contribute less than these.")


def show_all(key: cache.Key, study: Study, change: Intervention, idf: cache.Idf) -> None:
    """Mean nDCG@10 over all judged queries without these latents, on demand: slow on a large study."""
    if change.factor != 0:
        return
    frame.label("All judged queries, without these latents")
    wanted = f"all {key.digest} {change} {idf}"
    if not st.session_state.get(wanted):
        if st.button(
            "Rank all queries", help="Ranks every judged query again, and once more for each of ten controls."
        ):
            st.session_state[wanted] = True
            st.rerun()
        return
    where: Where = "query" if change.place == "query" else "index"
    with st.spinner("Ranking every judged query without these latents, and without random ones"):
        effect = cached_ablation.ablated(key, change.latents, where, not change.length, idf, None)
    low, high = effect.control_interval
    controls = (
        f"Control: removing ten random sets that contribute as much changes nDCG@10 by {low:+.3f} to "
        f"{high:+.3f}."
        if len(effect.controls)
        else "No control: no other latents contribute as much."
    )
    st.html(
        highlight.figures(
            [
                (f"{effect.before:.3f}", "", "nDCG@10 with all latents"),
                (f"{effect.after:.3f}", "", "nDCG@10 without these"),
                (
                    f"{effect.change:+.3f}",
                    f"{effect.low:+.3f} to {effect.high:+.3f}",
                    "change of nDCG@10, 95%",
                ),
            ]
        )
    )
    st.caption(
        f"{count(effect.n_queries)} queries, {count(effect.n_using)} of which activate one of these latents; "
        f"p = {effect.p:.4f} (paired randomisation test). {controls}"
    )
