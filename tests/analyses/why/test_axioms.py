"""Axioms computed by hand on tiny documents, and orders that are known to agree with them or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.why.axioms import RANDOM, axiom_agreement, axioms_are_kept, read_axioms, write_axioms
from analyses.why.reading.axiom_rules import AXIOMS, Pool, mean_distance
from analyses.why.reading.pools import PoolMaker
from retrieval.lexical import stems_of
from retrieval.queries import study_queries
from retrieval.study import Study
from retrieval.systems import LEXICAL

NAN = float("nan")


def pool_of(
    counts: list[list[float]],
    lengths: list[float] | None = None,
    idf: list[float] | None = None,
    scores: list[list[float]] | None = None,
    distances: list[float] | None = None,
    similarities: list[float] | None = None,
) -> Pool:
    n, width = len(counts), len(counts[0])
    return Pool(
        np.array(counts, float),
        np.array(lengths or [100.0] * n),
        np.array(idf or [2.0] * width),
        np.array(scores or counts, float),
        np.array(distances or [NAN] * n),
        np.array(similarities or [0.0] * n),
    )


def test_term_frequency_prefers_more_occurrences_in_documents_of_one_length() -> None:
    pool = pool_of([[3, 0], [2, 0], [3, 2]], lengths=[100, 105, 300])
    assert AXIOMS["TFC1"].prefer(pool).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]


def test_different_words_are_preferred_where_both_are_as_rare() -> None:
    counts = [[1, 1], [2, 0], [0, 3]]
    assert AXIOMS["TFC3"].prefer(pool_of(counts)).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]
    assert not AXIOMS["TFC3"].prefer(pool_of(counts, idf=[2.0, 3.0])).any()


def test_length_prefers_the_shorter_of_equal_counts() -> None:
    pool = pool_of([[2, 1], [2, 1], [3, 1]], lengths=[100, 80, 10])
    assert AXIOMS["LNC1"].prefer(pool).tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 0]]


def test_lower_bound_prefers_a_word_present_where_the_rest_is_equal() -> None:
    counts, scores = [[2, 1], [2, 0], [9, 0]], [[1.0, 0.4], [1.05, 0.0], [2.0, 0.0]]
    assert AXIOMS["LB1"].prefer(pool_of(counts, scores=scores)).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]


def test_proximity_prefers_words_together_where_the_same_words_are_held() -> None:
    pool = pool_of([[1, 1, 0], [1, 1, 0], [1, 1, 1]], distances=[2.0, 9.0, 1.0])
    assert AXIOMS["PROX1"].prefer(pool).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]


def test_similarity_prefers_close_words_where_the_same_words_are_held() -> None:
    pool = pool_of([[1, 0], [2, 0], [0, 1]], similarities=[0.2, 0.1, 0.9])
    assert AXIOMS["STMC1"].prefer(pool).tolist() == [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]


@given(st.integers(0, 10_000))
def test_a_preference_is_turned_round_with_its_pair_and_follows_a_permutation(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n = 6
    order = generator.permutation(n)
    arrays = (
        generator.integers(0, 3, (n, 3)).astype(float),
        generator.integers(90, 120, n).astype(float),
        np.array([2.0, 2.1, 4.0]),
        generator.random((n, 3)),
        np.where(generator.random(n) < 0.3, NAN, generator.random(n)),
        generator.random(n),
    )
    pool = Pool(*arrays)
    moved = Pool(*(array if i == 2 else array[order] for i, array in enumerate(arrays)))
    for axiom in AXIOMS.values():
        preferred = axiom.prefer(pool)
        assert (preferred == -preferred.T).all()
        assert (axiom.prefer(moved) == preferred[np.ix_(order, order)]).all()


def test_mean_distance_is_over_all_occurrences_of_two_words() -> None:
    assert mean_distance(["a", "x", "b", "a"], ["a", "b"]) == pytest.approx((2 + 1) / 2)
    assert np.isnan(mean_distance(["a", "a"], ["a", "b"]))


def test_a_pool_of_a_study_has_the_counts_and_scores_of_lexical_bm25(tiny_study: Study) -> None:
    query = tiny_study.queries.texts[0]
    run = LEXICAL.rank(tiny_study, study_queries(tiny_study, np.array([0])), 5)
    documents = run.documents[0].astype(np.int64)
    pool = PoolMaker.of(tiny_study).pool(query, documents)
    assert pool.scores.sum(axis=1) == pytest.approx(run.scores[0], rel=1e-4)
    for row, document in enumerate(documents.tolist()):
        words = stems_of(tiny_study.corpus.texts[document])
        assert pool.lengths[row] == len(words)
        assert pool.counts[row].sum() == sum(word in set(stems_of(query)) for word in words)
    assert (pool.similarities >= 0).all()


def test_lexical_bm25_follows_the_axioms_that_describe_it_and_a_random_order_none(
    tiny_study: Study, tmp_path: Path
) -> None:
    shutil.copytree(tiny_study.path, tmp_path / "tiny")
    study = Study.open(tmp_path / "tiny")
    write_axioms(study)
    answer = read_axioms(study)
    assert axioms_are_kept(study)
    assert answer is not None
    rows = answer.summary.set_index(["axiom", "system"])
    assert rows.loc[("LNC1", LEXICAL.name), "share"] > 0.9
    assert rows.loc[("TFC1", LEXICAL.name), "low"] > 0.5
    random = rows.xs(RANDOM, level="system")
    enough = random[random["pairs"] >= 100]
    assert len(enough)
    assert (np.abs(enough["share"] - 0.5) < 0.2).all()
    assert set(json.loads(json.dumps(answer.to_dict()))) == set(AXIOMS)
    assert len(answer.sentences()) == len(AXIOMS)


def test_the_same_seed_gives_the_same_agreement(tiny_study: Study) -> None:
    first, second = (axiom_agreement(tiny_study, n_queries=5, seed=3).by_query for _ in range(2))
    assert first.equals(second)
    assert first["query_id"].nunique() == 5


def test_pairs_of_a_systems_own_first_ten_are_some_of_the_pool(tiny_study: Study) -> None:
    table = axiom_agreement(tiny_study, n_queries=20).by_query
    assert (table["pairs"] <= table["pooled_pairs"]).all()
    assert (table["agree"] <= table["pooled_agree"]).all()
    assert (table["agree"] <= table["pairs"]).all()
    assert 0 < table["pairs"].sum() < table["pooled_pairs"].sum()
