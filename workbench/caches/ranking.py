"""Caches of the pages on why a document ranks where it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from analyses.attribution import (
    compare_documents,
    cosine_breakdown,
    score_breakdown,
    token_credit,
    word_breakdown,
)
from analyses.attribution import faithfulness as faithful
from analyses.attribution import worked_example as example
from analyses.comparison import query_rankings
from analyses.text.contexts import Highlight
from analyses.why import token_pairs
from analyses.why.matches import grid
from retrieval.bm25 import Bm25Parameters
from workbench.caches import cache
from workbench.caches.cache import Idf, Key


@dataclass(frozen=True)
class Trust:
    """How faithful credits are: their agreement, and their curves beside random orders."""

    agreement: pd.DataFrame
    faithfulness: faithful.Faithfulness


@st.cache_resource(show_spinner=False, max_entries=128)
def marks_of(key: Key, query: str, doc_ids: tuple[str, ...], idf: Idf) -> dict[str, list[Highlight]]:
    """Proportional credit of each token of several documents, as marks on their texts; one pass."""
    explained = score_breakdown.explain_several(
        cache.open_study(key), cache.encode(key, query), doc_ids, Bm25Parameters(idf=idf)
    )
    return {
        doc_id: marks(spans[:, 0], spans[:, 1], credit)
        for doc_id, spans, credit in zip(explained.doc_ids, explained.spans, explained.credits, strict=True)
    }


@st.cache_resource(show_spinner=False, max_entries=256)
def credits(
    key: Key, query: str, doc_id: str, idf: Idf, method: token_credit.Method, side: token_credit.Side
) -> token_credit.Credits:
    study, encoded, parameters = cache.open_study(key), cache.encode(key, query), Bm25Parameters(idf=idf)
    if method != "occlusion":
        return token_credit.credits(study, encoded, doc_id, method, side, parameters)
    with cache.encoder_lock():
        return token_credit.credits(study, encoded, doc_id, method, side, parameters)


@st.cache_resource(show_spinner=False, max_entries=64)
def trust(key: Key, query: str, doc_id: str, idf: Idf, methods: tuple[token_credit.Method, ...]) -> Trust:
    """Agreement and faithfulness of several methods' credits of the document's text."""
    text = token_credit.rescored(
        cache.open_study(key), cache.encode(key, query), doc_id, "document", Bm25Parameters(idf=idf)
    )
    compared_credits = [credits(key, query, doc_id, idf, method, "document") for method in methods]
    return Trust(faithful.agreement(compared_credits), faithful.faithfulness(text, compared_credits))


@st.cache_resource(show_spinner=False, max_entries=128)
def judged_places(key: Key, query: str, query_id: str, idf: Idf) -> pd.DataFrame:
    """Where each system ranks the documents that are judged relevant for one of the collection's queries."""
    study, parameters = cache.open_study(key), Bm25Parameters(idf=idf)
    return query_rankings.judged_places(study, cache.encode(key, query), query_id, parameters)


@st.cache_resource(show_spinner=False, max_entries=128)
def cosine(key: Key, query: str, doc_id: str) -> cosine_breakdown.CosineExplanation:
    encoded = cache.encode(key, query)
    with cache.encoder_lock():
        return cosine_breakdown.explain_cosine(cache.open_study(key), encoded, doc_id)


@st.cache_resource(show_spinner=False, max_entries=128)
def beside_bm25(key: Key, query: str, doc_id: str, idf: Idf) -> pd.DataFrame:
    return cosine_breakdown.beside_bm25(
        cosine(key, query, doc_id), cache.explanation(key, query, doc_id, idf)
    )


@st.cache_resource(show_spinner=False, max_entries=128)
def words(key: Key, query: str, doc_id: str) -> word_breakdown.LexicalExplanation:
    return word_breakdown.explain_words(cache.open_study(key), query, doc_id)


@st.cache_resource(show_spinner=False, max_entries=64)
def latent_pairs(key: Key, query: str, doc_id: str, idf: Idf) -> token_pairs.TokenPairs:
    study, encoded = cache.open_study(key), cache.encode(key, query)
    return token_pairs.token_pairs(study, encoded, doc_id, "latent", Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=64)
def pair_grid(key: Key, query: str, doc_id: str, idf: Idf, beside: token_pairs.PairSystem) -> grid.Grid:
    """Latent terms and another system over the same words."""
    study, encoded = cache.open_study(key), cache.encode(key, query)
    of_latents = latent_pairs(key, query, doc_id, idf)
    if beside == "words":
        return grid.pair_grid([of_latents, token_pairs.token_pairs(study, encoded, doc_id, beside)])
    with cache.encoder_lock():
        return grid.pair_grid([of_latents, token_pairs.token_pairs(study, encoded, doc_id, beside)])


@st.cache_resource(show_spinner=False, max_entries=128)
def compared(key: Key, query: str, first: str, second: str, idf: Idf) -> compare_documents.Pair:
    return compare_documents.compare(
        cache.open_study(key), cache.encode(key, query), first, second, Bm25Parameters(idf=idf)
    )


@st.cache_resource(show_spinner=False, max_entries=128)
def leaving_the_top(key: Key, query: str, doc_id: str, k: int, idf: Idf) -> compare_documents.SmallestSet:
    return compare_documents.leave_top(
        cache.open_study(key), cache.encode(key, query), doc_id, k, Bm25Parameters(idf=idf)
    )


@st.cache_resource(show_spinner=False, max_entries=128)
def difference_marks(
    key: Key, query: str, first: str, second: str, idf: Idf
) -> tuple[list[Highlight], list[Highlight]]:
    """The score difference of two documents, on the words of each."""
    both = compare_documents.difference_on_tokens(
        cache.open_study(key), compared(key, query, first, second, idf)
    )
    first_marks, second_marks = (marks(table["start"], table["end"], table["credit"]) for table in both)
    return first_marks, second_marks


def marks(starts: Any, ends: Any, values: Any) -> list[Highlight]:
    """Marks on a text, of equally long columns; tokens without a span or a value have none."""
    rows = zip(starts.tolist(), ends.tolist(), values.tolist(), strict=True)
    return [Highlight(start, end, value) for start, end, value in rows if end > start and value == value]


@st.cache_resource(show_spinner=False, max_entries=4)
def worked_example(key: Key) -> example.WorkedExample | None:
    """Why one document is above another, on this study."""
    return example.worked_example(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def road(key: Key) -> example.Road | None:
    """What the example's first document, or else the study's, is made of; None of a study without documents."""
    study, worked = cache.open_study(key), worked_example(key)
    if not len(study.corpus):
        return None
    return example.road_of(study, study.position[worked.pair.first] if worked else 0)
