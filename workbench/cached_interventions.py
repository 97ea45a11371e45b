"""Caches of the interventions page: effects on one query, and on all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses import ablation, comparison, interventions
from analyses.carriers import Carriers
from analyses.carriers import carriers as read_carriers
from analyses.edited_index import Intervention
from analyses.intervals import bootstrap_mean
from analyses.interventions import Effect
from analyses.pruning_effect import ndcg_with_all
from retrieval.bm25 import Bm25Parameters
from workbench import cache, cached_language
from workbench.cache import Idf, Key

CONTROLS = {"query": 50, "document": 20, "index": 20}


class Mean(NamedTuple):
    """A mean over n queries with its 95% bootstrap interval."""

    mean: float
    low: float
    high: float
    n: int


@st.cache_resource(show_spinner=False, max_entries=256)
def effect(key: Key, query: str, changes: tuple[Intervention, ...], idf: Idf, controlled: bool) -> Effect:
    """With the controls of its place, or without any, which is ten times as fast."""
    study = cache.open_study(key)
    n_controls = CONTROLS[changes[0].place] if controlled else 0
    return interventions.effect(
        study, cache.encode(key, query).mass, changes, Bm25Parameters(idf=idf),
        comparison.query_id_of(study, query), n_controls=n_controls,
    )  # fmt: skip


@st.cache_resource(show_spinner=False, max_entries=256)
def rescored(key: Key, query: str, parameters: Bm25Parameters, other: Bm25Parameters) -> Effect:
    study = cache.open_study(key)
    query_id = comparison.query_id_of(study, query)
    return interventions.rescored(study, cache.encode(key, query).mass, parameters, other, query_id)


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
    """Of nDCG@10, query by query."""
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
        cache.open_study(key), latents, where, keep_length, Bm25Parameters(idf=idf), judged,
        _contributed(key, idf, at_most),
    )  # fmt: skip


@st.cache_resource(show_spinner=False, max_entries=8)
def _contributed(key: Key, idf: Idf, at_most: int | None) -> NDArray[np.float64]:
    judged = cached_language.judged(key, at_most)
    return ablation.contributions_of_all(cache.open_study(key), judged, Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=4)
def types(key: Key, modified: int) -> pd.Series:
    """The type of each latent as the study keeps it; `modified`: of types.parquet."""
    from analyses.dictionary import kept_types

    return kept_types(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=8)
def carriers(key: Key, idf: Idf, modified: int) -> Carriers | None:
    """As kept in the study; `modified`: when."""
    return read_carriers(cache.open_study(key), idf)
