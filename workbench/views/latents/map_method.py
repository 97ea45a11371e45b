"""Beside the map: how the map was made, how faithful it is, and the offer of a UMAP."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.latents.map import LatentMap
from analyses.latents.map_quality import N_NEIGHBOURS
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import map as cached_map
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.page.work import offer as job_offer

METHODS = {"umap": "UMAP", "pca": "PCA", "shuffled": "Latents shuffled"}


def show_method(key: cache.Key, study: Study, shown: LatentMap, made: tuple[int, ...]) -> None:
    """How the map was made, how faithful it is, and the offer of a UMAP where there is none."""
    if shown.method == "pca":
        offer_umap(study)
        if not st.toggle("Measure how faithful this map is", key=f"judge {key.digest}"):
            return  # seconds for a PCA; a UMAP keeps its measures
    with st.spinner("Measuring the map"):
        judged = cached_map.quality(key, made)
    if len(judged):
        st.html(highlight.note(verdict(judged, shown.method)))
        with st.expander("How faithful is this map?"):
            st.html(highlight.table(quality_table(judged)))
            st.caption(made_with(shown))


def offer_umap(study: Study) -> None:
    """The map is a PCA: what a PCA loses, and the job that makes the UMAP."""
    st.html(
        highlight.calm(
            "This is a PCA",
            "A PCA shows two straight axes through hundreds of dimensions: ready at once, but most neighbours "
            "are lost. A UMAP keeps more of them, and takes some minutes, once.",
        )
    )
    job_offer.offer(
        ["map", str(study.path.resolve())],
        f"Map of {study.name}",
        "Make the UMAP",
        seconds=job_offer.seconds_of(study, "map"),
        writes=study.path,
        is_it=lambda argv: makes_the_map(argv, study),
        type="primary",
    )


def makes_the_map(argv: Sequence[str], study: Study) -> bool:
    """Whether a job's command line makes the map of this study."""
    return list(argv[:1]) in (["map"], ["complete"]) and str(study.path.resolve()) in argv


def verdict(judged: pd.DataFrame, method: str) -> str:
    """One sentence on the neighbours that the map keeps, beside chance."""
    rows = {row["map"]: row for row in judged.to_dict("records")}
    own, chance = rows[method], rows["shuffled"]
    return (
        f"Of each latent's {N_NEIGHBOURS} nearest by decoder direction, {percent(own['kept_10'])} are among its 10 "
        f"nearest here and {percent(own['kept_50'])} among its 50 (latents shuffled: {percent(chance['kept_10'])} "
        f"and {percent(chance['kept_50'])}); estimated on {count(own['sampled'])} latents."
    )


def quality_table(judged: pd.DataFrame) -> pd.DataFrame:
    """One row per map, with readable headings."""
    return pd.DataFrame(
        {
            "Map": judged["map"].map(METHODS),
            "10 nearest kept among 10": judged["kept_10"].map(percent),
            "among 50": judged["kept_50"].map(percent),
            "Trustworthiness": judged["trustworthiness"].map(number),
            "Latents sampled": judged["sampled"].map(count),
        }
    )


def made_with(shown: LatentMap) -> str:
    """Parameters and seed of a UMAP, or how the PCA is computed."""
    if shown.method == "pca":
        return "PCA: the two leading principal components of the unit decoder directions, exact."
    parameters = shown.parameters
    versions = parameters["versions"]
    return (
        f"UMAP of decoder directions: {parameters['metric']}, {parameters['n_neighbors']} neighbours, minimum "
        f"distance {parameters['min_dist']}, started from the PCA, seed {parameters['seed']}, umap-learn "
        f"{versions['umap-learn']}. Trustworthiness (Venna & Kaski 2001) is 1 when no latent near here is far "
        "by direction."
    )
