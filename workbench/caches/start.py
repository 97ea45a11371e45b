"""Caches of the first page; see `workbench.caches.cache` for what a key is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from analyses.attribution.worked_example import WorkedExample
from analyses.attribution.worked_example import worked_example as worked
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches.cache import Key

N_WEIGHTS = 40  # more than the picture draws


@dataclass(frozen=True)
class Road:
    """One document on its way to a bag of latents: n_tokens, numbers of a state, most latents of a token, latents
    in all and in the document, document length, and its term frequencies, the largest first.
    """

    doc_id: str
    n_tokens: int
    d_model: int
    per_token: int
    n_latents: int
    n_active: int
    length: float
    weights: tuple[float, ...]


@st.cache_resource(show_spinner=False, max_entries=4)
def worked_example(key: Key) -> WorkedExample | None:
    """Why one document is above another, on this study."""
    return worked(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def road(key: Key) -> Road | None:
    """What the example's first document, or else the study's, is made of; None of a study without documents."""
    study, example = cache.open_study(key), worked_example(key)
    if not len(study.corpus):
        return None
    return road_of(study, study.position[example.pair.first] if example else 0)


def road_of(study: Study, document: int) -> Road:
    """The numbers of one document."""
    rows = study.tokens.document(document)
    latents = np.asarray(study.tokens.indices[rows]).astype(np.int64).ravel()
    activations = np.asarray(study.tokens.activations[rows]).astype(np.float64).ravel()
    counts = np.bincount(latents, weights=activations, minlength=1)
    return Road(
        study.corpus.ids[document],
        len(np.asarray(study.tokens.token_ids[rows])),
        int(study.manifest["encoder"]["d_model"]),
        int(study.tokens.indices.shape[1]),
        study.n_latents,
        int((counts > 0).sum()),
        float(study.index.document_length("sqrt")[document]),
        tuple(np.sqrt(np.sort(counts[counts > 0])[::-1][:N_WEIGHTS]).tolist()),
    )
