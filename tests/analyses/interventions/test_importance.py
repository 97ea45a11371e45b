"""What latents carry, against ranking everything again by search and pytrec_eval."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from analyses.comparison.judged_queries import judged_queries
from analyses.dictionary.latent_documents import queries_using
from analyses.interventions.ablation import ablate, contributions_of_all
from analyses.interventions.chance import in_words
from analyses.interventions.importance import (
    Importance,
    importance,
    importance_is_kept,
    write_importance,
)
from analyses.interventions.latent_losses import lost_by_latent
from analyses.interventions.pruning_effect import ndcg_with_all
from analyses.latents.latent_table import write_vocabulary
from analyses.latents.types import write_types
from analyses.statistics.sign_flips import sign_flips
from retrieval.bm25 import Bm25Parameters
from retrieval.evaluate import evaluate
from retrieval.pruning import without_terms
from retrieval.search import search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

PARAMETERS = Bm25Parameters()


def test_what_is_lost_is_what_ranking_again_says(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    lost = lost_by_latent(tiny_study, judged, PARAMETERS)
    np.testing.assert_allclose(lost.ndcg, ndcg_with_all(tiny_study, judged, PARAMETERS), atol=1e-9)
    counts = csc_array(tiny_study.query_counts)
    ids = np.array(judged.ids)
    for latent in np.unique(lost.latent)[::40]:
        mine = lost.latent == latent
        again = queries_using(tiny_study, int(latent), counts).table.set_index("query_id")["lost"]
        np.testing.assert_allclose(
            lost.lost[mine], again.reindex(ids[lost.query[mine]]).to_numpy(), atol=1e-9
        )


def test_kept_tables_say_the_same_and_families_are_searches(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(tiny_study.path, tmp_path / "study")
    own = Study.open(tmp_path / "study")
    write_vocabulary(own)
    write_types(own)
    write_importance(own)
    found = importance(own)
    assert found is not None
    judged = judged_queries(tiny_study)
    lost = lost_by_latent(tiny_study, judged, PARAMETERS)
    total = np.bincount(lost.latent, lost.lost, tiny_study.n_latents) / len(judged)
    np.testing.assert_allclose(found.latents["lost"], total[found.latents["latent"]], atol=1e-12)
    assert (found.latents["lost"].diff().dropna() <= 1e-12).all()
    assert (found.latents["low"] <= found.latents["lost"] + 1e-9).all()
    assert (found.latents["high"] >= found.latents["lost"] - 1e-9).all()
    assert found.latents["contribution"].sum() == pytest.approx(1)
    assert found.ndcg == pytest.approx(lost.ndcg.mean())
    for row in found.families.to_dict("records"):
        family = found.latents[found.latents["type"] == row["family"]]["latent"].to_numpy()
        inside = np.isin(judged.counts.indices, family)
        stay = inside if row["kept"] == "alone" else ~inside
        counts = csr_array(
            (judged.counts.data * stay, judged.counts.indices, judged.counts.indptr), judged.counts.shape
        )
        run = search(tiny_study.weighted(), counts, 10, judged.ids, tiny_study.corpus.ids)
        measured = evaluate(run, {query: tiny_study.qrels[query] for query in judged.ids})["nDCG@10"].mean()
        assert row["ndcg"] == pytest.approx(measured)
        assert row["change"] == pytest.approx(measured - found.ndcg)
    assert set(found.to_dict()) == {"n_queries", "ndcg", "latents", "families", "chance"}
    assert_chance_is_that_of_the_losses(found, csr_array((lost.lost, (lost.query, lost.latent))))
    # a study that was measured before chance was keeps its numbers, and is measured for chance alone
    chance = own.path / "carriers-chance-clipped.parquet"
    before = (own.path / "carriers-latents-clipped.parquet").stat().st_mtime_ns
    chance.unlink()
    old = importance(own)
    assert old is not None
    assert old.chance is None
    assert old.to_dict()["latents"][0]["p_adjusted"] is None
    assert not importance_is_kept(own)
    write_importance(own)
    assert importance_is_kept(own)
    assert (own.path / "carriers-latents-clipped.parquet").stat().st_mtime_ns == before


def assert_chance_is_that_of_the_losses(found: Importance, losses: csr_array) -> None:
    """p_adjusted of each latent, and the counts beyond chance, are those of the losses by query."""
    assert found.chance is not None
    flips = sign_flips(losses[:, found.latents["latent"].to_numpy()])
    np.testing.assert_allclose(found.latents["p_adjusted"], flips.p_adjusted, atol=0.02)
    assert (found.chance.n_helping, found.chance.n_hurting) == (flips.n_positive, flips.n_negative)
    assert found.chance.low <= found.chance.expected <= found.chance.high
    beyond = found.latents[found.latents["beyond_chance"]]
    assert (found.chance.helping_beyond, found.chance.hurting_beyond) == (
        int((beyond["lost"] > 0).sum()),
        int((beyond["lost"] < 0).sum()),
    )
    assert f"{found.chance.helping_beyond} latent" in in_words(found.chance)


@pytest.mark.parametrize("where", ["query", "index"])
def test_ablating_is_ranking_without(tiny_study: Study, where: str) -> None:
    judged = judged_queries(tiny_study)
    latents = np.argsort(-contributions_of_all(tiny_study, judged, PARAMETERS))[:4]
    found = ablate(tiny_study, latents.tolist(), "query" if where == "query" else "index", n_controls=3)
    counts, index = judged.counts, tiny_study.weighted()
    if where == "query":
        kept = ~np.isin(counts.indices, latents)
        counts = csr_array((counts.data * kept, counts.indices, counts.indptr), shape=counts.shape)
    else:
        index = WeightedIndex.of(without_terms(tiny_study.index, latents), PARAMETERS)
    run = search(index, counts, 10, judged.ids, tiny_study.corpus.ids)
    after = evaluate(run, {query: tiny_study.qrels[query] for query in judged.ids})["nDCG@10"]
    assert found.after == pytest.approx(after.mean(), abs=1e-6)
    assert found.change == pytest.approx(found.after - found.before)
    assert found.low <= found.change <= found.high
    assert len(found.controls) in (0, 3)
    assert found.n_using == len(np.unique(judged.counts.tocoo().row[np.isin(judged.counts.indices, latents)]))
    assert ablate(tiny_study, [], n_controls=2).change == 0
