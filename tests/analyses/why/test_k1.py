"""k1 in units of the mean weight: exact rankings, a unit without a scale, and no claim beyond its interval."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from analyses.why.k1 import UNITS, K1Curve, k1_curve, k1_is_kept, mean_weight, vocabulary_curve, write_k1
from retrieval.bm25 import IDFS, Bm25Parameters
from retrieval.evaluate import evaluate
from retrieval.index import Index
from retrieval.queries import study_queries
from retrieval.study import Study
from retrieval.systems import LATENT, LATENT_LUCENE_IDF, LEXICAL, rank

OWN = Bm25Parameters()
N_DOCS, N_TERMS, N_QUERIES = 60, 40, 12


def drawn(seed: int, rows: int, share: float) -> csr_array:
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, 3, (rows, N_TERMS)) * (rng.random((rows, N_TERMS)) < share)
    return csr_array(values.astype(np.float32))


@pytest.fixture(scope="module")
def judged() -> Judged:
    rng = np.random.default_rng(2)
    query = np.repeat(np.arange(N_QUERIES), 3)
    document = np.concatenate([np.sort(rng.permutation(N_DOCS)[:3]) for _ in range(N_QUERIES)])
    grade = rng.integers(1, 3, len(query)).astype(float)
    ids = [f"q{row}" for row in range(N_QUERIES)]
    return Judged(ids, np.arange(N_QUERIES), drawn(3, N_QUERIES, 0.2), query, document, grade, N_DOCS)


def test_every_setting_is_the_ranking_of_its_formula(judged: Judged) -> None:
    counts = drawn(1, N_DOCS, 0.3)
    table = vocabulary_curve(Index.from_counts(counts), judged.counts, OWN, IDFS, judged)
    assert len(table) == 2 * (len(UNITS) + 1)
    w, q = np.sqrt(counts.toarray().astype(float)), np.sqrt(judged.counts.toarray().astype(float))
    length, n = w.sum(axis=1, keepdims=True), (w > 0).sum(axis=0)
    norm = 1 - OWN.b + OWN.b * length / length.mean()
    odds = (N_DOCS - n + 0.5) / (n + 0.5)
    idfs = {"clipped": np.maximum(0, np.log(odds)), "lucene": np.log1p(odds)}
    for row in table.to_dict("records"):
        scores = (q * idfs[row["idf"]]) @ (w * (row["k1"] + 1) / (w + row["k1"] * norm)).T
        ranked = np.argsort(-scores, axis=1, kind="stable")
        ranked[np.take_along_axis(scores, ranked, axis=1) <= 0] = -1
        assert row["value"] == pytest.approx(judged.ndcg(ranked).mean(), abs=1e-12)
        assert row["k1"] == pytest.approx(row["units"] * w[w > 0].mean(), rel=1e-6)


def test_a_unit_has_no_scale(judged: Judged) -> None:
    """Nine times the counts are three times the weights: k1 in units of the mean weight ranks as before."""
    counts = drawn(1, N_DOCS, 0.3)
    plain, scaled = Index.from_counts(counts), Index.from_counts(csr_array(counts * np.float32(9)))
    assert mean_weight(scaled, OWN) == pytest.approx(3 * mean_weight(plain, OWN), rel=1e-6)
    curves = [
        vocabulary_curve(index, judged.counts, OWN, IDFS, judged).set_index(["idf", "units"])["value"]
        for index in (plain, scaled)
    ]
    for idf in IDFS:
        for units in UNITS:
            assert _at(curves[0], idf, units) == pytest.approx(_at(curves[1], idf, units), abs=1e-12)
    assert curves[0].to_list() != curves[1].to_list()  # one k1 is another setting there


def _at(curve, idf: str, units: float) -> float:  # type: ignore[no-untyped-def]
    rows = curve[idf]
    return float(rows.iloc[int(np.abs(rows.index.to_numpy() - units).argmin())])


@pytest.mark.slow
def test_a_study_keeps_it_and_its_own_settings_are_its_systems(tiny_study: Study, tmp_path: Path) -> None:
    study = Study.open(shutil.copytree(tiny_study.path, tmp_path / "tiny"))
    assert k1_curve(study) is None
    write_k1(study)
    assert k1_is_kept(study)
    kept = k1_curve(study)
    assert isinstance(kept, K1Curve)
    queries = study_queries(study)
    for vocabulary, idf, system in (
        ("latents", "clipped", LATENT),
        ("latents", "lucene", LATENT_LUCENE_IDF),
        ("stems", "lucene", LEXICAL),
    ):
        own = 1.5 if vocabulary == "stems" else 8.0
        rows = kept.rows(vocabulary)
        (row,) = rows[(rows["idf"] == idf) & (rows["k1"] == own)].to_dict("records")
        found = evaluate(rank(study, queries, system.name, 100), study.qrels)["nDCG@10"].mean()
        assert row["value"] == pytest.approx(found, abs=1e-12)
        assert row["is_own"] == (idf == "clipped" or vocabulary == "stems")
    told = json.loads(json.dumps(kept.to_dict()))
    assert set(told["mean_weight"]) == {"latents", "stems"}
    assert {"vocabulary", "idf", "k1", "units", "nDCG@10", "lost", "p_holm"} <= set(told["curve"][0])


def test_a_best_setting_is_an_upper_bound_and_claims_no_more_than_its_interval(judged: Judged) -> None:
    index = Index.from_counts(drawn(1, N_DOCS, 0.3))
    table = vocabulary_curve(index, judged.counts, OWN, IDFS, judged).assign(vocabulary="latents")
    (said,) = K1Curve(table, N_QUERIES).sentences()
    best = table.loc[table["value"].idxmax()]
    own = table[table["is_own"]]["value"].iloc[0]
    if best["value"] == own:
        assert "No other setting has more" in said
    else:
        assert "an upper bound" in said
        assert ("do not show" in said) == (
            best["p_holm"] >= 0.05 or best["lost_low"] <= 0 <= best["lost_high"]
        )
