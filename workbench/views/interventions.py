"""Interventions: what happens without it?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.ablation import Where
from analyses.edited_index import PLACES, Intervention, Place
from analyses.figures.paths import effects_figure, paths_figure
from analyses.figures.types import TYPE_NAMES
from analyses.interventions import Effect
from analyses.types import TYPES
from retrieval.study import Study
from workbench import cache, cached_interventions, cached_map, frame, highlight, selection
from workbench.formats import count, percent
from workbench.views import intervention_scoring, search

CHANGES = {"latents": "Latents", "scoring": "Scoring"}
PRESETS = {
    "strongest": "Drop the strongest",
    "only": "Keep the strongest alone",
    "stopwords": "Drop the stopword latents",
    "type": "Keep one type alone",
    "chosen": "Choose",
}
PLACE_NAMES: dict[Place, str] = {"query": "Query", "index": "Whole index", "document": "One document"}
N_STRONGEST, MOST, LONGEST = 3, 40, 60
MOST_MASS = 1000.0


def page() -> None:
    key, study = frame.opened()
    frame.heading("Interventions", "What happens without it?")
    query, idf = search.controls(study)
    if not query:
        st.html(highlight.calm("Ask something", "Then take latents out, and see where each document goes."))
        search.show_examples(study, "interventions")
        return
    here = selection.current()
    change = "scoring" if here.get("change") == "scoring" else "latents"
    picked = st.segmented_control(
        "What to change", list(CHANGES), default=change, format_func=CHANGES.__getitem__, required=True,
        label_visibility="collapsed", key=f"change {change}",
    )  # fmt: skip
    if picked != change:
        selection.choose(change=picked)
        st.rerun()
    with st.spinner("Reading the query; the first one also loads the encoder"):
        latents = cache.query_latents(key, query, idf)
    if latents.empty:
        st.html(highlight.calm("No latents", "No latent fires on this query: ask in other words."))
    elif change == "scoring":
        intervention_scoring.show(key, study, query, idf)
    else:
        show_latents(key, study, query, idf, latents)


def show_latents(key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame) -> None:
    """What to take out or scale, and what that does to this ranking and to all."""
    changes = choose(key, study, query, idf, latents)
    touched = changes[0].latents
    found = cached_interventions.effect(key, query, changes, idf, controlled=False)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label("Where each document goes; relevant ones are green diamonds")
        frame.show(
            paths_figure(found.ranking, link=lambda doc: frame.address("search", q=query, doc=doc)), "paths"
        )
    with right:
        show_touched(key, touched, latents, found)
        with st.spinner("Doing the same to random latents that contribute as much"):
            controlled = cached_interventions.effect(key, query, changes, idf, controlled=True)
        show_measures(controlled)
        if study.qrels and changes[0].place != "document" and changes[0].mass is None and touched:
            show_all(key, study, changes[0], idf)


def choose(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame
) -> tuple[Intervention, ...]:
    """What the reader wants changed, and where; it lives in the URL."""
    here = selection.current()
    preset = (
        here["preset"] if here.get("preset") in PRESETS else "chosen" if here.get("latents") else "strongest"
    )
    place: Place = (
        "index"
        if here.get("place") == "index"
        else "document"
        if here.get("place") == "document"
        else "query"
    )
    first, second, third = st.columns([1.25, 1.5, 1.25], gap="medium", vertical_alignment="bottom")
    picked = first.selectbox(
        "What to do", list(PRESETS), list(PRESETS).index(preset), format_func=PRESETS.__getitem__,
        key=f"preset {preset}",
    )  # fmt: skip
    picked_place = third.segmented_control(
        "Where",
        PLACES,
        default=place,
        format_func=PLACE_NAMES.__getitem__,
        required=True,
        key=f"place {place}",
    )
    if (picked, picked_place) != (preset, place):
        selection.choose(
            preset=picked, place=picked_place, latents=None if picked != "chosen" else here.get("latents")
        )
        st.rerun()
    with second:
        chosen = chosen_latents(key, study, preset, latents)
    removed = preset != "chosen"
    factor, mass, length = 0.0, None, here.get("length") != "kept"
    columns = st.columns([1.25, 1.5, 1.25], gap="medium", vertical_alignment="center")
    if not removed:
        with columns[0]:
            factor, mass = strength(place)
    if place != "query":
        with columns[2]:
            follows = st.toggle(
                "|d| and idf follow", length, key=f"length {length}",
                help="On: as if the documents had been indexed so. Off: only the scores of these latents change.",
            )  # fmt: skip
            if follows != length:
                selection.choose(length=None if follows else "kept")
                st.rerun()
    doc_id = None
    if place == "document":
        with columns[1]:
            doc_id = one_document(key, study, query, idf)
    return (Intervention(tuple(chosen), place, factor, mass, doc_id, length),)


def chosen_latents(key: cache.Key, study: Study, preset: str, latents: pd.DataFrame) -> list[int]:
    """The latents that a preset names for this query."""
    here, ordered = selection.current(), latents["latent"].tolist()
    if preset in ("strongest", "only"):
        most = min(MOST, len(ordered))
        asked = int(here["part"]) if here.get("part", "").isdigit() else N_STRONGEST
        n = st.slider("How many", 1, max(most, 2), min(max(asked, 1), most), key=f"n {asked}")
        if n != asked:
            selection.choose(part=n)
            st.rerun()
        return ordered[:n] if preset == "strongest" else ordered[n:]
    if preset == "stopwords":
        frequency = study.index.document_frequency
        stop = [latent for latent in ordered if frequency[latent] > study.index.n_docs / 2]
        st.caption(
            f"In over half of the documents: {count(len(stop))} of this query's {count(len(ordered))} latents. "
            "The paper's idf gives them 0, Lucene's does not."
        )
        return stop
    if preset == "type":
        types = cached_interventions.types(key, cached_map.modified(key, "types.parquet"))
        if types.empty:
            st.caption("This study keeps no types yet: open the Types page once.")
            return []
        kind = here["type"] if here.get("type") in TYPES else TYPES[0]
        kept = st.segmented_control(
            "Type that stays", TYPES, default=kind, format_func=TYPE_NAMES.__getitem__, required=True,
            key=f"type {kind}",
        )  # fmt: skip
        if kept != kind:
            selection.choose(type=kept)
            st.rerun()
        return [latent for latent in ordered if types.iloc[latent] != kind]
    return named_latents(key, study, ordered)


def named_latents(key: cache.Key, study: Study, ordered: list[int]) -> list[int]:
    """Latents that the reader picks, of the query or any other by its number."""
    names = cache.labels(key)
    said = [int(text) for text in selection.current().get("latents", "").split(",") if text.isdigit()]
    said = [latent for latent in said if latent < study.n_latents] or ordered[:1]
    options = list(dict.fromkeys([*said, *ordered]))
    picked = st.multiselect(
        "Latents, of the query or by number", options, said, key=f"latents {said}", accept_new_options=True,
        format_func=lambda j: f"{names.get(j, '')}  {j}" if isinstance(j, int) else str(j),
    )  # fmt: skip
    numbers = [int(one) for one in picked if str(one).isdigit() and int(one) < study.n_latents]
    if numbers != said:
        selection.choose(latents=",".join(map(str, numbers)))
        st.rerun()
    return said


def strength(place: Place) -> tuple[float, float | None]:
    """By how much, or to what mass: factor and mass."""
    here = selection.current()
    if place != "index" and here.get("mass"):
        now = min(selection.number("mass", 1.0), MOST_MASS)
        mass = st.number_input("Set their mass to", 0.0, MOST_MASS, now, 0.5, key="mass value")
        if mass != now:
            selection.choose(mass=f"{mass:g}")
            st.rerun()
        if st.button("Multiply instead", type="tertiary"):
            selection.choose(mass=None)
            st.rerun()
        return 0.0, mass
    asked = selection.number("factor", 0.0)
    factor = st.slider(
        "Times their mass (0 takes them out)", 0.0, 4.0, min(asked, 4.0), 0.25, key=f"factor {asked}"
    )
    if factor != asked:
        selection.choose(factor=f"{factor:g}")
        st.rerun()
    if place != "index" and st.button("Add: set a mass instead", type="tertiary"):
        selection.choose(mass="4")
        st.rerun()
    return factor, None


def one_document(key: cache.Key, study: Study, query: str, idf: cache.Idf) -> str:
    """The document that is changed: the URL's, or the first result."""
    ranking = cache.rankings(key, query, idf, search.DEPTH)
    found = ranking["doc_id"].tolist() or list(study.corpus.ids[:1])
    now = selection.current().get("doc", "")
    now = now if now in study.position else str(found[0])
    options = found if now in found else [now, *found]

    def name(doc_id: str) -> str:
        title = study.corpus.titles[study.position[doc_id]] or doc_id
        return title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"

    picked = st.selectbox(
        "In which document", options, options.index(now), format_func=name, key=f"doc {now}"
    )
    if picked != now:
        selection.choose(doc=picked)
        st.rerun()
    return now


