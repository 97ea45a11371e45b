"""Repetition is a plain count, and blind chance is a Poisson's."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from analyses.bm25_assumptions.repetition import (
    FEWEST_DOCUMENTS,
    poisson_adaptation,
    repetition,
    repetition_medians,
    study_repetition,
    write_repetition,
)
from analyses.vocabularies.term_counts import TermCounts, counted, term_counts
from retrieval.study import Study


def poisson_text(rates: np.ndarray, lengths: np.ndarray, seed: int) -> TermCounts:
    """Every term falls blindly on each document, by its length."""
    counts = np.random.default_rng(seed).poisson(rates * lengths[:, None])
    document, term = np.nonzero(counts)
    times = counts[document, term]
    return counted(
        "words", np.repeat(term, times), np.repeat(document, times).astype(np.int32),
        [str(i) for i in range(len(rates))], lengths, None,
    )  # fmt: skip


def test_counts_are_a_plain_count(tiny_study: Study) -> None:
    counts = term_counts(tiny_study, "latents")
    table = repetition(counts).set_index("term")
    assert (table["document_frequency"] >= FEWEST_DOCUMENTS).all()
    for term in table.index[::40]:
        column = np.zeros(counts.n_docs)
        rows = slice(counts.indptr[term], counts.indptr[term + 1])
        column[counts.documents[rows]] = counts.counts[rows]
        row = table.loc[term]
        assert row["adaptation"] == pytest.approx((column >= 2).sum() / (column >= 1).sum())
        assert row["burstiness"] == pytest.approx(column.sum() / (column > 0).sum())
        assert row["dispersion"] == pytest.approx(column.var() / column.mean())
        assert row["longest"] == column.max()


def test_chance_is_scipys_poisson() -> None:
    lengths, rates = np.array([10, 10, 30, 200]), np.array([0.001, 0.02, 0.3])
    mean = rates[:, None] * lengths
    wanted = poisson.sf(1, mean).sum(axis=1) / poisson.sf(0, mean).sum(axis=1)
    np.testing.assert_allclose(poisson_adaptation(rates, lengths), wanted)


def test_what_falls_blindly_repeats_itself_by_chance() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.integers(20, 400, 3000)
    table = repetition(poisson_text(generator.uniform(0.0005, 0.01, 60), lengths, 1))
    np.testing.assert_allclose(table["adaptation"], table["chance"], atol=0.05)
    assert (table["adaptation"] - table["chance"]).mean() == pytest.approx(0, abs=0.004)
    assert (
        table["dispersion"].mean() > 1
    )  # lengths differ, so that counts vary by more than a Poisson of one mean


def test_the_middle_of_a_study_is_kept(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(tiny_study.path, tmp_path / "copy")
    study = Study.open(tmp_path / "copy")
    write_repetition(study)
    assert (study.path / "repetition.parquet").is_file()
    pd.testing.assert_frame_equal(repetition_medians(study), repetition_medians(tiny_study))
    assert set(study_repetition(study)["system"]) == {"latents", "words", "wordpieces"}
