"""Evaluation against a case computed by hand, against pytrec_eval, and of a run read back from its file."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.evaluate import MEASURES, evaluate, means
from retrieval.run import Run, read_trec, write_trec

QRELS = {"a": {"d0": 2, "d1": 1, "d2": 0}, "b": {"d3": 1}, "c": {"d0": 1}, "none": {"d4": 0}}


def run_of(ranked: dict[str, list[int]], n_docs: int = 30, score: float | None = None) -> Run:
    """A run with results in this order; scores decrease, or all equal `score`."""
    depth = max(map(len, ranked.values()))
    documents = np.full((len(ranked), depth), -1, np.int32)
    for row, results in enumerate(ranked.values()):
        documents[row, : len(results)] = results
    scores = np.arange(depth, 0, -1) if score is None else np.full(depth, score)
    scores = np.where(documents >= 0, scores, 0).astype(np.float32)
    return Run(list(ranked), [f"d{i}" for i in range(n_docs)], documents, scores)


def test_by_hand() -> None:
    table = evaluate(run_of({"b": [9, 3], "a": [2, 1, 0], "unjudged": [0]}), QRELS)
    assert table.index.tolist() == ["a", "b", "c", "none"]
    assert table.columns.tolist() == ["nDCG@10", "R@10", "R@100", "R@1000", "MRR@10"]
    ideal = 2 + 1 / np.log2(3)
    assert table.loc["a", "nDCG@10"] == pytest.approx((1 / np.log2(3) + 2 / 2) / ideal)
    assert table.loc["b"].tolist() == pytest.approx([1 / np.log2(3), 1, 1, 1, 1 / 2])
    assert table.loc["a", "MRR@10"] == 0.5
    assert (table.loc[["c", "none"]] == 0).all(axis=None)
    assert means(table)["R@10"] == pytest.approx(2 / 4)


def test_mrr_looks_at_ten_ranks() -> None:
    run = run_of({"a": [*range(10, 19), 0], "b": [*range(10, 20), 3]})
    assert evaluate(run, QRELS)["MRR@10"].tolist() == pytest.approx([1 / 10, 0, 0, 0])


def test_ties_are_evaluated_in_the_runs_order() -> None:
    """trec_eval would put d9 first, by its name."""
    table = evaluate(run_of({"b": [3, 9]}, score=1.0), QRELS)
    assert table.loc["b", "nDCG@10"] == 1
    assert evaluate(run_of({"b": [9, 3]}, score=1.0), QRELS).loc["b", "MRR@10"] == 0.5


@given(seed=st.integers(0, 2**32 - 1), n_docs=st.integers(1, 60))
def test_equals_pytrec_eval_and_the_file(
    seed: int, n_docs: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    random = np.random.default_rng(seed)
    ranked = {q: random.permutation(n_docs)[: random.integers(0, n_docs + 1)].tolist() for q in "abcd"}
    qrels = {
        q: {f"d{i}": int(random.integers(0, 3)) for i in random.choice(n_docs, 1 + n_docs // 3)}
        for q in "bcdx"
    }
    run = run_of(ranked, n_docs)
    table = evaluate(run, qrels)
    expected = {"ndcg_cut_10": "nDCG@10", "recall_10": "R@10", "recall_100": "R@100", "recall_1000": "R@1000"}
    results = {q: dict(run.results(row)) for row, q in enumerate(run.query_ids)}
    for query, values in pytrec_eval.RelevanceEvaluator(qrels, set(expected)).evaluate(results).items():
        assert {name: table.loc[query, name] for name in expected.values()} == pytest.approx(
            {expected[name]: value for name, value in values.items()}
        )
    path = tmp_path_factory.mktemp("run") / "a.trec"
    write_trec(run, path, "tag")
    assert evaluate(read_trec(path), qrels).equals(table)


def test_measures_and_missing_qrels() -> None:
    assert list(means(evaluate(run_of({"a": [0]}), QRELS))) == list(MEASURES)
    with pytest.raises(UserError, match="no relevance judgements"):
        evaluate(run_of({"a": [0]}), {})
