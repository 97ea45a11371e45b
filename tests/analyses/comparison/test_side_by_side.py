"""Two rankings in lockstep: what moved, and what stands in one alone."""

from __future__ import annotations

import pandas as pd

from analyses.comparison.side_by_side import aligned, two_queries, two_rankings
from retrieval.study import Study


def ranking(*doc_ids: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "doc_id": list(doc_ids),
            "rank": range(1, len(doc_ids) + 1),
            "title": [one.upper() for one in doc_ids],
        }
    )


def test_documents_are_joined_by_their_id() -> None:
    table = aligned(ranking("a", "b", "c", "d"), ranking("c", "a", "e"), depth=2).set_index("doc_id")
    assert table.index.tolist() == ["a", "c", "b"]
    assert table["stands"].tolist() == ["both", "right", "left"]
    assert table["moved"].tolist()[:2] == [-1, 2]  # a is lower on the right, c higher
    assert table.loc["b", ["left", "moved"]].isna().tolist() == [False, True]
    assert table["title"].tolist() == ["A", "C", "B"]


def test_a_ranking_beside_itself_moves_nothing(tiny_study: Study) -> None:
    query = str(tiny_study.queries.texts[5])
    table = two_rankings(tiny_study, query, tiny_study, query)
    assert table["doc_id"].tolist() == tiny_study.search(query)["doc_id"].tolist()
    assert (table["moved"] == 0).all()
    assert (table["relevant_left"] == table["relevant_right"]).all()


def test_changed_sides_change_every_sign(tiny_study: Study) -> None:
    one, other = str(tiny_study.queries.texts[5]), str(tiny_study.queries.texts[9])
    here = two_rankings(tiny_study, one, tiny_study, other).set_index("doc_id")
    there = two_rankings(tiny_study, other, tiny_study, one).set_index("doc_id").loc[here.index]
    assert (here["moved"].dropna() == -there["moved"].dropna()).all()
    assert here["left"].equals(there["right"])
    swapped = {"left": "right", "right": "left", "both": "both"}
    assert here["stands"].tolist() == [swapped[one] for one in there["stands"]]


def test_latents_of_two_queries_are_those_of_each(tiny_study: Study) -> None:
    encoded = [tiny_study.encode(str(tiny_study.queries.texts[row])) for row in (5, 9)]
    table = two_queries(tiny_study, *encoded)
    for side, one in zip(("left", "right"), encoded, strict=True):
        own = set(one.counts.indices.tolist())
        assert set(table.loc[table["stands"].isin([side, "both"]), "latent"]) == own
        assert (table.loc[~table["latent"].isin(own), side] == 0).all()
