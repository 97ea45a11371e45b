"""SAEs side by side: an SAE recurs in its permutation, agreement is its definition, spreads are numpy's."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from analyses.latents.frequency_bands import band_names, frequency_bands
from analyses.saes._recurrence import RecurrenceThresholds, match_decoders, recurrence
from analyses.saes.sae_comparison import (
    SaeComparison,
    compare_autoencoders,
    compare_studies,
    family,
    headline_measures,
    spread,
    summed_activations,
)
from analyses.statistics.ranking_agreement import (
    agreement,
    kendall_tau,
    mean_agreement,
    overlap,
    rank_biased_overlap,
)
from data.corpus import Collection
from data.encoders import Encoder
from data.errors import UserError
from own_study import rewrite
from retrieval.run import Run
from retrieval.study import Study
from sae.model import SparseAutoencoder, initial_autoencoder

rankings = st.lists(st.integers(0, 11), unique=True, max_size=12)


def permuted(sae: SparseAutoencoder, order: torch.Tensor) -> SparseAutoencoder:
    weights = {name: getattr(sae, name)[order] for name in ("W_enc", "b_enc", "W_dec")}
    return replace(sae, **weights)


@pytest.fixture(scope="module")
def order(tiny_sae: SparseAutoencoder) -> torch.Tensor:
    return torch.randperm(tiny_sae.n_latents, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def comparison(
    tiny_study: Study,
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    order: torch.Tensor,
    tmp_path_factory: pytest.TempPathFactory,
) -> SaeComparison:
    """The tiny study beside one of the same SAE with its latents in another order."""
    from retrieval.pipeline import build_study

    folder = tmp_path_factory.mktemp("permuted") / "study"
    other = build_study(tiny_collection, encoder, permuted(tiny_sae, order), folder)
    return compare_studies([tiny_study, other])


@pytest.mark.slow
def test_every_live_latent_recurs_in_a_permuted_sae(
    comparison: SaeComparison, tiny_study: Study, order: torch.Tensor
) -> None:
    where = np.argsort(order.numpy())
    alive = tiny_study.index.document_frequency > 0
    for by, table in comparison.latents.groupby("by"):
        alike = table["similarity"].to_numpy() > 0.999
        assert alike[alive].all()
        # latents that fire once, in one document, are alike by activation whichever they are
        told_apart = alive & (tiny_study.index.document_frequency > 5) if by == "activation" else alive
        np.testing.assert_array_equal(table["partner"].to_numpy()[told_apart], where[told_apart])
        np.testing.assert_array_equal(
            table["document_frequency"].to_numpy()[alive],
            table["partner_document_frequency"].to_numpy()[alive],
        )
    whole = comparison.recurrence.query("group == 'all'").set_index("by")
    assert whole.loc["decoder", "share"] == 1.0
    assert whole.loc["activation", "n_recur"] == alive.sum()
    assert (whole["chance"] < 0.5).all()


@pytest.mark.slow
def test_groups_are_parts_of_the_whole(comparison: SaeComparison) -> None:
    for _, table in comparison.recurrence.groupby("by"):
        counts = table.groupby("group")[["n_latents", "n_recur"]].sum()
        assert (counts == counts.loc["all"]).all().all()
        assert table["share"].between(table["low"] - 1e-9, table["high"] + 1e-9).all()


@pytest.mark.slow
def test_a_permuted_sae_ranks_alike(comparison: SaeComparison, tiny_study: Study) -> None:
    means = comparison.ranking_means.set_index("measure")
    assert (means["n_queries"] == len(tiny_study.queries)).all()
    assert (means["mean"] > 0.99).all()  # sums in another order may swap ties
    np.testing.assert_allclose(comparison.spread["standard_deviation"], 0, atol=0.01)


@pytest.mark.slow
def test_the_summary_is_json(comparison: SaeComparison) -> None:
    told = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert told["names"] == list(comparison.names)
    assert len(set(comparison.names)) == 2
    assert told["recurrence"][0].keys() == set(comparison.recurrence.columns)
    assert len(told["ranking_means"]) == 3


def test_studies_of_other_collections_are_refused(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(tiny_study.path, tmp_path, dirs_exist_ok=True)
    rewrite(tmp_path, collection={"fingerprint": "another"})
    with pytest.raises(UserError, match="different collections"):
        compare_studies([tiny_study, Study.open(tmp_path)])
    with pytest.raises(UserError, match="two or more"):
        compare_studies([tiny_study])


def test_masses_are_the_index_turned(tiny_study: Study) -> None:
    counts = summed_activations(tiny_study.index)
    documents, summed = tiny_study.index.postings(7)
    np.testing.assert_array_equal(counts[:, [7]].toarray()[documents, 0], summed)
    assert counts.nnz == tiny_study.index.n_postings


def small_sae(n_latents: int = 40, d_model: int = 8, seed: int = 0) -> SparseAutoencoder:
    return initial_autoencoder(d_model, n_latents, 4, np.zeros(d_model, np.float32), seed)


def test_autoencoders_compare_by_their_decoders() -> None:
    sae = small_sae()
    shuffled = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    found = compare_autoencoders([sae, permuted(sae, shuffled), small_sae(30, seed=2)])
    assert found.names == ("SAE (1)", "SAE (2)", "SAE (3)")
    assert found.rankings.empty
    shares = found.recurrence.set_index(["a", "b"])["share"]
    assert shares["SAE (1)", "SAE (2)"] == 1.0
    assert shares["SAE (1)", "SAE (3)"] <= 30 / 40
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(UserError, match="one width"):
        compare_autoencoders([sae, small_sae(d_model=4)])


def test_recurrence_counts_by_the_threshold() -> None:
    table = match_decoders(np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)[[2, 0, 3, 1]])
    table["similarity"] = [1.0, 0.8, 0.6, np.nan]
    table = table.assign(a="x", b="y", chance=[0.75, 0.1, 0.1, np.nan])
    for least, share, chance in ((0.7, 0.5, 0.25), (0.8, 0.5, 0.0), (0.5, 0.75, 0.25)):
        row = recurrence(table, RecurrenceThresholds(decoder=least)).iloc[0]
        assert (row["share"], row["chance"]) == (share, chance)


@pytest.mark.parametrize("n_docs", [1, 2, 9, 20, 200, 5183, 100_000])
def test_every_frequency_has_its_band(n_docs: int) -> None:
    frequencies = np.unique([*np.geomspace(1, n_docs, 40).astype(int), 0, n_docs // 2, n_docs // 2 + 1])
    bands = frequency_bands(frequencies, n_docs)
    names = band_names(n_docs)
    assert bands[0] == names[0] == "0"
    for frequency, band in zip(frequencies[1:], bands[1:], strict=True):
        if band == "over half":
            assert frequency > n_docs / 2
        else:
            low, _, high = band.replace(",", "").partition("–")
            assert int(low) <= frequency <= int(high or low)
            assert frequency <= n_docs / 2
    places = [names.index(band) for band in bands]
    assert places == sorted(places)


@given(one=rankings, other=rankings, persistence=st.floats(0.1, 0.95))
def test_rbo_is_its_definition_with_the_last_agreement_carried_on(
    one: list[int], other: list[int], persistence: float
) -> None:
    k = min(len(one), len(other))
    found = rank_biased_overlap(np.array(one, int), np.array(other, int), persistence)
    if k == 0:
        assert np.isnan(found)
        return
    agreements = [len(set(one[:d]) & set(other[:d])) / d for d in range(1, k + 1)]
    # (1 - p) sum_{d >= 1} p^(d-1) A_d, with A_d = A_k beyond the lists
    agreements += agreements[-1:] * 2000
    expected = (1 - persistence) * sum(persistence**d * value for d, value in enumerate(agreements))
    assert found == pytest.approx(expected, abs=1e-9)
    assert rank_biased_overlap(np.array(one[:k], int), np.array(one[:k], int)) == pytest.approx(1.0)


@given(one=rankings, other=rankings)
def test_overlap_and_tau_are_plain_counts(one: list[int], other: list[int]) -> None:
    s, t = np.array(one, int), np.array(other, int)
    longest = max(len(one[:10]), len(other[:10]))
    if longest:
        assert overlap(s, t) == len(set(one[:10]) & set(other[:10])) / longest
    union = sorted({*one, *other})
    if len(union) > 1:
        places = [[r.index(d) if d in r else len(r) for d in union] for r in (one, other)]
        np.testing.assert_equal(kendall_tau(s, t), float(kendalltau(*places).statistic))


def run(queries: list[str], documents: list[list[int]]) -> Run:
    return Run(queries, list("abcd"), np.array(documents, np.int32), np.zeros((len(queries), 3), np.float32))


def test_agreement_joins_by_query_and_averages() -> None:
    one = run(["q", "r", "s"], [[0, 1, 2], [0, 1, 2], [3, -1, -1]])
    other = run(["s", "q"], [[-1, -1, -1], [0, 1, 2]])
    table = agreement(one, other)
    nan = float("nan")
    expected = [["q", 1.0, 1.0, 1.0], ["s", 0.0, nan, nan]]
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected, columns=table.columns))
    means = mean_agreement(table).set_index("measure").to_dict("index")
    assert means["rbo"] == pytest.approx({"mean": 1, "low": 1, "high": 1, "n_queries": 1})
    assert means["overlap@10"] == pytest.approx({"mean": 0.5, "low": 0, "high": 1, "n_queries": 2})
    with pytest.raises(UserError, match="different collections"):
        agreement(one, Run(["q"], ["z"], np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32)))


def test_spread_is_over_the_measures_that_all_have(tiny_study: Study) -> None:
    table = spread([{"x": 1.0, "y": 2.0}, {"x": 4.0}, {"x": 4.0, "y": 1.0}]).set_index("measure")
    assert table.index.tolist() == ["x"]
    assert table.to_numpy()[0] == pytest.approx([3.0, np.sqrt(3.0), 1.0, 4.0, 3])
    single = spread([headline_measures(tiny_study)])
    assert single["standard_deviation"].isna().all()
    assert {"latent nDCG@10", "dead latents"} <= set(single["measure"])
    assert isinstance(single, pd.DataFrame)


def test_a_family_differs_in_its_seed_alone(tiny_study: Study) -> None:
    def trained(**changes: Any) -> str:
        sae = tiny_study.manifest["sae"]
        training = {**sae["trained_on"]["training"], **changes}
        manifest = {
            **tiny_study.manifest,
            "sae": {**sae, "trained_on": {**sae["trained_on"], "training": training}},
        }
        return family(Study(tiny_study.path, manifest))

    assert family(tiny_study) == trained(seed=99)
    assert family(tiny_study) != trained(n_tokens=1)
    imported = {**tiny_study.manifest, "sae": {**tiny_study.manifest["sae"], "trained_on": {"imported": {}}}}
    assert family(Study(tiny_study.path, imported)) == ""
