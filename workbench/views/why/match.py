"""The section of the page Why on exact, inflected and soft matches."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.why.match import alone_figure, split_figure
from analyses.why.ladder.ladder import ladder
from analyses.why.match import Match
from retrieval.study import Study
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame
from workbench.page.evidence import calls

SHARES = ("exact", "inflected", "soft")
BANDS = {"none": "in no document", "special tokens": "special tokens"}
BAND_COLUMNS = {
    "share_top10": "share of the score",
    "exact": "of it exact",
    "inflected": "inflected",
    "soft": "soft",
    "special": "with special tokens",
}
OVERLAPS = {"none": "none", "some": "some", "all": "all"}
OVERLAP_COLUMNS = {
    "soft": "soft share of the score",
    "found_all": "in the first ten",
    "found_exact": "by exact alone",
    "found_inflected": "by inflected alone",
    "found_soft": "by soft alone",
}


def show(study: Study, answer: Match) -> None:
    """What the answer says, its pictures, and every number."""
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        frame.label("Of which matches scores and nDCG@10 are made")
        frame.show(
            split_figure(answer.table), "why-match-split", answer.table, calls.why(study, "match", "table")
        )
    with right:
        frame.label("nDCG@10 of all documents ranked by some of the matches alone")
        frame.show(alone_figure(answer.table), "why-match-alone")
    st.caption(
        f"{count(answer.n_queries)} judged queries. The split of a score over tokens is a convention: "
        "contributions are divided in proportion to activation on both sides. Diamonds need no convention: a "
        "document's latents are counted only from forms of the query's words, or only from all other words, at the "
        "same document length. Lexical BM25, the null, has exact and inflected matches alone."
    )
    if (nulls := null_table(study, answer)) is not None:
        frame.label("The same of latents that know nothing: shares of the score of the first ten")
        st.html(highlight.table(nulls))
        st.caption(
            "Random directions on the same token states, on input embeddings, and on the states of an encoder with "
            "random weights; measured with the ladder, on 200 of the queries."
        )
    frame.label("By how many documents have the query's word")
    st.html(highlight.table(_rows(answer, "band", "documents with the word", BANDS, BAND_COLUMNS)))
    frame.label("Relevant documents, by how many of the query's words they have")
    st.html(highlight.table(_rows(answer, "overlap", "words in the document", OVERLAPS, OVERLAP_COLUMNS)))


def null_table(study: Study, answer: Match) -> pd.DataFrame | None:
    """Exact, inflected and soft shares of the study's latents and of the ladder's nulls; None without these."""
    made = ladder(study)
    if made is None or "soft_share_top10" not in made.cells:
        return None
    own = {kind: answer.rows("part", kind)["share_top10"] for kind in SHARES}
    rows = [{"latents": "this study's", **{kind: _percent(cell) for kind, cell in own.items()}}]
    for cell in made.cells[made.cells["soft_share_top10"].notna()].to_dict("records"):
        of = {
            kind: {
                name: cell[f"{kind}_share_top10{end}"]
                for name, end in (("value", ""), ("low", "_low"), ("high", "_high"))
            }
            for kind in SHARES
        }
        rows.append(
            {
                "latents": f"{cell['dictionary']} on {cell['states']}",
                **{kind: _percent(one) for kind, one in of.items()},
            }
        )
    return pd.DataFrame(rows)


def _rows(
    answer: Match, about: str, heading: str, names: dict[str, str], columns: dict[str, str]
) -> pd.DataFrame:
    """A table of percentages with their intervals."""
    rows = []
    for name in answer.names(about):
        measures = answer.rows(about, name)
        row = {heading: names.get(name, name)}
        if about == "overlap":
            row["documents"] = f"{measures['found_all']['n']:,}"
        for measure, column in columns.items():
            cell = measures.get(measure)
            row[column] = "–" if cell is None or pd.isna(cell["value"]) else _percent(cell)
        rows.append(row)
    return pd.DataFrame(rows)


def _percent(cell: dict[str, float]) -> str:
    return f"{cell['value']:.0%} ({cell['low']:.0%} to {cell['high']:.0%})"
