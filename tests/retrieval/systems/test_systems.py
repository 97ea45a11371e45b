"""The list of systems: every name ranks by its own score or is refused, and fusions follow their formulas."""

from __future__ import annotations

from dataclasses import replace

import numba.core.config
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import study_queries
from retrieval.run import Run
from retrieval.study import Study
from retrieval.systems import (
    COSINE,
    LATENT,
    LATENT_LUCENE_IDF,
    LEXICAL,
    SYSTEMS,
    rank,
    rank_all,
    systems_of,
)
from retrieval.systems.fusion import Method, fuse


@pytest.mark.parametrize("name", ["maxsim", "learned_sparse", "splade", "", "Latent"])
def test_what_cannot_rank_is_refused_by_name(tiny_study: Study, name: str) -> None:
    with pytest.raises(UserError, match=r"expected one of latent, latent_lucene_idf, cosine, bm25"):
        tiny_study.search("sort an array", system=name)
    with pytest.raises(UserError, match=repr(name)):
        rank(tiny_study, study_queries(tiny_study), name, 3)


def test_a_query_is_ranked_as_among_all_queries(tiny_study: Study) -> None:
    """A query gives the same documents under every system, typed or among the study's own."""
    rows = np.array([0, 5, 9])
    whole, some = study_queries(tiny_study), study_queries(tiny_study, rows)
    for one in systems_of(tiny_study):
        expected = rank(tiny_study, whole, one.name, 20)
        observed = rank(tiny_study, some, one.name, 20)
        np.testing.assert_array_equal(observed.documents, expected.documents[rows])
        typed = tiny_study.run(tiny_study.queries.texts[5], one.name, 5)
        shared = len(set(typed.documents[0].tolist()) & set(expected.documents[5, :5].tolist()))
        assert shared >= 4  # a query that is encoded alone rounds differently


def test_parameters_are_the_latent_terms(tiny_study: Study) -> None:
    queries, lucene = study_queries(tiny_study), Bm25Parameters(idf="lucene")
    by = {
        name: rank(tiny_study, study_queries(tiny_study), name, 10, parameters).scores.tolist()
        for name, parameters in (("latent", lucene), ("latent_lucene_idf", None), ("bm25", None))
    }
    assert by["latent"] == by["latent_lucene_idf"]
    assert by["latent"] != rank(tiny_study, queries, LATENT.name, 10).scores.tolist()
    assert by["bm25"] == rank(tiny_study, queries, LEXICAL.name, 10, lucene).scores.tolist()


def test_all_systems_at_once_are_each_alone(tiny_study: Study) -> None:
    runs = rank_all(tiny_study, study_queries(tiny_study), 7)
    assert list(runs) == [one.name for one in SYSTEMS.values() if one.can_rank(tiny_study)]
    assert {LATENT.name, LATENT_LUCENE_IDF.name, COSINE.name, LEXICAL.name, "rrf_latent_cosine"} <= set(runs)
    for name, run in runs.items():
        alone = rank(tiny_study, study_queries(tiny_study), name, 7)
        np.testing.assert_array_equal(run.documents, alone.documents)
        np.testing.assert_array_equal(run.scores, alone.scores)


def scored(scores: np.ndarray) -> Run:
    """The run of all documents by these scores, (n_queries, n_docs), ties in document order."""
    order = np.argsort(-scores, axis=1, kind="stable").astype(np.int32)
    names = [str(d) for d in range(scores.shape[1])]
    return Run(["q"] * len(scores), names, order, np.take_along_axis(scores, order, 1).astype(np.float32))


grids = st.integers(2, 7).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=2, max_size=3)
)


@given(grid=grids, method=st.sampled_from(["rrf", "zscore", "minmax"]))
def test_a_fusion_is_its_formula(grid: list[list[int]], method: Method) -> None:
    systems = np.array(grid, np.float64)
    expected = np.zeros(systems.shape[1])
    for scores in systems:
        if method == "rrf":
            rank_of = np.empty(len(scores))
            rank_of[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
            expected += 1 / (60 + rank_of)
        elif scores.std() > 0:
            low = scores.mean() if method == "zscore" else scores.min()
            expected += (scores - low) / (scores.std() if method == "zscore" else np.ptp(scores))
    run = fuse([scored(scores[None]) for scores in systems], method, len(expected), len(expected))
    np.testing.assert_allclose(run.scores[0], np.sort(expected)[::-1], atol=1e-5)
    np.testing.assert_allclose(expected[run.documents[0]], run.scores[0], atol=1e-5)


def test_what_a_system_did_not_rank_counts_as_its_lowest() -> None:
    first = scored(np.array([[3.0, 2.0, 1.0, 0.5]])).cut(2)
    second = scored(np.array([[0.0, 0.0, 5.0, 4.0]])).cut(2)
    run = fuse([first, second], "minmax", 4, 4)
    assert run.results(0) == [("0", 1.0), ("2", 1.0), ("1", 0.0), ("3", 0.0)]
    assert fuse([first, second], "minmax", 4, 4, weights=[2.0, 1.0]).results(0)[0] == ("0", 2.0)
    nothing = replace(first, documents=np.full((1, 2), -1, np.int32), scores=np.zeros((1, 2), np.float32))
    assert fuse([nothing, nothing], "zscore", 2, 4).results(0) == []


@pytest.mark.slow
def test_reciprocal_ranks_are_those_of_ranx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden reference: ranx's own fusion, without ties; as plain Python, for compiling it takes a minute."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    ranx = pytest.importorskip("ranx", reason="needs the package ranx")
    generator = np.random.default_rng(0)
    runs = [scored(generator.random((20, 30))).cut(12) for _ in range(3)]
    ours = fuse(runs, "rrf", 30, 30)
    theirs = ranx.fuse(
        runs=[
            ranx.Run({str(q): {d: float(s) for d, s in run.results(q)} for q in range(20)}) for run in runs
        ],
        norm=None,
        method="rrf",
    ).to_dict()
    for query in range(20):
        expected = theirs[str(query)]
        observed = dict(ours.results(query))
        assert observed.keys() == expected.keys()
        assert observed == pytest.approx(expected, rel=1e-5)
