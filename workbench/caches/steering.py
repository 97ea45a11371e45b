"""Cache of the steering page."""

from __future__ import annotations

import streamlit as st

from analyses.comparison import query_rankings
from analyses.interventions import steering
from analyses.interventions.steering import Kind, Steer, Steered
from retrieval.bm25 import Bm25Parameters
from workbench.caches import cache
from workbench.caches.cache import Idf, Key


@st.cache_resource(show_spinner=False, max_entries=64)
def steered(key: Key, query: str, doc_id: str | None, change: Steer, idf: Idf) -> Steered:
    """The query steered, or a document where `doc_id` names one."""
    study = cache.open_study(key)
    encoded = cache.encode(key, query)
    kind: Kind = "query" if doc_id is None else "document"
    text = query if doc_id is None else study.corpus.texts[study.position[doc_id]]
    with cache.encoder_lock():
        return steering.steer(
            study,
            text,
            kind,
            change,
            encoded,
            doc_id,
            Bm25Parameters(idf=idf),
            query_rankings.query_id_of(study, query),
        )
