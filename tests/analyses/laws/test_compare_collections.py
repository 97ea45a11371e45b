"""The G-test is scipy's, false discoveries come at the nominal rate, and the control is the test on nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import chi2_contingency

from analyses.laws.compare_collections import (
    comparable,
    compare_document_frequencies,
    compare_frequencies,
    dealt_out,
    g_test,
    log2_ratio,
    matched_shares,
    shape,
)
from data.errors import UserError
from retrieval.index import Index
from retrieval.study import Study


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_g_is_scipys(n_a: int, n_b: int, data: st.DataObject) -> None:
    held_a, held_b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))
    g, p_value = g_test(np.array([float(held_a)]), n_a, np.array([float(held_b)]), n_b)
    if held_a + held_b in (0, n_a + n_b):
        assert np.isnan(g[0])
        assert np.isnan(p_value[0])
        return
    table = [[held_a, n_a - held_a], [held_b, n_b - held_b]]
    theirs = chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert g[0] == pytest.approx(theirs.statistic, abs=1e-9)
    # At G = 0 the p-value falls with an infinite slope, so that there the sum's rounding shows in it.
    assert p_value[0] == pytest.approx(theirs.pvalue, abs=1e-9 if theirs.statistic > 1e-3 else 1e-6)


def test_under_the_null_discoveries_come_at_the_nominal_rate() -> None:
    """Where nothing differs every discovery is false: some are made in a part of the tries of 5% at most."""
    generator, some, small = np.random.default_rng(0), [], []
    for _ in range(300):
        share = generator.uniform(0.05, 0.5, 200)
        table = compare_document_frequencies(
            generator.binomial(400, share), 400, generator.binomial(700, share), 700
        )
        some.append((table["q_value"] <= 0.05).any())
        small.append((table["p_value"] <= 0.05).mean())
    assert np.mean(some) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(small) == pytest.approx(0.05, abs=0.006)


def test_where_some_differ_they_are_found_and_few_others() -> None:
    generator, false, found = np.random.default_rng(1), [], []
    for _ in range(60):
        share = generator.uniform(0.1, 0.4, 200)
        other = np.where(np.arange(200) < 40, share * 1.9, share)
        table = compare_document_frequencies(
            generator.binomial(600, share), 600, generator.binomial(600, other), 600
        )
        chosen = np.flatnonzero(table["q_value"] <= 0.1)
        false.append(np.mean(chosen >= 40) if len(chosen) else 0.0)
        found.append(np.mean(table["q_value"][:40] <= 0.1))
    assert np.mean(false) <= 0.1
    assert np.mean(found) > 0.8


def test_the_ratios_interval_holds_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    held_a, held_b = generator.binomial(500, 0.2, 4000), generator.binomial(800, 0.1, 4000)
    ratio, half = log2_ratio(held_a.astype(float), 500, held_b.astype(float), 800)
    assert (np.abs(ratio - 1.0) <= half).mean() == pytest.approx(0.95, abs=0.012)


@given(st.integers(0, 10**6))
def test_dealing_out_keeps_documents_and_their_terms(seed: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = (Index.from_counts(csr_array((generator.random((n, 6)) < 0.5).astype(np.float32))) for n in (5, 8))
    in_a, in_b = dealt_out(a, b, seed)
    np.testing.assert_array_equal(in_a + in_b, a.document_frequency + b.document_frequency)
    assert (in_a <= 5).all()
    assert (in_b <= 8).all()


def test_a_study_beside_itself_has_no_shift(tiny_study: Study) -> None:
    shift = compare_frequencies(tiny_study, tiny_study)
    assert (shift.n_over_a, shift.n_over_b, shift.n_chance, shift.median) == (0, 0, 0, 0.0)
    assert shift.n_tested <= tiny_study.n_latents
    assert shift.table["p_value"].dropna().min() == pytest.approx(1.0)


def test_two_saes_are_paired_by_direction_or_refused(tiny_study: Study) -> None:
    encoder, sae = tiny_study.manifest["encoder"], tiny_study.manifest["sae"]
    other = Study(tiny_study.path, tiny_study.manifest | {"sae": sae | {"fingerprint": "another"}})
    far = Study(tiny_study.path, other.manifest | {"encoder": encoder | {"fingerprint": "another"}})
    assert [comparable(tiny_study, study) for study in (tiny_study, other, far)] == [
        "latents", "directions", "shapes",
    ]  # fmt: skip
    with pytest.raises(UserError, match="two SAEs"):
        compare_frequencies(tiny_study, other)
    pairs = matched_shares(tiny_study, other)
    assert (pairs["latent"] == pairs["partner"]).all()
    assert pairs["similarity"].min() > 0.99


def test_a_shape_falls_from_the_first_rank_to_the_last(tiny_study: Study) -> None:
    table = shape(tiny_study)
    assert (table["share"].diff().dropna() <= 0).all()
    assert table["rank"].iloc[-1] == pytest.approx((tiny_study.index.document_frequency > 0).mean())
