"""Evidence is nought where relevance looks away, and a curve of a known k1 gives it back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.bm25_assumptions.saturation import _fit_k1, normed_weights, saturation_evidence
from analyses.comparison.judged_queries import Judged, judged_queries
from retrieval.bm25 import LEXICAL, Bm25Parameters
from retrieval.index import Index
from retrieval.study import Study

PLAIN = Bm25Parameters(k1=8, b=0, phi="none")


def world(seed: int, k1: float | None) -> tuple[Index, csr_array, Judged]:
    """600 documents, 300 queries of 5 terms; a relevant document is drawn by its weights, or blindly."""
    generator = np.random.default_rng(seed)
    summed = generator.gamma(1.0, 3.0, (600, 30)) * (generator.random((600, 30)) < 0.3)
    queries = np.zeros((300, 30), np.float32)
    pairs = []
    for query in range(300):
        terms = generator.permutation(30)[:5]
        queries[query, terms] = 1
        weight = summed[:, terms]
        odds = np.exp(4 * (weight / (weight + k1)).sum(axis=1)) if k1 else np.ones(600)
        odds = odds * (weight > 0).any(axis=1)
        pairs.append((query, int(generator.choice(600, p=odds / odds.sum())), 1.0))
    query, document, grade = (np.array(column) for column in zip(*pairs, strict=True))
    counts = csr_array(queries)
    judged = Judged([str(i) for i in range(300)], np.arange(300), counts, query, document, grade, 600)
    return Index.from_counts(csr_array(summed.astype(np.float32))), counts, judged


def test_blind_relevance_leaves_no_evidence() -> None:
    index, queries, judged = world(0, None)
    table = saturation_evidence("latents", index, queries, judged, PLAIN).table
    assert table["relevant"].sum() == pytest.approx(table["expected"].sum())
    held = (table["evidence_low"] <= 0) & (0 <= table["evidence_high"])
    assert held.mean() >= 0.8


def test_evidence_rises_where_relevance_does_and_levels_off_where_it_did() -> None:
    index, queries, judged = world(1, 2.0)
    found = saturation_evidence("latents", index, queries, judged, PLAIN)
    evidence = found.table["evidence"].dropna().to_numpy()
    assert evidence[-1] - evidence[0] > 0.5
    assert found.k1_low <= found.k1_fit <= found.k1_high
    assert found.k1_low <= 2.0 <= found.k1_high


@pytest.mark.parametrize("k1", [0.3, 1.5, 8.0])
def test_a_curve_of_a_known_k1_is_found(k1: float) -> None:
    x = np.geomspace(0.05, 60, 20)
    assert _fit_k1(x, 3 * x / (x + k1) - 1, np.ones(20)) == pytest.approx(k1, rel=0.05)
    assert np.isinf(_fit_k1(x, 2 * x, np.ones(20)))
    assert np.isnan(_fit_k1(x[:2], x[:2], np.ones(2)))


def test_weights_are_normed_and_bins_hold_all_of_them(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    x = normed_weights(tiny_study.index, Bm25Parameters(b=0))
    np.testing.assert_allclose(x, np.sqrt(tiny_study.index.counts), rtol=1e-6)
    words = tiny_study.stems.terms.count([tiny_study.queries.texts[row] for row in judged.rows])
    for system, index, counts, parameters in (
        ("latents", tiny_study.index, judged.counts, Bm25Parameters()),
        ("words", tiny_study.stems.weighted.index, words, LEXICAL),
    ):
        found = saturation_evidence(system, index, counts, judged, parameters)
        assert found.table["postings"].sum() == index.n_postings
        assert found.median_saturation == pytest.approx(found.median_x / (found.median_x + parameters.k1))
        assert 0 <= found.straight <= 1
        assert found.to_dict()["k1"] == parameters.k1
        assert None not in [row["x"] for row in found.to_dict()["bins"]]