def show_touched(key: cache.Key, touched: tuple[int, ...], latents: pd.DataFrame, found: Effect) -> None:
    """The latents that are changed, and what they had contributed."""
    names, strength_of = cache.labels(key), dict(zip(latents["latent"], latents["strength"], strict=True))
    largest = float(latents["strength"].max()) or 1.0
    frame.label(
        f"{count(len(touched))} latents changed; they contributed {percent(found.share)} of the first ten's scores"
    )
    shown = sorted(touched, key=lambda j: -strength_of.get(j, 0.0))[: search.N_CHIPS]
    items = "".join(
        highlight.chip(
            names[j], j, frame.address("latent", latent=j), strength_of.get(j, 0.0) / largest,
            f"query weight × idf {strength_of.get(j, 0.0):.2f}",
        )
        for j in shown
    )  # fmt: skip
    rest = (
        f'<span class="lt-rest">and {count(len(touched) - len(shown))} more</span>'
        if len(touched) > len(shown)
        else ""
    )
    st.html(f'<div class="lt-chips">{items}{rest}</div>')


def show_measures(found: Effect) -> None:
    """This query's nDCG@10 and overlap, each beside its matched controls."""
    controls = found.controls
    if found.ndcg is not None:
        frame.label("nDCG@10 of this query")
        frame.show(effects_figure(*found.ndcg, controls["ndcg"], "nDCG@10"), "ndcg")
    frame.label("Of its first ten documents, how many stay")
    frame.show(effects_figure(1.0, found.overlap, controls["overlap"], "share that stays"), "overlap")
    if len(controls):
        measure, value = ("ndcg", found.ndcg[1]) if found.ndcg is not None else ("overlap", found.overlap)
        below = float(np.mean(controls[measure] < value))
        st.caption(
            f"Grey: {count(len(controls))} draws of other latents of this query that contribute as much to its "
            f"first ten documents, treated in the same way, and their middle 95%. {percent(below)} of them end "
            "lower."
        )
    else:
        st.caption(
            "No control: the query's other latents together contribute less than these, so none can be matched."
        )


