"""Learned sparse: weights follow the formula, rankings the dot product, and a study stores both."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from analyses.laws.study_growth import heaps, write_growth
from analyses.vocabularies.control_counts import write_queries
from analyses.vocabularies.vocabularies import vocabularies
from data.errors import UserError
from data.learned_sparse import LearnedSparse
from own_study import as_built
from retrieval.dot_product import dot_product_run
from retrieval.index import Index
from retrieval.learned_sparse import index_learned_sparse, learned_sparse_vocabulary
from retrieval.run import read_trec
from retrieval.study import Study

TEXTS = ["the heart pumps blood", "a proof by induction on n, and a longer sentence beside it", "", "blood"]


@pytest.fixture(scope="module")
def splade(splade_folder: str) -> LearnedSparse:
    return LearnedSparse.load(splade_folder, max_length=64, device="cpu")


def test_weights_are_the_largest_of_each_term_by_hand(splade: LearnedSparse, splade_folder: str) -> None:
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(splade_folder)
    model = AutoModelForMaskedLM.from_pretrained(splade_folder).eval()
    (ours,) = splade.weigh(TEXTS)
    assert ours.shape == (len(TEXTS), splade.n_terms)
    for row, text in enumerate(TEXTS):  # one at a time, without padding
        with torch.no_grad():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
        theirs = torch.log1p(torch.relu(logits)).max(0).values.numpy()
        np.testing.assert_allclose(ours[[row]].toarray()[0], theirs, atol=2e-4)
    terms = splade.terms()
    blood = ours[[3]].toarray()[0]
    assert terms[int(blood.argmax())] == "blood"


def test_progress_ends_and_order_is_the_texts(splade: LearnedSparse) -> None:
    told: list[tuple[int, int]] = []
    (forward,) = splade.weigh(TEXTS, lambda done, total: told.append((done, total)))
    (backward,) = splade.weigh(TEXTS[::-1])
    assert told[-1] == (len(TEXTS), len(TEXTS))
    np.testing.assert_allclose(forward.toarray(), backward.toarray()[::-1], atol=2e-4)


def test_what_is_no_masked_language_model_is_refused(tmp_path: Path) -> None:
    from data.models import resolve_model

    with pytest.raises(UserError, match="expected a masked language"):
        LearnedSparse.load(resolve_model("minilm"), device="cpu")
    with pytest.raises(UserError, match="could not be loaded"):
        LearnedSparse.load(str(tmp_path), device="cpu")


@pytest.mark.parametrize("depth", [1, 4, 30])
def test_the_ranking_is_the_dot_products(depth: int) -> None:
    generator = np.random.default_rng(0)
    documents, queries = (generator.random((n, 40)) * (generator.random((n, 40)) < 0.15) for n in (25, 9))
    index = Index.from_counts(csr_array(documents.astype(np.float32)))
    ids, names = [f"q{i}" for i in range(9)], [f"d{i}" for i in range(25)]
    run = dot_product_run(index, csr_array(queries.astype(np.float32)), depth, ids, names)
    scores = queries.astype(np.float32) @ documents.astype(np.float32).T
    for query in range(9):
        best = [d for d in np.argsort(-scores[query], kind="stable") if scores[query, d] > 0][:depth]
        observed = run.results(query)
        assert [name for name, _ in observed] == [names[d] for d in best]
        np.testing.assert_allclose([score for _, score in observed], scores[query, best], rtol=1e-5)


def test_a_study_keeps_the_vocabulary_and_the_run(
    tiny_study: Study, splade: LearnedSparse, tmp_path: Path
) -> None:
    shutil.copytree(as_built(), tmp_path / "copy")
    study = Study.open(tmp_path / "copy")
    assert learned_sparse_vocabulary(study) is None
    assert "learned_sparse" not in vocabularies(study)
    stages = set()
    run = index_learned_sparse(study, splade, lambda stage, done, total: stages.add(stage))
    assert stages == {"Learned sparse, documents", "Learned sparse, queries"}
    stored = learned_sparse_vocabulary(study)
    assert stored is not None
    index = stored.index
    assert index.n_docs == len(study.corpus)
    kept = read_trec(study.path / "runs" / "learned_sparse.trec")
    assert [name for name, _ in kept.results(0)] == [name for name, _ in run.results(0)]
    assert [score for _, score in kept.results(0)] == [score for _, score in run.results(0)]
    vocabulary = vocabularies(study)["learned_sparse"]
    assert vocabulary.measures == ("documents", "activation")
    np.testing.assert_array_equal(vocabulary.frequency(), index.document_frequency)
    write_queries(study)
    query_vocabulary = vocabularies(study, "queries")["learned_sparse"]
    (weights,) = splade.weigh(study.queries.texts)
    np.testing.assert_array_equal(query_vocabulary.frequency(), (weights.toarray() > 0).sum(0))
    assert query_vocabulary.n_texts == len(study.queries.ids)
    law = heaps(study)["learned_sparse"]
    assert (law.distinct, law.capacity) == ((index.document_frequency > 0).sum(), index.n_terms)
    assert law.once_token is None
    write_growth(study)
    assert heaps(study)["learned_sparse"].to_dict() == law.to_dict()
    # a vocabulary of another build of the study does not count
    other = Study(study.path, {**study.manifest, "fingerprint": "other"})
    assert learned_sparse_vocabulary(other) is None
