"""nDCG at once is nDCG by ir-measures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged, judged_queries
from data.errors import UserError
from retrieval.evaluate import evaluate
from retrieval.run import Run
from retrieval.study import Study

N_DOCS = 9


@given(data=st.data(), n_queries=st.integers(1, 4))
def test_ndcg_is_ir_measures(data: st.DataObject, n_queries: int) -> None:
    ids = [f"q{i}" for i in range(n_queries)]
    names = [f"d{i}" for i in range(N_DOCS)]
    grades = st.dictionaries(st.sampled_from([*names, "lost"]), st.integers(0, 3), min_size=1)
    qrels = {query: data.draw(grades) for query in ids}
    orders = [data.draw(st.permutations(range(N_DOCS))) for _ in ids]
    found = [data.draw(st.integers(0, N_DOCS)) for _ in ids]
    documents = np.array(orders, np.int32)
    documents[np.arange(N_DOCS) >= np.array(found)[:, None]] = -1
    relevant = sorted(
        (row, names.index(d) if d in names else N_DOCS, float(g))
        for row, query in enumerate(ids)
        for d, g in qrels[query].items()
        if g > 0
    )
    columns = np.array(relevant, float).reshape(-1, 3).T
    judged = Judged(
        ids, np.arange(n_queries), csr_array((n_queries, 1)), columns[0].astype(np.int64),
        columns[1].astype(np.int64), columns[2], N_DOCS,
    )  # fmt: skip
    run = Run(ids, names, documents, np.zeros(documents.shape, np.float32))
    np.testing.assert_allclose(judged.ndcg(documents), evaluate(run, qrels)["nDCG@10"], atol=1e-9)


def test_a_studys_ranking_is_worth_what_its_evaluation_says(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    ndcg = judged.ndcg(judged.run(tiny_study.weighted()).documents)
    assert ndcg.mean() == pytest.approx(tiny_study.evaluation["latent"]["nDCG@10"], abs=1e-9)


def test_a_sample_is_these_queries_and_no_others(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    ndcg = judged.ndcg(judged.run(tiny_study.weighted()).documents)
    sample = judged.sample(20)
    assert len(sample) == 20
    places = [list(judged.ids).index(query) for query in sample.ids]
    assert places == sorted(places)
    np.testing.assert_array_equal(sample.ndcg(sample.run(tiny_study.weighted()).documents), ndcg[places])
    assert judged.sample(10**6) is judged


def test_without_judgements_it_is_one_sentence(tiny_study: Study) -> None:
    bare = Study(tiny_study.path, tiny_study.manifest)
    bare.__dict__["qrels"] = {}
    with pytest.raises(UserError, match="no relevance judgements"):
        judged_queries(bare)
