"""Systems beside each other: outside runs make the round trip, measures are those of others' implementations."""

from __future__ import annotations

import shutil
from pathlib import Path

import ir_measures
import numpy as np
import pytest

import analyses.comparison.systems as module
from analyses.comparison.systems import DEPTH, Systems, explained, rankings_of, systems
from analyses.statistics.ranking_agreement import agreement
from data.corpus import Queries
from data.errors import UserError
from retrieval.added_runs import read_run, run_paths
from retrieval.queries import study_queries
from retrieval.run import write_trec
from retrieval.search import score_documents
from retrieval.study import Study
from retrieval.systems import SYSTEMS, compared_systems, rank
from retrieval.systems.kept_runs import add_run


@pytest.fixture(scope="module")
def study(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study under another path, so that runs added here are nobody else's."""
    folder = tmp_path_factory.mktemp("with runs") / "tiny"
    shutil.copytree(tiny_study.path, folder)
    return Study.open(folder)


@pytest.fixture(scope="module")
def found(study: Study) -> Systems:
    return systems(study)


def test_a_run_added_comes_back_as_it_went(study: Study, found: Systems, tmp_path: Path) -> None:
    """Written as TREC, added and read: the same documents, so it agrees with its source in full."""
    write_trec(found.runs["cosine"], tmp_path / "file.trec", "x")
    added = add_run(study, tmp_path / "file.trec", "twin-of-cosine", SYSTEMS)
    assert (added.unknown_queries, added.unknown_documents, added.repeated) == (0, 0, 0)
    assert run_paths(study).keys() == {"twin-of-cosine"}
    np.testing.assert_array_equal(added.run.documents, found.runs["cosine"].documents)
    np.testing.assert_array_equal(added.run.scores, found.runs["cosine"].scores)
    again = systems(study)
    assert again.names == tuple(one.name for one in compared_systems(study))
    assert again.names == (*found.names, "twin-of-cosine")
    against = again.against().set_index("other")
    assert against.loc["twin-of-cosine", "difference"] == against.loc["cosine", "difference"]
    own = again.difference("cosine", "twin-of-cosine").dropna()
    assert len(own) == len(study.qrels)
    assert (own == 0).all()


def test_unknown_ids_are_counted_and_left_out(study: Study, tmp_path: Path) -> None:
    query, document = study.queries.ids[2], study.corpus.ids[5]
    lines = [
        f"{query} Q0 nobody 1 9 x", f"{query} Q0 {document} 2 8 x", f"{query} Q0 {document} 3 7 x",
        f"stranger Q0 {document} 1 9 x",
    ]  # fmt: skip
    (tmp_path / "some.trec").write_text("\n".join(lines) + "\n")
    read = read_run(study, tmp_path / "some.trec")
    assert (read.n_queries, read.unknown_queries) == (2, 1)
    assert (read.n_documents, read.unknown_documents, read.repeated) == (2, 1, 1)
    assert read.run.documents[2].tolist() == [5, -1, -1]
    assert read.n_answered == 1


@pytest.mark.parametrize(
    ("line", "name", "sentence"),
    [
        ("stranger Q0 {document} 1 9 x", "new", "query ids of .* is known"),
        ("{query} Q0 nobody 1 9 x", "new", "document ids of .* is known"),
        ("{query} Q0 {document} 1 9 x", "cosine", "another name"),
        ("{query} Q0 {document} 1 9 x", "../up", "cannot be named"),
        ("", "new", "no results"),
    ],
)
def test_a_run_of_something_else_is_refused(
    study: Study, tmp_path: Path, line: str, name: str, sentence: str
) -> None:
    path = tmp_path / "file.trec"
    path.write_text(line.format(query=study.queries.ids[0], document=study.corpus.ids[0]) + "\n")
    before = run_paths(study)
    with pytest.raises(UserError, match=sentence):
        add_run(study, path, name, SYSTEMS)
    assert run_paths(study) == before


def test_ndcg_is_that_of_ir_measures(study: Study, found: Systems) -> None:
    qrels = {query: dict(grades) for query, grades in study.qrels.items()}
    for name in ("latent", "cosine", "bm25"):
        run = {
            query: {
                document: -float(rank) for rank, (document, _) in enumerate(found.runs[name].results(row))
            }
            for row, query in enumerate(found.runs[name].query_ids)
        }
        values = {m.query_id: m.value for m in ir_measures.iter_calc([ir_measures.nDCG @ 10], qrels, run)}
        got = found.queries.set_index("query_id")[f"ndcg_{name}"].dropna()
        assert len(got) == len(qrels)
        for query, value in got.items():
            assert value == pytest.approx(values.get(str(query), 0.0))


def test_agreement_is_that_of_whole_runs_and_wins_add_up(study: Study, found: Systems) -> None:
    own = {name: rank(study, study_queries(study), name, DEPTH) for name in ("latent", "bm25")}
    table = agreement(own["latent"], own["bm25"]).set_index("query_id")
    got = found.queries.set_index("query_id")
    np.testing.assert_allclose(got["overlap_bm25"], table["overlap@10"])
    np.testing.assert_allclose(got["rbo_bm25"], table["rbo"])
    for row in found.against().to_dict("records"):
        assert row["won"] + row["tied"] + row["lost"] == row["n"] == len(study.qrels)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["p"] <= row["p_holm"] <= 1


def test_one_querys_places_are_those_of_its_runs(study: Study, found: Systems, tmp_path: Path) -> None:
    query = study.queries.ids[4]
    encoded = study.encode(study.queries.texts[4])
    write_trec(found.runs["bm25"], tmp_path / "file.trec", "x")
    add_run(study, tmp_path / "file.trec", "again", SYSTEMS)
    table = rankings_of(study, encoded, query, depth=5)
    assert "again_rank" not in rankings_of(study, encoded, depth=5)  # it knows the study's own queries alone
    for name in ("latent", "cosine", "bm25"):
        first = table[table[f"{name}_rank"] <= 5].sort_values(f"{name}_rank")["doc_id"].tolist()
        assert first == study.search(encoded, 5, name)["doc_id"].tolist()
    near = table["bm25_rank"] <= 100
    assert table.loc[near, "again_rank"].tolist() == table.loc[near, "bm25_rank"].tolist()
    relevant = {doc for doc, grade in study.qrels[query].items() if grade > 0}
    assert set(table.loc[table["relevant"], "doc_id"]) == relevant


def test_a_collection_without_queries_has_systems_and_no_rows(tiny_study: Study) -> None:
    bare = Study(tiny_study.path, tiny_study.manifest)
    bare.__dict__.update(queries=Queries([], []), qrels={})
    found = systems(bare)
    assert found.names[:3] == ("latent", "cosine", "bm25")
    assert found.queries.empty
    assert set(found.means()["n"]) == {0}


def test_what_explains_a_place_is_a_difference_of_scores(study: Study) -> None:
    encoded = study.encode(study.queries.texts[0])
    first = study.search(encoded, 10)["doc_id"].tolist()
    table = explained(study, encoded.counts, first, depth=10)
    index = study.weighted()
    n_terms = encoded.counts.nnz
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "N_EXPLAINING", n_terms)
        whole = explained(study, encoded.counts, first, depth=10)
    scores = score_documents(index, encoded.counts, np.array([study.position[doc] for doc in first]))
    sums = [sum(more) for more in whole["more"]]
    np.testing.assert_allclose(sums, scores - scores.mean(), atol=1e-9)
    for some, all_ in zip(table["more"], whole["more"], strict=True):
        assert some == all_[: len(some)]
        assert np.all(np.diff(np.abs(all_)) <= 1e-12)