def show_all(key: cache.Key, study: Study, change: Intervention, idf: cache.Idf) -> None:
    """What all judged queries lose when these latents go, on demand: it takes a while on a large study."""
    if change.factor != 0:
        return
    frame.label("All judged queries, without these latents")
    wanted = f"all {key.digest} {change} {idf}"
    if not st.session_state.get(wanted):
        if st.button(
            "Rank them all", help="Every judged query again, and once more for each of ten controls."
        ):
            st.session_state[wanted] = True
            st.rerun()
        return
    where: Where = "query" if change.place == "query" else "index"
    with st.spinner("Ranking every judged query without them, and without as much of others"):
        found = cached_interventions.ablated(key, change.latents, where, not change.length, idf, None)
    low, high = found.control_interval
    controls = (
        f"Ten random sets that contribute as much change it by {low:+.3f} to {high:+.3f}."
        if len(found.controls)
        else "No other latents contribute as much: there is no control."
    )
    st.html(
        highlight.figures(
            [
                (f"{found.before:.3f}", "", "nDCG@10 before"),
                (f"{found.after:.3f}", "", "after"),
                (f"{found.change:+.3f}", f"{found.low:+.3f} to {found.high:+.3f}", "change, 95%"),
            ]
        )
    )
    st.caption(
        f"{count(found.n_queries)} queries, {count(found.n_using)} of which have one of these latents; "
        f"p = {found.p:.4f} (paired randomisation test). {controls}"
    )
