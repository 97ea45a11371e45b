"""Side by side: what differs between two studies, two queries, or two dictionaries of one word?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.style.names import cut
from analyses.figures.style.paths import paths_figure
from analyses.statistics.ranking_agreement import overlap, rank_biased_overlap
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.results import side_html
from workbench.page import frame, links, selection, url_widgets
from workbench.page.evidence import further_calls
from workbench.page.shell import finders
from workbench.views.compare import side_words
from workbench.views.explain import search

LOOKS = {"ranking": "A query's ranking", "word": "A word's latents"}
DEPTH, LONGEST, NAMES, SHORT, N_EXAMPLES, N_CHIPS = 10, 34, 26, 12, 6, 12
METHOD = """
**Left** is the study and the query of the line above; **right** is another study, another query, or both.
Each side is ranked by its own latents, under the same idf. A document is the same where its id is: beside each
stands its place on the other side, and by how many places it is higher or lower there.

For a **word**, each side is the latents that fire on the word. Studies of one SAE share their latents. Latents
of two SAEs of one encoder are a pair where each is the other's nearest, by a cosine of their directions of 0.7 or
more.
"""


@dataclass(frozen=True)
class Side:
    """A study and a query. name: what is said over it. where: the study's name in addresses."""

    key: cache.Key
    study: Study
    where: str
    query: str
    name: str = ""


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Side by side", "What differs between two studies, two queries, or two dictionaries?", METHOD
    )
    look = url_widgets.segmented("look", "What to compare", LOOKS, "ranking", label_visibility="collapsed")
    others = frame.other_studies(study)
    if look == "word":
        side_words.show(key, study, others)
        return
    query, idf = search.controls()
    first, second = st.columns([1, 2], gap="medium")
    name = side_words.choose_study(study, others, first)
    typed = url_widgets.text("q2", "Right: query", second, placeholder=query or "The query of the line above")
    if not query:
        st.html(highlight.calm("Ask something", "Then set another query, or another study, beside it."))
        search.show_examples(study, "side-by-side")
        return
    here = selection.current().get("study", study.name)
    other = others.get(name)
    left = Side(key, study, here, query)
    right = (
        Side(other.key, other.study, name, typed or query)
        if other
        else Side(key, study, here, typed or query)
    )
    if (left.study is right.study) and left.query == right.query:
        offer(study, others, query)
        return
    with st.spinner(search.READING):
        table = cached_systems.two_rankings(left.key, left.query, right.key, right.query, idf, DEPTH)
    show(*named(left, right), table, idf)


def offer(study: Study, others: Mapping[str, Any], query: str) -> None:
    """What could stand on the right."""
    st.html(highlight.calm("Both sides are the same", "Set another query or another study on the right."))
    rows = [
        (f"This query in {name}", frame.address("side-by-side", q=query, against=name))
        for name in list(others)[:N_EXAMPLES]
    ]
    texts = [text for text in finders.queries(study, "", N_EXAMPLES) if text != query]
    rows += [(text, frame.address("side-by-side", q=query, q2=text)) for text in texts]
    if rows:
        frame.label("For example")
        st.html(highlight.link_list(rows))


def named(left: Side, right: Side) -> tuple[Side, Side]:
    """Both sides with names that say what differs: the study, the query, or both."""

    def name(side: Side) -> str:
        parts = [side.where] if left.where != right.where else []
        parts += [cut(side.query, LONGEST)] if left.query != right.query else []
        return ": ".join(parts)

    return tuple(Side(one.key, one.study, one.where, one.query, name(one)) for one in (left, right))  # type: ignore[return-value]


