"""Search by an engine that the app was started with: its ranking, and whether its scores are the study's own."""

from __future__ import annotations

import os

import pandas as pd
import streamlit as st

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.caches import cache
from workbench.export.engines.serving import EngineRanking, search_engine
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import url_widgets
from workbench.page.serve import ENGINE

STUDY, BY_ENGINE = "study", "engine"
N_NAMED = 3


def is_chosen() -> bool:
    """Whether the engine ranks; asks where the app was started with one."""
    if not (address := os.environ.get(ENGINE, "")):
        return False
    ranks = {STUDY: "This study", BY_ENGINE: address}
    return url_widgets.segmented("by", "Ranked by", ranks, STUDY, label_visibility="collapsed") == BY_ENGINE


def results(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, depth: int, own: pd.DataFrame
) -> pd.DataFrame | None:
    """The engine's ranking in the columns of `own`, the study's; None, and said, where it gives none."""
    try:
        found = ranking(key, query, idf, depth, os.environ[ENGINE])
    except UserError as error:
        st.html(highlight.calm("The engine gives no ranking", str(error)))
        return None
    say_whether_equal(found)
    documents = found.run.documents[0].tolist()
    ids = [study.corpus.ids[document] for document in documents]
    table = own.set_index("doc_id").reindex(ids).rename_axis("doc_id").reset_index()
    return table.assign(
        title=[study.corpus.titles[document] for document in documents],
        latent_rank=pd.array(range(1, len(ids) + 1), dtype="Int64"),
        latent_score=found.run.scores[0],
    )


def say_whether_equal(found: EngineRanking) -> None:
    """Whether the engine's scores are the study's own, which each one is held against."""
    n = len(found.run.documents[0])
    if not found.wrong:
        st.html(
            highlight.note(f"Each of the {count(n)} scores is the study's own." if n else "It finds none.")
        )
        return
    named = "; ".join(
        f"{doc}: {theirs:.4g}, the study's {own:.4g}" for doc, theirs, own in found.wrong[:N_NAMED]
    )
    st.html(
        highlight.note(
            f"{count(len(found.wrong))} of {count(n)} scores are not the study's own ({named}): export again."
        )
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def ranking(key: cache.Key, query: str, idf: cache.Idf, depth: int, address: str) -> EngineRanking:
    return search_engine(
        cache.open_study(key), address, cache.encode(key, query), depth, Bm25Parameters(idf=idf)
    )
