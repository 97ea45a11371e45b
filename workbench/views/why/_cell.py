"""A cell of the ladder on the page: the queries it wins and loses, their breakdowns in both, and its own study."""

from __future__ import annotations

import shlex

import pandas as pd
import streamlit as st

from analyses.why.ladder.ladder import Ladder
from analyses.why.ladder.names import AS_THEY_ARE, TRAINED, can_open, cell_folder
from retrieval.study import Study
from workbench.caches.cache import Idf
from workbench.making.part import Size
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, links, selection
from workbench.page.work import offer as job_offer

N_QUERIES = 200  # shown of a cell, those first that differ most


def show(study: Study, answer: Ladder, states: str, dictionary: str, idf: Idf) -> None:
    """The queries that a cell wins and loses against the trained SAE, and what is to be done with them."""
    both = beside_the_sae(study, answer, states, dictionary, idf)
    if not len(both):
        st.html(highlight.note(f'The ladder has no cell "{states} | {dictionary}": choose a dot.'))
        return
    won, lost = int((both["difference"] > 0).sum()), int((both["difference"] < 0).sum())
    frame.label(
        f"{dictionary} on {states} against the trained SAE: {count(won)} queries won, {count(lost)} lost, "
        f"{count(len(both) - won - lost)} equal; choose one for its score breakdown in both"
    )
    shown = both.head(N_QUERIES)
    event = st.dataframe(
        shown[["query", "nDCG@10", "nDCG@10, trained SAE", "difference"]].round(3),
        hide_index=True,
        height=300,
        key=f"queries {states} {dictionary} {idf}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"query": st.column_config.TextColumn(width="large")},
    )
    query = str(shown["query"].iloc[event.selection.rows[0]]) if event.selection.rows else None
    show_study(study, states, dictionary, query)


def beside_the_sae(study: Study, answer: Ladder, states: str, dictionary: str, idf: Idf) -> pd.DataFrame:
    """query, nDCG@10 of the cell and of the trained SAE, and their difference, the largest first."""
    table = answer.per_query
    measure = "nDCG@10_lucene" if idf == "lucene" and "nDCG@10_lucene" in table else "nDCG@10"
    own = table[(table["states"] == AS_THEY_ARE) & (table["dictionary"] == TRAINED)]
    cell = table[(table["states"] == states) & (table["dictionary"] == dictionary)]
    both = cell[["query_id", measure]].merge(own[["query_id", measure]], on="query_id", suffixes=("", "_sae"))
    both = both.rename(columns={measure: "nDCG@10", f"{measure}_sae": "nDCG@10, trained SAE"})
    both["difference"] = both["nDCG@10"] - both["nDCG@10, trained SAE"]
    both["query"] = both["query_id"].map(dict(zip(study.queries.ids, study.queries.texts, strict=True)))
    order = (-both["difference"].abs()).argsort(kind="stable")
    return both.iloc[order].reset_index(drop=True)


def show_study(study: Study, states: str, dictionary: str, query: str | None) -> None:
    """Links to the score breakdown of a query by the trained SAE and by the cell, whose study may be to make."""
    chosen = (
        []
        if query is None
        else [("Its score breakdown by the trained SAE", frame.address("search", q=query))]
    )
    if not can_open(states, dictionary):
        st.html(highlight.link_list(chosen))
        return
    name = name_of_cell(study, states, dictionary)
    if name is not None:
        here = selection.current().get("idf")
        title = "Its score breakdown by this cell" if query else "This cell as a study of its own"
        page = ("search", {"q": query}) if query else ("latents", {})
        chosen.append((title, links.href(page[0], study=name, idf=here, **page[1])))
        st.html(highlight.link_list(chosen))
        return
    st.html(highlight.link_list(chosen))
    offer(study, states, dictionary)


def name_of_cell(study: Study, states: str, dictionary: str) -> str | None:
    """The app's name of the study that `why --open` makes of a cell; None where the app has none."""
    folder = cell_folder(study, states, dictionary).resolve()
    known = (name for name, path in frame.studies().items() if path.resolve() == folder)
    return next(known, None)


def offer(study: Study, states: str, dictionary: str) -> None:
    """The job that makes a cell a study of its own, and how to see one that the app was not started with."""
    folder = cell_folder(study, states, dictionary)
    if (folder / "study.json").is_file():
        command = f"workbench app {shlex.quote(str(study.path))} {shlex.quote(str(folder))}"
        st.html(
            highlight.note(f"This cell is a study of its own, which this app was not started with: {command}")
        )
        return
    size = Size.of(study)
    job_offer.offer(
        ["why", str(study.path.resolve()), "--open", dictionary, "--states", states],
        f"{dictionary} on {states}, of {study.name}",
        "Open this cell",
        "The latents of this cell, and its own score breakdown of every query, are in a study of its own.",
        seconds=2 * size.reading(size.n_docs) + 10,
        writes=study.path,
        key=f"open {states} {dictionary}",
    )
