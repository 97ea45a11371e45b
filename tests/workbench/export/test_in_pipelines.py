"""In the pipelines of others a study scores as it does here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import UserError
from retrieval.study import Study


def test_similarity_of_a_sparse_encoder_is_the_score(tiny_study: Study) -> None:
    pytest.importorskip("sentence_transformers")
    from workbench.export.sparse_encoder import sparse_encoder

    model = sparse_encoder(tiny_study)
    query, texts = tiny_study.queries.texts[0], list(tiny_study.corpus.texts)
    scores = model.similarity(model.encode_query([query]), model.encode_document(texts))[0].numpy()
    results = tiny_study.search(query, depth=10)
    rows = [tiny_study.corpus.ids.index(doc_id) for doc_id in results["doc_id"]]
    np.testing.assert_allclose(scores[rows], results["score"], rtol=1e-4)
    assert scores.max() == pytest.approx(results["score"][0], rel=1e-4)
    assert model.get_embedding_dimension() == tiny_study.n_latents


def test_a_sparse_encoder_names_latents_and_is_kept_as_a_study(tiny_study: Study, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    from workbench.export.sparse_encoder import sparse_encoder

    model = sparse_encoder(tiny_study)
    one, other = model.encode_document(list(tiny_study.corpus.texts[:2]))
    names = [name for name, _ in model.decode(one, top_k=3)]
    strongest = one.to_dense().topk(3).indices.tolist()
    assert [int(name.rpartition("#")[2]) for name in names] == strongest
    shared = model.decode(model.intersection(one, other))
    assert {name for name, _ in shared} <= {name for name, _ in model.decode(other)}
    with pytest.raises(UserError, match="prompt"):
        model.encode(["a text"], prompt="query: ")
    with pytest.raises(UserError, match="copy that folder"):
        model.save_pretrained(str(tmp_path / "model"))


def test_a_retriever_of_pyterrier_ranks_as_the_study_does(tiny_study: Study) -> None:
    pytest.importorskip("pyterrier")
    from workbench.export.pyterrier import Retriever

    topics = pd.DataFrame({"qid": ["1", "2"], "query": tiny_study.queries.texts[:2]})
    for system in ("latent", "cosine", "bm25"):
        results = (Retriever(tiny_study, system) % 5).transform(topics)
        for qid, query in topics.itertuples(index=False):
            own = tiny_study.search(query, depth=5, system=system)
            found = results[results["qid"] == qid].sort_values("rank")
            assert found["docno"].tolist() == own["doc_id"].tolist()
            np.testing.assert_allclose(found["score"], own["score"], rtol=1e-5)
    assert Retriever(tiny_study).transform(topics.iloc[:0]).empty


def test_terms_of_pyterrier_multiply_to_the_score(tiny_study: Study) -> None:
    pytest.importorskip("pyterrier")
    from workbench.export.pyterrier import DocumentTerms, QueryTerms

    query = tiny_study.queries.texts[0]
    results = tiny_study.search(query, depth=3)
    texts = [tiny_study.corpus.texts[tiny_study.corpus.ids.index(doc_id)] for doc_id in results["doc_id"]]
    asked = QueryTerms(tiny_study).transform(pd.DataFrame({"qid": ["1"], "query": [query]}))["query_toks"][0]
    documents = DocumentTerms(tiny_study).transform(pd.DataFrame({"docno": results["doc_id"], "text": texts}))
    scores = [sum(w * toks.get(j, 0.0) for j, w in asked.items()) for toks in documents["toks"]]
    np.testing.assert_allclose(scores, results["score"], rtol=1e-4)
    with pytest.raises(UserError, match="needs the column text"):
        DocumentTerms(tiny_study).transform(pd.DataFrame({"docno": ["1"]}))
