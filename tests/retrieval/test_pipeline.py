"""Laws of the study: the content of its files, resuming, and equality with a second pass over the texts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.activations import write_store
from data.corpus import Collection
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from retrieval import blocks
from retrieval.bm25 import Bm25Parameters
from retrieval.evaluation import evaluate_systems
from retrieval.pipeline import build_study
from retrieval.study import Study
from retrieval.systems import SYSTEMS
from sae.model import SparseAutoencoder

ARRAYS = ("tokens", "contexts", "vocabularies/latents/index", "vocabularies/stems/index")


def contents(study: Study) -> dict[str, np.ndarray]:
    """Every array of a study folder, by its path."""
    return {
        str(path.relative_to(study.path)): np.load(path, allow_pickle=False)
        for path in sorted(study.path.rglob("*.npy"))
    }


def test_counts_are_the_pooled_activations_of_each_document(tiny_study: Study) -> None:
    tokens = tiny_study.tokens
    for document in (0, 7, len(tiny_study.corpus) - 1):
        rows = tokens.document(document)
        pooled = np.bincount(
            tokens.indices[rows].ravel(), tokens.activations[rows].ravel(), minlength=tiny_study.n_latents
        )
        latents, counts = tiny_study.index.document_row(document)
        np.testing.assert_array_equal(latents, np.flatnonzero(pooled))
        np.testing.assert_allclose(counts, pooled[latents], rtol=1e-5)


def test_contexts_are_the_tokens_by_latent_strongest_first(tiny_study: Study) -> None:
    tokens, contexts = tiny_study.tokens, tiny_study.contexts
    assert int(contexts.ptr[-1]) == int((np.asarray(tokens.activations) > 0).sum())
    for latent in np.flatnonzero(np.diff(contexts.ptr))[:50]:
        token, value = contexts.latent(latent)
        assert (np.diff(value) <= 0).all()
        here = np.asarray(tokens.indices[token]) == latent
        np.testing.assert_array_equal(np.where(here, tokens.activations[token], 0).max(axis=1), value)


def test_a_document_can_be_computed_again_from_its_text(tiny_study: Study) -> None:
    document = 5
    encoded = tiny_study.encode(tiny_study.corpus.texts[document], "document")
    latents, counts = tiny_study.index.document_row(document)
    again = encoded.counts.toarray()[0]
    # Another batch rounds differently, which may swap latents at the edge of the top k, of small activation.
    assert np.abs(again[latents] - counts).sum() < 0.02 * counts.sum()
    np.testing.assert_allclose(encoded.vector[0], tiny_study.vectors[document], atol=1e-4)


def test_queries_that_were_kept_rank_as_queries_that_are_typed(tiny_study: Study) -> None:
    kept = tiny_study.query_counts
    for row in (0, 3):
        typed = tiny_study.encode(tiny_study.queries.texts[row])
        np.testing.assert_allclose(typed.counts.sum(), kept[[row]].sum(), rtol=1e-2)
        results = tiny_study.search(tiny_study.queries.texts[row], 5)
        assert list(results["rank"]) == [1, 2, 3, 4, 5]
        assert results["score"].is_monotonic_decreasing


@pytest.mark.parametrize("system", ["latent", "cosine", "bm25"])
def test_a_document_finds_itself(tiny_study: Study, system: str) -> None:
    text = tiny_study.corpus.texts[11]
    assert tiny_study.search(text, 1, system)["doc_id"].tolist() == [tiny_study.corpus.ids[11]]  # type: ignore[arg-type]


def test_evaluation_is_that_of_the_runs(tiny_study: Study) -> None:
    evaluation = evaluate_systems(tiny_study)
    assert list(evaluation.means) == [one.name for one in SYSTEMS.values() if one.can_rank(tiny_study)]
    assert json.loads((tiny_study.path / "evaluation.json").read_text()) == evaluation.means
    means = evaluation.per_query.groupby("system")["nDCG@10"].mean()
    for system, measures in evaluation.means.items():
        assert means[system] == pytest.approx(measures["nDCG@10"])
        assert 0.5 < measures["R@1000"] <= 1  # known items: chance would be 10 in 200


def test_a_build_interrupted_at_any_block_ends_the_same(
    tiny_study: Study,
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "DOCUMENTS_PER_SHARD", 64)
    whole = build_study(tiny_collection, encoder, tiny_sae, tmp_path / "whole")

    def interrupt(stage: str, done: int, total: int) -> None:
        if done == 128:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_study(tiny_collection, encoder, tiny_sae, tmp_path / "cut", progress=interrupt)
    assert not (tmp_path / "cut").exists()
    calls: list[int] = []
    encode = encoder.encode
    monkeypatch.setattr(
        encoder, "encode", lambda texts, *rest: calls.append(len(texts)) or encode(texts, *rest)
    )
    resumed = build_study(tiny_collection, encoder, tiny_sae, tmp_path / "cut")
    assert sum(calls) == len(tiny_collection.corpus) - 128 + len(tiny_collection.queries)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]
    expected, got = contents(whole), contents(resumed)
    assert list(expected) == list(got)
    for name, array in expected.items():
        np.testing.assert_array_equal(array, got[name], err_msg=name)


def test_kept_activations_give_the_same_study(
    tiny_study: Study,
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path: Path,
) -> None:
    store = write_store(tmp_path / "store", encoder, tiny_collection.corpus.texts, {"name": "tiny"})
    study = build_study(tiny_collection, encoder, tiny_sae, tmp_path / "study", store=store)
    for name, array in contents(tiny_study).items():
        np.testing.assert_array_equal(array, np.load(study.path / name, allow_pickle=False), err_msg=name)


def test_the_same_study_is_kept_and_another_is_refused(
    tiny_study: Study,
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(tiny_study.path, folder)
    before = (folder / "study.json").stat().st_mtime_ns
    build_study(tiny_collection, encoder, tiny_sae, folder)
    assert (folder / "study.json").stat().st_mtime_ns == before
    with pytest.raises(UserError, match="holds another study"):
        build_study(tiny_collection, encoder, tiny_sae, folder, pooling="max")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "precious.txt").write_text("keep me")
    with pytest.raises(UserError, match="is not a study"):
        build_study(tiny_collection, encoder, tiny_sae, tmp_path / "notes")
    assert (tmp_path / "notes" / "precious.txt").read_text() == "keep me"


def test_states_that_the_sae_was_not_trained_on_are_refused(
    tiny_collection: Collection, encoder: Encoder, tiny_sae: SparseAutoencoder, tmp_path: Path
) -> None:
    other = Encoder.load(EncoderConfig(max_length=64, layer=3, device="cpu"))
    with pytest.raises(UserError, match="trained with layer None, got 3"):
        build_study(tiny_collection, other, tiny_sae, tmp_path / "study")
    with pytest.raises(UserError, match="does not say which encoder"):
        build_study(tiny_collection, encoder, replace(tiny_sae, trained_on={}), tmp_path / "study")
    foreign = {"encoder": {**tiny_sae.trained_on["encoder"], "fingerprint": "0" * 16}}
    with pytest.raises(UserError, match="trained on minilm with weights 0000"):
        build_study(tiny_collection, encoder, replace(tiny_sae, trained_on=foreign), tmp_path / "study")


def test_parameters_are_applied_to_the_same_postings(tiny_study: Study) -> None:
    query = tiny_study.encode(tiny_study.queries.texts[0])
    paper = tiny_study.search(query, 20)
    assert paper.equals(tiny_study.search(query, 20, parameters=Bm25Parameters()))
    lucene = tiny_study.search(query, 20, parameters=Bm25Parameters(idf="lucene"))
    assert (lucene["score"].to_numpy() > paper["score"].to_numpy()).all()


def test_a_study_opens_without_torch(tiny_study: Study) -> None:
    program = (
        "import sys; from retrieval.study import Study; study = Study.open(sys.argv[1]); "
        "study.index, study.tokens, study.contexts, study.corpus.texts[0], study.evaluation; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(tiny_study.path)], check=True)


def test_what_is_no_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a study"):
        Study.open(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        Study.open(tmp_path)
    (tmp_path / "study.json").write_text('{"format": 0}')
    with pytest.raises(UserError, match="format 0"):
        Study.open(tmp_path)


def test_a_threshold_sae_makes_a_study_of_the_same_laws(
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a threshold, a token's number of latents varies, so blocks of documents differ in width."""
    monkeypatch.setattr(blocks, "DOCUMENTS_PER_SHARD", 64)
    states = encoder.encode(tiny_collection.corpus.texts[:20]).states.values
    threshold = tiny_sae.pre_activations(states).quantile(0.99, dim=0)
    sae = replace(tiny_sae, k=tiny_sae.n_latents, threshold=threshold)
    study = build_study(tiny_collection, encoder, sae, tmp_path / "jump")
    assert study.manifest["sae"]["architecture"] == "jumprelu"
    assert len(set((np.asarray(study.tokens.activations) > 0).sum(axis=1))) > 3
    test_counts_are_the_pooled_activations_of_each_document(study)
    test_contexts_are_the_tokens_by_latent_strongest_first(study)
    test_queries_that_were_kept_rank_as_queries_that_are_typed(study)
    assert Study.open(study.path).sae.fingerprint == sae.fingerprint
