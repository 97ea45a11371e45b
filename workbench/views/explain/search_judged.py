"""Below the results: where each document that is judged relevant for the query stands, in each system shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.comparison.query_rankings import query_id_of
from retrieval.study import Study
from retrieval.systems import LATENT
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.results import result_html
from workbench.page import frame

N_SHOWN, POOL = 10, 1000


def show(
    key: cache.Key,
    study: Study,
    query: str,
    idf: cache.Idf,
    others: Mapping[str, str],
    chosen: str,
    depth: int,
) -> None:
    """The judged documents, the latents' best place first; nothing for a query that nobody judged.

    others: the systems beside the latents, name -> heading. depth: how many results stand above.
    """
    query_id = query_id_of(study, query)
    if query_id is None or not any(grade > 0 for grade in study.qrels.get(query_id, {}).values()):
        return
    places = cached_ranking.judged_places(key, query, query_id, idf)
    if places.empty:
        st.html(highlight.note("The documents judged relevant for this query are not in this collection."))
        return
    frame.label(sentence(places, depth))
    rows = [row_of(row, query, others, chosen) for row in places.to_dict("records")]
    head = result_html.result_columns("Judged relevant", list(others.values()))
    body = result_html.folded_list(rows, N_SHOWN, "judged relevant")
    st.html(f'<div class="lt-judged-list">{head}{body}</div>')
    ranked = [LATENT.name, *others]
    if bool(places[[f"{system}_rank" for system in ranked]].isna().to_numpy().any()):
        st.html(highlight.note(f"–: not among the first {count(POOL)} of that system."))


def sentence(places: pd.DataFrame, depth: int) -> str:
    """How many of the judged documents are among the results above."""
    above = int((places[f"{LATENT.name}_rank"] <= depth).fillna(False).sum())
    if len(places) == 1:
        return f"The document judged relevant for this query is {'' if above else 'not '}among these {depth}"
    of = f"{count(above)} of the {count(len(places))} documents judged relevant for this query"
    return f"{of} are among these {depth}"


def row_of(row: Mapping[Any, Any], query: str, others: Mapping[str, str], chosen: str) -> str:
    """One judged document as a row, which leads to its breakdown."""
    doc_id, title, grade = str(row["doc_id"]), str(row["title"]), int(str(row["grade"]))
    names = [LATENT.name, *others]
    ranks = {
        name: None if pd.isna(rank) else int(str(rank)) for name in names for rank in [row[f"{name}_rank"]]
    }
    score = row[f"{LATENT.name}_score"]
    return result_html.judged_row(
        title,
        doc_id,
        frame.address("search", q=query, doc=doc_id),
        "–" if pd.isna(score) else f"{score:.2f}",
        ranks,
        highlight.grade_mark(grade, True) if grade > 1 else "",
        doc_id == chosen,
    )
