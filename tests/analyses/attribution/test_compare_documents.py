"""Two documents under one query: the difference ledger, and sets proven by searching again."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyses.attribution.compare_documents import Pair, compare, leave_top, without
from data.errors import UserError
from retrieval.bm25 import IDFS, PHIS, Bm25Parameters
from retrieval.columns import rank_of
from retrieval.queries import EncodedText
from retrieval.study import Study

PARAMETERS = st.builds(
    Bm25Parameters,
    k1=st.floats(0, 20),
    b=st.floats(0, 1),
    phi=st.sampled_from(PHIS),
    idf=st.sampled_from(IDFS),
)
SIDES = ["weight", "contribution"]


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> EncodedText:
    return tiny_study.encode(tiny_study.queries.texts[3])


@pytest.fixture(scope="module")
def pair(tiny_study: Study, query: EncodedText) -> Pair:
    first, second = tiny_study.search(query)["doc_id"].iloc[[1, 4]]
    return compare(tiny_study, query, first, second)


@given(parameters=PARAMETERS, documents=st.lists(st.integers(0, 150), min_size=2, max_size=2, unique=True))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_differences_sum_to_the_scores_difference_and_turn_their_sign(
    tiny_study: Study, query: EncodedText, parameters: Bm25Parameters, documents: list[int]
) -> None:
    first, second = (tiny_study.corpus.ids[document] for document in documents)
    there = compare(tiny_study, query, first, second, parameters)
    back = compare(tiny_study, query, second, first, parameters)
    largest = max(*there.scores, 1.0)
    assert abs(there.residual) < 1e-5 * largest
    assert there.breakdown["difference"].sum() == pytest.approx(
        there.scores[0] - there.scores[1], abs=1e-5 * largest
    )
    turned = back.breakdown.set_index("latent").loc[there.breakdown["latent"]].reset_index()
    np.testing.assert_array_equal(turned["difference"], -there.breakdown["difference"])
    for side in SIDES:
        np.testing.assert_array_equal(turned[f"{side}_first"], there.breakdown[f"{side}_second"])
    assert there.ranks == back.ranks[::-1]
    assert (there.swap and there.swap.latents) == (back.swap and back.swap.latents)


def test_ranks_are_those_of_search(tiny_study: Study, query: EncodedText, pair: Pair) -> None:
    found = tiny_study.search(query, 200)
    ranks = dict(zip(found["doc_id"], found["rank"], strict=True))
    assert pair.ranks == (ranks[pair.first], ranks[pair.second])
    assert pair.first_leads


def test_without_the_set_a_search_turns_the_pair_and_with_any_smaller_it_does_not(
    tiny_study: Study, query: EncodedText, pair: Pair
) -> None:
    def ranks(latents: tuple[int, ...]) -> dict[str, int]:
        cut = without(query.counts, np.flatnonzero(np.isin(query.counts.indices, latents)))
        found = tiny_study.search(replace(query, counts=cut), len(tiny_study.corpus))
        return dict(zip(found["doc_id"], found["rank"], strict=True))

    assert pair.swap is not None
    assert pair.swap.turned
    assert pair.swap.proven
    after = ranks(pair.swap.latents)
    assert after[pair.second] < after[pair.first]
    assert pair.swap.ranks == (after[pair.first], after[pair.second])
    size = len(pair.swap.latents) - 1
    strongest = pair.breakdown["latent"].head(10).tolist()
    for latents in list(combinations(strongest, size))[:200]:
        after = ranks(latents)
        assert after[pair.first] < after[pair.second]


def test_a_document_leaves_the_top(tiny_study: Study, query: EncodedText) -> None:
    results = tiny_study.search(query, 5)
    for doc_id in results["doc_id"]:
        found = leave_top(tiny_study, query, doc_id, 5)
        assert found.turned
        assert 1 <= found.at_least <= len(found.latents)
        cut = without(query.counts, np.flatnonzero(np.isin(query.counts.indices, found.latents)))
        assert doc_id not in set(tiny_study.search(replace(query, counts=cut), 5)["doc_id"])
    with pytest.raises(UserError, match="choose one among the first 2"):
        leave_top(tiny_study, query, results["doc_id"].iloc[4], 2)


def test_random_sets_are_the_same_for_one_seed_and_rarer_than_the_smallest(
    tiny_study: Study, query: EncodedText, pair: Pair
) -> None:
    again = compare(tiny_study, query, pair.first, pair.second)
    assert again.control == pair.control
    assert pair.control is not None
    assert pair.control.turned < pair.control.n_draws
    low, high = pair.control.interval
    assert low <= pair.control.turned / pair.control.n_draws <= high


def test_rank_breaks_ties_by_document_and_drops_the_unfound() -> None:
    scores = np.array([2.0, 3.0, 2.0, 0.0], np.float32)
    assert [rank_of(scores, document) for document in range(4)] == [2, 1, 3, None]


def test_as_json(pair: Pair) -> None:
    read = json.loads(json.dumps(pair.to_dict()))
    assert set(read["latents"][0]) >= {"latent", "difference"}
    assert sum(row["difference"] for row in read["latents"]) == pytest.approx(
        read["documents"][0]["score"] - read["documents"][1]["score"], rel=1e-4
    )
    assert set(read["smallest_set"]) <= {row["latent"] for row in read["latents"]}


def test_bad_documents_are_one_sentence(tiny_study: Study, query: EncodedText, pair: Pair) -> None:
    with pytest.raises(UserError, match="given twice"):
        compare(tiny_study, query, pair.first, pair.first)
    with pytest.raises(UserError, match='no document "nowhere"'):
        compare(tiny_study, query, pair.first, "nowhere")


def test_the_ledger_falls_by_size(pair: Pair) -> None:
    sizes = pair.breakdown["difference"].abs()
    assert sizes.is_monotonic_decreasing
    pd.testing.assert_series_equal(
        pair.breakdown["difference"],
        pair.breakdown["contribution_first"] - pair.breakdown["contribution_second"],
        check_names=False,
    )
