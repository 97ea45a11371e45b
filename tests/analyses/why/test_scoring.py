"""The parts of BM25: exact rankings of each subset, and values that sum to what all of them gain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.statistics.shapley import shapley_values
from analyses.why.factors.cosines import reconstructed_ranking, sparse_cosine
from analyses.why.factors.game import FACTORS, RECALL_DEPTH, indexes, without_root
from analyses.why.scoring import RECONSTRUCTED, scoring, scoring_game, scoring_is_kept, write_scoring
from own_study import as_built, rewrite
from retrieval import bm25
from retrieval.bm25 import LEXICAL, Bm25Parameters
from retrieval.evaluate import evaluate
from retrieval.index import Index
from retrieval.queries import study_queries
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import LEXICAL as LEXICAL_BM25
from retrieval.systems import rank
from retrieval.weighted_index import WeightedIndex

PARAMETERS = Bm25Parameters()
N_DOCS, N_TERMS, N_QUERIES = 60, 40, 12


@pytest.fixture(scope="module")
def counts() -> csr_array:
    rng = np.random.default_rng(1)
    return csr_array(
        (rng.gamma(0.5, 3, (N_DOCS, N_TERMS)) * (rng.random((N_DOCS, N_TERMS)) < 0.3)).astype(np.float32)
    )


@pytest.fixture(scope="module")
def judged() -> Judged:
    rng = np.random.default_rng(2)
    queries = csr_array(
        (rng.gamma(0.5, 3, (N_QUERIES, N_TERMS)) * (rng.random((N_QUERIES, N_TERMS)) < 0.2)).astype(
            np.float32
        )
    )
    query = np.repeat(np.arange(N_QUERIES), 3)
    document = np.concatenate([np.sort(rng.permutation(N_DOCS)[:3]) for _ in range(N_QUERIES)])
    grade = rng.integers(1, 3, len(query)).astype(float)
    ids = [f"q{row}" for row in range(N_QUERIES)]
    return Judged(ids, np.arange(N_QUERIES), queries, query, document, grade, N_DOCS)


def scores_by_the_formula(
    counts: csr_array, queries: csr_array, on: set[str], p: Bm25Parameters
) -> np.ndarray:
    """Scores (n_queries, n_docs) under a subset of the factors, by dense arrays."""
    d, q = counts.toarray().astype(float), queries.toarray().astype(float)
    k1 = p.k1
    if "root" in on:
        d, q = np.sqrt(d), np.sqrt(q)
    else:
        k1 *= d[d > 0].mean() / np.sqrt(d[d > 0]).mean()
    length = d.sum(axis=1, keepdims=True)
    norm = 1 - p.b + p.b * length / length.mean() if "length" in on else np.ones_like(length)
    value = d * (k1 + 1) / (d + k1 * norm) if "saturation" in on else d / norm
    n = (d > 0).sum(axis=0)
    idf = np.maximum(0, np.log((len(d) - n + 0.5) / (n + 0.5))) if "idf" in on else 1.0
    weight = q if "query weights" in on else (q > 0).astype(float)
    return np.asarray((weight * idf) @ value.T)


def test_every_subset_is_the_ranking_of_its_formula(counts: csr_array, judged: Judged) -> None:
    game = scoring_game(Index.from_counts(counts), judged.counts, PARAMETERS, judged)
    assert game.factors == FACTORS
    assert len({game.subset(row) for row in range(32)}) == 32
    for row in range(32):
        scores = scores_by_the_formula(counts, judged.counts, set(game.subset(row)), PARAMETERS)
        ranked = np.argsort(-scores, axis=1, kind="stable")
        ranked[np.take_along_axis(scores, ranked, axis=1) <= 0] = -1
        np.testing.assert_allclose(
            game.ndcg[row], judged.ndcg(ranked), atol=1e-12, err_msg=str(game.subset(row))
        )
        np.testing.assert_allclose(game.recall[row], judged.recall(ranked, RECALL_DEPTH), atol=1e-12)


def test_all_factors_are_the_search_to_the_bit(counts: csr_array, judged: Judged) -> None:
    index = Index.from_counts(counts)
    chosen, full = next(indexes(index, PARAMETERS, FACTORS))
    assert chosen == set(FACTORS) - {"query weights"}
    ids = [str(document) for document in range(N_DOCS)]
    runs = [
        search(one, judged.counts, 10, judged.ids, ids) for one in (full, WeightedIndex.of(index, PARAMETERS))
    ]
    np.testing.assert_array_equal(runs[0].documents, runs[1].documents)
    np.testing.assert_array_equal(runs[0].scores, runs[1].scores)


def test_without_the_root_a_mean_count_is_as_saturated_as_its_root(counts: csr_array) -> None:
    raw = without_root(Index.from_counts(counts), PARAMETERS)
    mean, rooted = counts.data.mean(), np.sqrt(counts.data).mean()
    assert raw.phi == "none"
    assert mean / (mean + raw.k1) == pytest.approx(rooted / (rooted + PARAMETERS.k1), rel=1e-5)


def test_words_have_no_root_and_the_full_set_is_lexical_bm25(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    stems = tiny_study.stems
    game = scoring_game(stems.index, stems.query_counts[judged.rows], LEXICAL, judged)
    assert game.factors == tuple(factor for factor in FACTORS if factor != "root")
    run = search(stems.weighted, stems.query_counts[judged.rows], 1000, judged.ids, tiny_study.corpus.ids)
    expected = evaluate(run, tiny_study.qrels).loc[judged.ids]
    np.testing.assert_allclose(game.ndcg[-1], expected["nDCG@10"], atol=1e-9)
    np.testing.assert_allclose(game.recall[-1], expected["R@100"], atol=1e-9)


def test_sparse_cosine_is_the_cosine(counts: csr_array, judged: Judged) -> None:
    index = Index.from_counts(counts)
    ids = [str(document) for document in range(N_DOCS)]
    for with_idf in (False, True):
        d, q = np.sqrt(counts.toarray()), np.sqrt(judged.counts.toarray())
        if with_idf:
            idf = bm25.clipped_idf(index.document_frequency, N_DOCS)
            d, q = d * idf, q * idf
        cosine = (q @ d.T) / np.linalg.norm(d, axis=1)
        run = search(sparse_cosine(index, PARAMETERS, with_idf), judged.counts, 5, judged.ids, ids)
        np.testing.assert_allclose(run.scores, -np.sort(-cosine, axis=1)[:, :5], rtol=1e-4)


def test_the_reconstruction_is_the_mean_of_decoded_states(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    ranked = reconstructed_ranking(tiny_study, judged, 10)
    tokens, sae = tiny_study.tokens, tiny_study.sae

    def mean(activations: np.ndarray, indices: np.ndarray) -> np.ndarray:
        states = np.einsum("tk,tkd->td", activations, sae.W_dec.numpy()[indices.astype(int)])
        return np.asarray((states + sae.b_dec.numpy()).mean(axis=0))

    rows = [tokens.document(document) for document in range(len(tiny_study.corpus))]
    documents = np.array([mean(tokens.activations[row], tokens.indices[row]) for row in rows])
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    for row in range(0, len(judged), 17):
        encoded = tiny_study.encode(tiny_study.queries.texts[judged.rows[row]])
        cosine = documents @ mean(encoded.activations, encoded.indices)
        np.testing.assert_allclose(cosine[ranked[row]], -np.sort(-cosine)[:10], atol=1e-4)


def test_a_study_keeps_it_and_values_sum_to_what_all_gain(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "study")
    own = Study.open(tmp_path / "study")
    assert scoring(own) is None
    assert not scoring_is_kept(own)
    write_scoring(own)
    assert scoring_is_kept(own)
    found = scoring(own)
    assert found is not None
    for vocabulary, n_factors in (("latents", 5), ("stems", 4)):
        subsets, factors = found.rows(vocabulary, "subset"), found.rows(vocabulary, "factor")
        assert (len(subsets), len(factors)) == (2**n_factors, n_factors)
        gained = subsets["value"].iloc[-1] - subsets["value"].iloc[0]
        assert factors["value"].sum() == pytest.approx(gained)
        np.testing.assert_allclose(shapley_values(subsets["value"].to_numpy()), factors["value"])
        assert (found.table["low"] <= found.table["value"] + 1e-12).all()
        assert subsets["lost"].iloc[-1] == 0
    expected = tiny_study.evaluation["latent"]
    full = found.rows("latents", "subset").iloc[-1]
    assert full["value"] == pytest.approx(expected["nDCG@10"])
    assert full["recall"] == pytest.approx(expected["R@100"])
    cosines = found.rows("latents", "cosine").set_index("name")["value"]
    assert cosines["cosine of the encoder"] == pytest.approx(tiny_study.evaluation["cosine"]["nDCG@10"])
    assert RECONSTRUCTED in cosines
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["subsets"][-1]["factors"] == list(FACTORS)
    assert set(record["shapley"]) == set(FACTORS)
    assert len(found.sentences()) == 2 + len(cosines)


@pytest.mark.slow
def test_an_older_study_that_keeps_no_counts_of_words_in_queries_has_the_same(
    tiny_study: Study, tmp_path: Path
) -> None:
    folder = tmp_path / "older"
    shutil.copytree(as_built(), folder)
    (folder / "vocabularies" / "stems" / "queries.npz").unlink()
    rewrite(folder)
    write_scoring(Study.open(folder))
    kept = scoring(Study.open(folder))
    assert kept is not None
    whole = kept.rows("stems", "subset")["value"].iloc[-1]
    expected = evaluate(rank(tiny_study, study_queries(tiny_study), LEXICAL_BM25.name, 100), tiny_study.qrels)
    assert whole == pytest.approx(expected["nDCG@10"].mean(), abs=1e-12)
