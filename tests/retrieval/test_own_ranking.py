"""A study of a multi-vector encoder stores the ranking by MaxSim and evaluates it beside the latent terms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import colbert_folder
from analyses.attribution.cosine_breakdown import explain_cosine
from analyses.attribution.score_breakdown import explain
from analyses.comparison.evaluation_table import evaluation_table
from analyses.comparison.systems import systems
from data.activations import write_store
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from retrieval.evaluate import evaluate, means
from retrieval.pipeline import build_study
from retrieval.run import Run, read_trec
from retrieval.study import Study
from retrieval.systems import COSINE, MAXSIM, SYSTEMS, own_system
from retrieval.systems.kept_runs import add_run
from sae.control_dictionaries import drawn_directions
from sae.model import SparseAutoencoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = colbert_folder.pylate_folder(tmp_path_factory.mktemp("encoder") / "colbert")
    return made


@pytest.fixture(scope="module")
def collection(tiny_collection: Collection) -> Collection:
    """Forty documents and their queries."""
    corpus = Corpus(*(list(column[:40]) for column in vars(tiny_collection.corpus).values()))
    query_ids = [query for query, grades in tiny_collection.qrels.items() if set(grades) <= set(corpus.ids)]
    texts = dict(zip(tiny_collection.queries.ids, tiny_collection.queries.texts, strict=True))
    queries = Queries(query_ids, [texts[query] for query in query_ids])
    return Collection("forty", corpus, queries, {query: tiny_collection.qrels[query] for query in query_ids})


def reading(folder: Path, **changes: object) -> Encoder:
    return Encoder.load(EncoderConfig(str(folder), max_length=40, device="cpu", **changes))  # type: ignore[arg-type]


def sae_for(encoder: Encoder, collection: Collection) -> SparseAutoencoder:
    states = encoder.encode(list(collection.corpus.texts)).states.values
    return replace(drawn_directions(64, 4, states, 0), trained_on={"encoder": encoder.describe()})


@pytest.fixture(scope="module")
def study(folder: Path, collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Study:
    encoder = reading(folder)
    out = tmp_path_factory.mktemp("studies") / "colbert"
    return build_study(collection, encoder, sae_for(encoder, collection), out)


def kept(study: Study) -> Run:
    return read_trec(study.path / "runs" / "maxsim.trec")


def test_the_kept_ranking_is_sentence_transformers_own(study: Study, folder: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
    model = sentence_transformers.MultiVectorEncoder(str(folder), device="cpu")
    scores = model.similarity(
        model.encode_query(list(study.queries.texts)), model.encode_document(list(study.corpus.texts))
    ).numpy()
    run = kept(study)
    assert list(run.query_ids) == list(study.queries.ids)
    for row in range(len(run)):
        observed = dict(run.results(row))
        assert len(observed) == len(study.corpus)
        ours = [observed[identifier] for identifier in study.corpus.ids]
        np.testing.assert_allclose(ours, scores[row], atol=5e-3)


def test_own_score_is_evaluated_and_wins_are_told_against_it(study: Study, tiny_study: Study) -> None:
    assert (own_system(study), own_system(tiny_study)) == (MAXSIM, COSINE)
    assert list(study.evaluation)[:5] == ["latent", "latent_lucene_idf", "maxsim", "cosine", "bm25"]
    assert study.evaluation["maxsim"] == pytest.approx(means(evaluate(kept(study), study.qrels)))
    assert "maxsim" not in tiny_study.evaluation
    table = evaluation_table(study).set_index(["system", "measure"])
    assert table.loc[("maxsim", "nDCG@10"), ["wins", "losses"]].tolist() == [0, 0]
    of = study.per_query.pivot(index="query_id", columns="system", values="nDCG@10")
    assert table.loc[("latent", "nDCG@10"), "wins"] == int((of["latent"] - of["maxsim"] > 1e-9).sum())
    assert "maxsim" in systems(study).names
    with pytest.raises(UserError, match="maxsim is the study's own system"):
        add_run(study, study.path / "runs" / "maxsim.trec", "maxsim", SYSTEMS)


def test_states_from_a_store_or_of_another_layer_give_the_same_ranking(
    study: Study, folder: Path, collection: Collection, tmp_path: Path
) -> None:
    encoder, expected = reading(folder), kept(study)
    store = write_store(tmp_path / "store", encoder, collection.corpus.texts, {"name": "forty"})
    others = {
        "stored": (encoder, store),
        "words of layer 1": (reading(folder, layer=1, special_tokens=False), None),
        "projected": (reading(folder, layer="projected"), None),
    }
    for name, (other, states) in others.items():
        sae = sae_for(other, collection)
        made = build_study(collection, other, sae, tmp_path / "studies" / name, store=states)
        for row in range(len(expected)):
            ours, theirs = dict(kept(made).results(row)), dict(expected.results(row))
            assert ours == pytest.approx(theirs, abs=5e-3)


def test_search_and_explanations_work_as_of_any_encoder(study: Study) -> None:
    query = study.queries.texts[0]
    encoded = study.encode(query)
    assert len(encoded.token_ids) == 16  # the length to which the model pads queries
    assert (encoded.spans[encoded.token_ids == encoded.token_ids[-1]] == 0).all()
    assert encoded.counts.sum() == pytest.approx(float(encoded.activations.sum()), rel=1e-5)
    observed = study.search(encoded)
    explanation = explain(study, encoded, observed["doc_id"][0])
    assert explanation.breakdown["contribution"].sum() == pytest.approx(observed["score"][0], rel=1e-4)
    with pytest.raises(UserError, match="multi-vector: its own score is MaxSim"):
        explain_cosine(study, query, observed["doc_id"][0])
