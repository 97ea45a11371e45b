"""Pruning is indexing again without the pruned, or scoring without them; what it did is told query by query."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import judged_queries
from analyses.interventions.pruning_effect import (
    PARTS,
    SHARES,
    WHERES,
    Pruning,
    pruned_latents,
    pruning_curve,
    pruning_effect,
    weighted_without,
    write_pruning_curve,
)
from analyses.latents.frequency_bands import BANDS, band_table, bands_of
from own_study import as_built
from retrieval.bm25 import PHIS, Bm25Parameters
from retrieval.evaluate import evaluate
from retrieval.index import Index
from retrieval.pruning import without_terms
from retrieval.search import scores_of_all, search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), phi=st.sampled_from(PHIS), idf=st.sampled_from(["clipped", "lucene"]))
def test_scores_are_those_of_an_index_made_again_without_them(seed: int, phi: str, idf: str) -> None:
    generator = np.random.default_rng(seed)
    summed = generator.gamma(1.0, 2.0, (12, 9)) * (generator.random((12, 9)) < 0.4)
    index = Index.from_counts(csr_array(summed.astype(np.float32)))
    gone = np.flatnonzero(generator.random(9) < 0.4)
    parameters = Bm25Parameters(phi=phi, idf=idf)  # type: ignore[arg-type]
    query = csr_array(generator.gamma(1.0, 1.0, (1, 9)).astype(np.float32))
    kept = csr_array(query.toarray() * ~np.isin(np.arange(9), gone))
    rebuilt = WeightedIndex.of(without_terms(index, gone), parameters)
    np.testing.assert_allclose(
        scores_of_all(weighted_without(index, gone, parameters), query), scores_of_all(rebuilt, kept), rtol=2e-5
    )  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("where", WHERES)
def test_the_effect_is_the_difference_of_two_evaluations(tiny_study: Study, part: str, where: str) -> None:
    judged, gone = judged_queries(tiny_study), pruned_latents(tiny_study.index, part, 0.2)  # type: ignore[arg-type]
    effect = pruning_effect(tiny_study, Pruning(part, 0.2, where), judged)  # type: ignore[arg-type]
    if where == "index":
        weighted, queries = (
            WeightedIndex.of(without_terms(tiny_study.index, gone), Bm25Parameters()),
            judged.counts,
        )
    else:
        weighted = tiny_study.weighted()
        queries = csr_array(judged.counts.toarray() * ~np.isin(np.arange(tiny_study.n_latents), gone))
    run = search(weighted, queries, 10, list(judged.ids), tiny_study.corpus.ids)
    assert effect.after == pytest.approx(evaluate(run, tiny_study.qrels)["nDCG@10"].mean(), abs=2e-3)
    assert effect.before == pytest.approx(tiny_study.evaluation["latent"]["nDCG@10"], abs=1e-9)
    assert effect.change == pytest.approx(effect.after - effect.before)
    assert effect.low <= effect.change <= effect.high
    assert effect.n_latents == len(gone)


def test_nothing_pruned_changes_nothing(tiny_study: Study) -> None:
    effect = pruning_effect(tiny_study, Pruning("head", 0.0, "index"))
    assert (effect.n_latents, effect.change, effect.low, effect.high, effect.postings) == (0, 0, 0, 0, 0)


def test_latents_in_over_half_of_the_documents_add_nothing_under_the_clip(tiny_study: Study) -> None:
    """Their idf is 0, so that scoring without them is scoring."""
    frequency = tiny_study.index.document_frequency
    share = (2 * frequency > tiny_study.index.n_docs).sum() / (frequency > 0).sum()
    assert share > 0
    assert pruning_effect(tiny_study, Pruning("head", float(share), "scoring")).change == 0


def test_where_not_as_many_postings_are_left_there_is_no_control(tiny_study: Study) -> None:
    assert np.isnan(pruning_effect(tiny_study, Pruning("head", 0.9, "scoring")).control)
    assert not np.isnan(pruning_effect(tiny_study, Pruning("tail", 0.3, "scoring")).control)


def test_the_curve_is_kept_and_read(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "copy")
    study = Study.open(tmp_path / "copy")
    assert pruning_curve(study) is None
    made = write_pruning_curve(study, n_queries=20)
    kept = pruning_curve(study)
    assert kept is not None
    assert kept.equals(made)
    assert len(made) == len(PARTS) * len(WHERES) * len(SHARES)
    assert (made["n_queries"] == 20).all()
    assert pruning_curve(study, "lucene") is None


def test_bands_part_the_vocabulary(tiny_study: Study) -> None:
    table = band_table(tiny_study)
    assert table["n_latents"].sum() == tiny_study.n_latents
    for column in ("latents", "postings", "length", "queries"):
        assert table[column].sum() == pytest.approx(1)
    assert list(table["band"]) == [band for band in BANDS if band in set(table["band"])]
    assert bands_of(np.array([0, 1, 5, 10, 100, 500, 501, 1000]), 1000).tolist() == [
        "in none", "in one document", "in less than 1%", "in 1% to 10%", "in 10% to half", "in 10% to half",
        "in over half", "in every document",
    ]  # fmt: skip