def show(left: Side, right: Side, table: pd.DataFrame, idf: cache.Idf) -> None:
    """How alike the two are, the picture, the lists in lockstep, and the latents of two queries."""
    if table.empty:
        st.html(highlight.calm("No results", "Neither side finds a document: ask in other words."))
        return
    if left.study is not right.study and not same_documents(left.study, right.study):
        st.html(
            highlight.note(
                "The two studies hold different collections: a document counts as the same where its id is."
            )
        )
    st.html(highlight.figures(headline(table)))
    frame.label("Places on the left and on the right; relevant documents are green diamonds")
    ranking = table.rename(columns={"left": "before", "right": "after"}).assign(
        relevant=table["relevant_left"] | table["relevant_right"]
    )

    def address(doc_id: str) -> str:
        side = left if doc_id in left.study.position else right
        return to_document(side, doc_id)

    longest = SHORT if frame.is_narrow() else NAMES
    chart = paths_figure(
        ranking,
        DEPTH,
        address,
        longest,
        (cut(left.name, longest), cut(right.name, longest)),
        origins=("{} on the left", "not on the left"),
        narrow=frame.is_narrow(),
    )
    call = further_calls.two_rankings(left.study, left.query, right.study, right.query, idf, DEPTH)
    frame.show(chart, "side by side", table, call)
    frame.label("Place beside place: where each document stands on the other side")
    st.html(
        side_html.lockstep(
            (left.name, right.name), cells(left, table, "left", "right"), cells(right, table, "right", "left")
        )
    )
    if left.study is right.study:
        show_latents(left, right, idf)


def same_documents(study: Study, other: Study) -> bool:
    fingerprints = (one.manifest["collection"]["fingerprint"] for one in (study, other))
    return len(set(fingerprints)) == 1


def headline(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """What both have among their first ten, and how far the others are."""
    both = table[table["stands"] == "both"]
    first, second = (
        table[table[side].le(DEPTH).fillna(False)].sort_values(side).index.to_numpy()
        for side in ("left", "right")
    )
    moved = int((both["moved"] != 0).sum())
    numbers = [
        (count(len(both)), "document" if len(both) == 1 else "documents", f"among the first {DEPTH} of both"),
        (count(moved), "of them", "at another place"),
    ]
    if len(first) and len(second):
        rbo = f"RBO {rank_biased_overlap(first, second):.2f}"
        numbers.append((percent(overlap(first, second)), rbo, "overlap@10"))
    return numbers


def cells(side: Side, table: pd.DataFrame, here: str, there: str) -> list[str]:
    """The first documents of one side, in its order."""
    rows = table[table[here].le(DEPTH).fillna(False)].sort_values(here)
    return [
        side_html.cell(
            int(row[here]),
            row["title"] or row["doc_id"],
            to_document(side, row["doc_id"]),
            side_html.moved(int(row[here]), None if pd.isna(row[there]) else int(row[there]), there, DEPTH),
            highlight.grade_mark(1, True) if row[f"relevant_{here}"] else "",
        )
        for row in rows.to_dict("records")
    ]


def to_document(side: Side, doc_id: str) -> str:
    """The breakdown of a document's score on its side."""
    idf = selection.current().get("idf")
    return links.href("search", study=side.where, idf=idf, q=side.query, doc=doc_id)


def show_latents(left: Side, right: Side, idf: cache.Idf) -> None:
    """The latents that two queries share, and those of one alone."""
    table = cached_systems.two_queries(left.key, left.query, right.query, idf)
    names = cache.labels(left.key)
    largest = float(table[["left", "right"]].to_numpy().max()) if len(table) else 1.0
    heads = {"both": "Latents of both queries", "left": "Only on the left", "right": "Only on the right"}
    for stands, head in heads.items():
        rows = table[table["stands"] == stands]
        frame.label(f"{head}: {count(len(rows))}, by query term frequency × idf")
        items = [
            highlight.chip(
                names[row["latent"]],
                row["latent"],
                frame.address("latent", latent=row["latent"]),
                max(row["left"], row["right"]) / (largest or 1.0),
                f"left {row['left']:.2f}, right {row['right']:.2f}",
            )
            for row in rows.to_dict("records")
        ]
        st.html(highlight.chips(items, N_CHIPS) if items else highlight.note("None."))
