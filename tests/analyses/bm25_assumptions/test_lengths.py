"""Lengths are what they say, correlations are scipy's, and shares by length add up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from analyses.bm25_assumptions.lengths import (
    MEASURES,
    document_lengths,
    length_bins,
    length_correlations,
    retrieval_by_length,
)
from analyses.comparison.judged_queries import judged_queries
from retrieval.bm25 import Bm25Parameters
from retrieval.lexical import stems_of
from retrieval.study import Study


def test_lengths_are_counts_of_the_documents(tiny_study: Study) -> None:
    lengths = document_lengths(tiny_study)
    for document in (0, 5, 42):
        terms, summed = tiny_study.index.document_row(document)
        row = lengths.iloc[document]
        assert row["latents"] == len(terms)
        assert row["length"] == pytest.approx(np.sqrt(summed, dtype=np.float64).sum(), rel=1e-5)
        assert row["words"] == len(stems_of(tiny_study.corpus.texts[document]))
        rows = tiny_study.tokens.document(document)
        assert row["tokens"] == rows.stop - rows.start
    assert lengths["norm"].mean() == pytest.approx(1)


def test_correlations_are_scipys(tiny_study: Study) -> None:
    lengths = document_lengths(tiny_study)
    table = length_correlations(lengths, 100).set_index("measure")
    for measure in MEASURES:
        row = table.loc[measure]
        assert row["pearson"] == pytest.approx(pearsonr(lengths["length"], lengths[measure]).statistic)
        assert row["spearman"] == pytest.approx(spearmanr(lengths["length"], lengths[measure]).statistic)
        assert row["pearson_low"] <= row["pearson"] <= row["pearson_high"]
        assert row["n"] == len(lengths)


def test_bins_are_equal_in_number_and_rise() -> None:
    length = np.random.default_rng(0).normal(0, 1, 103)
    bins = length_bins(length)
    counts = np.bincount(bins)
    assert counts.max() - counts.min() <= 1
    for low, high in ((0, 1), (4, 5), (8, 9)):
        assert length[bins == low].max() <= length[bins == high].min()


def test_shares_by_length_add_up_and_are_those_of_the_runs(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    table = retrieval_by_length(tiny_study, 0.7, judged=judged)
    for name in ("relevant", "without", "with_b"):
        assert table[name].sum() == pytest.approx(1)
        assert (table[f"{name}_low"] <= table[name] + 1e-12).all()
        assert (table[name] <= table[f"{name}_high"] + 1e-12).all()
    assert table["n_docs"].sum() == len(tiny_study.corpus)
    assert table["n_relevant"].sum() == len(judged.document)
    run = judged.run(tiny_study.weighted(Bm25Parameters(b=0)), 10).documents
    bins = length_bins(tiny_study.index.document_length("sqrt"))
    found = np.bincount(bins[run[run >= 0]], minlength=10)
    np.testing.assert_allclose(table["without"], found / found.sum())
    mean = (table["rr_with_b"] * table["n_relevant"]).sum() / table["n_relevant"].sum()
    deep = judged.run(tiny_study.weighted(), 1000).documents
    ranks = [np.flatnonzero(deep[q] == d) for q, d in zip(judged.query, judged.document, strict=True)]
    assert mean == pytest.approx(np.mean([1 / (r[0] + 1) if len(r) else 0 for r in ranks]))


def test_at_b_nought_nothing_moves(tiny_study: Study) -> None:
    table = retrieval_by_length(tiny_study, 0.0)
    np.testing.assert_array_equal(table["without"], table["with_b"])
    assert table[["raised", "lowered"]].to_numpy().sum() == 0
    assert (table["norm"] == 1).all()
