"""How a map was made, how far it can be trusted, and what is still to be had: beside the map."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analyses.map_quality import N_NEIGHBOURS
from analyses.maps import LatentMap
from retrieval.study import Study
from workbench import cache, cached_map, frame, highlight, jobs
from workbench.formats import count, number, percent

METHODS = {"umap": "UMAP", "pca": "PCA", "shuffled": "Latents shuffled"}


def show_method(key: cache.Key, study: Study, shown: LatentMap, made: int) -> None:
    """How the map was made, how far it can be trusted, and what is still to be had."""
    if shown.method == "pca":
        offer_umap(study)
        if not st.toggle("Measure how far it can be trusted", key=f"judge {key.digest}"):
            return  # it takes seconds, and a UMAP has its measure with it
    with st.spinner("Judging the map"):
        judged = cached_map.quality(key, made)
    if len(judged):
        st.html(highlight.note(verdict(judged, shown.method)))
        with st.expander("How far can this map be trusted?"):
            st.html(highlight.table(quality_table(judged)))
            st.caption(made_with(shown))


def offer_umap(study: Study) -> None:
    """The map is a PCA: what it lacks, and the job that makes the UMAP."""
    st.html(
        highlight.calm(
            "This is a PCA",
            "Two straight axes through some hundreds of dimensions: it is there at once, and neighbours are mostly "
            "lost. UMAP keeps more of them, and takes some minutes, once.",
        )
    )
    at_it = [job for job in jobs.jobs() if job.living and makes_the_map(job.request.argv, study)]
    if at_it:
        st.html(
            highlight.link_list(
                [("A job is making the UMAP: see how far", frame.address("train", job=at_it[0].id))]
            )
        )
    elif st.button("Make the UMAP", type="primary"):
        job = jobs.start(["map", str(study.path.resolve())], f"Map of {study.name}")
        frame.go("train", job=job.id)


def makes_the_map(argv: Sequence[str], study: Study) -> bool:
    """Whether a job's command line makes the map of this study."""
    return list(argv[:1]) in (["map"], ["complete"]) and str(study.path.resolve()) in argv


def verdict(judged: pd.DataFrame, method: str) -> str:
    """In one sentence, what the map keeps, beside chance."""
    rows = {row["map"]: row for row in judged.to_dict("records")}
    own, chance = rows[method], rows["shuffled"]
    return (
        f"Of each latent's {N_NEIGHBOURS} nearest by decoder direction, {percent(own['kept_10'])} are among its 10 "
        f"nearest here and {percent(own['kept_50'])} among its 50 (latents shuffled: {percent(chance['kept_10'])} "
        f"and {percent(chance['kept_50'])}); estimated on {count(own['sampled'])} latents."
    )


def quality_table(judged: pd.DataFrame) -> pd.DataFrame:
    """A row a map, with readable headings."""
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
    """Parameters and seed of a UMAP; how PCA comes about."""
    if shown.method == "pca":
        return "PCA: the two leading principal components of the unit decoder directions, exact."
    given = shown.parameters
    versions = given["versions"]
    return (
        f"UMAP of decoder directions: {given['metric']}, {given['n_neighbors']} neighbours, minimum distance "
        f"{given['min_dist']}, started from the PCA, seed {given['seed']}, umap-learn {versions['umap-learn']}. "
        "Trustworthiness (Venna & Kaski 2001) is 1 when no latent near here is far by direction."
    )
