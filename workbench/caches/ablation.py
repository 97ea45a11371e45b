"""Caches of the ablation and importance pages: effects on one query, and on all judged queries."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.comparison import query_rankings
from analyses.interventions import ablation
from analyses.interventions import effect as interventions
from analyses.interventions.edited_index import Intervention
from analyses.interventions.effect import Effect
from analyses.interventions.importance import Importance
from analyses.interventions.importance import importance as kept_importance
from analyses.interventions.pruning_effect import ndcg_with_all
from analyses.statistics.intervals import bootstrap_mean
from analyses.why import k1
from retrieval.bm25 import Bm25Parameters
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.caches.cache import Idf, Key

CONTROLS = {"query": 50, "document": 20, "index": 20}


class Mean(NamedTuple):
    """A mean over n queries with its 95% bootstrap interval."""

    mean: float
    low: float
    high: float
    n: int


@st.cache_resource(show_spinner=False, max_entries=256)
def effect(key: Key, query: str, changes: tuple[Intervention, ...], idf: Idf, controlled: bool) -> Effect:
    """The effect of an intervention, with the controls of its place, or without, which is ten times as fast."""
    study = cache.open_study(key)
    n_controls = CONTROLS[changes[0].place] if controlled else 0
    return interventions.effect(
        study,
        cache.encode(key, query).counts,
        changes,
        Bm25Parameters(idf=idf),
        query_rankings.query_id_of(study, query),
        n_controls=n_controls,
    )


@st.cache_resource(show_spinner=False, max_entries=16)
def mean_weight(key: Key) -> float:
    """Of a latent in a document, which k1 can be counted in."""
    return k1.mean_weight(cache.open_study(key).index, Bm25Parameters())


@st.cache_resource(show_spinner=False, max_entries=256)
def rescored(key: Key, query: str, parameters: Bm25Parameters, other: Bm25Parameters) -> Effect:
    study = cache.open_study(key)
    query_id = query_rankings.query_id_of(study, query)
    return interventions.rescored(study, cache.encode(key, query).counts, parameters, other, query_id)


@st.cache_resource(show_spinner=False, max_entries=64)
def ndcg(key: Key, parameters: Bm25Parameters, at_most: int | None) -> NDArray[np.float64]:
    """nDCG@10 of each judged query, or of a sample of them."""
    return ndcg_with_all(cache.open_study(key), cached_language.judged(key, at_most), parameters)


@st.cache_resource(show_spinner=False, max_entries=64)
def mean_ndcg(key: Key, parameters: Bm25Parameters, at_most: int | None) -> Mean:
    values = ndcg(key, parameters, at_most)
    return Mean(float(values.mean()), *bootstrap_mean(values), len(values))


@st.cache_resource(show_spinner=False, max_entries=64)
def mean_change(key: Key, parameters: Bm25Parameters, other: Bm25Parameters, at_most: int | None) -> Mean:
    """The mean change of nDCG@10, query by query."""
    values = ndcg(key, other, at_most) - ndcg(key, parameters, at_most)
    return Mean(float(values.mean()), *bootstrap_mean(values), len(values))


@st.cache_resource(show_spinner=False, max_entries=64)
def ablated(
    key: Key,
    latents: tuple[int, ...],
    where: ablation.Where,
    keep_length: bool,
    idf: Idf,
    at_most: int | None,
) -> ablation.Ablation:
    judged = cached_language.judged(key, at_most)
    return ablation.ablate(
        cache.open_study(key),
        latents,
        where,
        keep_length,
        Bm25Parameters(idf=idf),
        judged,
        _contributed(key, idf, at_most),
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def _contributed(key: Key, idf: Idf, at_most: int | None) -> NDArray[np.float64]:
    judged = cached_language.judged(key, at_most)
    return ablation.contributions_of_all(cache.open_study(key), judged, Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=4)
def types(key: Key, version: tuple[int, ...]) -> pd.Series:
    """The type of each latent as the study keeps it; `version`: of that part."""
    from analyses.latents.types import kept_types

    return kept_types(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=8)
def importance(key: Key, idf: Idf, version: tuple[int, ...]) -> Importance | None:
    """The importance that the study keeps; `version`: when it was written."""
    return kept_importance(cache.open_study(key), idf)
