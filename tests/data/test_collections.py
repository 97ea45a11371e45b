"""load_collection finds the reader; save_collection then load_collection is identity."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.collections import load_collection, save_collection
from data.corpus import Collection, Corpus, Queries
from data.errors import UserError
from data.limit import limit_collection

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1).filter(
    str.strip
)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    document_ids = draw(st.lists(ids, min_size=1, max_size=5, unique=True))
    query_ids = draw(st.lists(ids, max_size=4, unique=True))
    titles = tuple(draw(texts) for _ in document_ids)
    bodies = [draw(texts) for _ in document_ids]
    joined = tuple(
        f"{title} {body}" if title and body else title or body
        for title, body in zip(titles, bodies, strict=True)
    )
    grades = st.dictionaries(st.sampled_from(document_ids), st.integers(-2, 3), min_size=1)
    qrels = {query: draw(grades) for query in query_ids}
    queries = Queries(tuple(query_ids), tuple(draw(texts) for _ in query_ids))
    return Collection(
        "any", Corpus(tuple(document_ids), joined, titles), queries, qrels, card={"licence": "any"}
    )


@given(collections())
@settings(max_examples=100)
def test_save_then_load_is_identity(tmp_path_factory: pytest.TempPathFactory, collection: Collection) -> None:
    folder = tmp_path_factory.mktemp("saved") / "any"
    save_collection(collection, folder)
    loaded = load_collection(str(folder))
    assert loaded.name == collection.name
    assert loaded.corpus == collection.corpus
    assert loaded.queries == collection.queries
    assert loaded.qrels == collection.qrels
    assert loaded.card["licence"] == "any"
    assert {problem.kind for problem in loaded.problems} <= {"empty text"}


def test_a_title_that_the_text_does_not_begin_with_is_not_forced_into_it(tmp_path: Path) -> None:
    corpus = Corpus(("d",), ("text alone",), ("Apart",))
    save_collection(Collection("one", corpus, Queries((), ()), {}), tmp_path / "one")
    assert load_collection(str(tmp_path / "one")).corpus == Corpus(("d",), ("text alone",), ("",))


def test_a_generated_collection_survives_and_another_split_is_kept_apart(tmp_path: Path) -> None:
    generated = load_collection("limit:60:5")
    assert generated == limit_collection(60, seed=5)
    save_collection(generated, tmp_path / "limit", split="dev")
    loaded = load_collection(str(tmp_path / "limit"), "dev")
    assert (loaded.corpus, loaded.queries, loaded.qrels) == (
        generated.corpus,
        generated.queries,
        generated.qrels,
    )
    with pytest.raises(UserError, match="its splits are dev"):
        load_collection(str(tmp_path / "limit"), "test")


def test_real_collections_survive(shared_collections: Path, tmp_path: Path) -> None:
    scifact = load_collection(str(shared_collections / "scifact"))
    save_collection(scifact, tmp_path / "scifact")
    copy = load_collection(str(tmp_path / "scifact"))
    assert (copy.corpus, copy.queries, copy.qrels) == (scifact.corpus, scifact.queries, scifact.qrels)


def test_ids_that_qrels_cannot_hold_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    corpus = Corpus(("a\tb",), ("text",), ("",))
    with pytest.raises(UserError, match="holds a tab or a line break"):
        save_collection(Collection("tab", corpus, Queries((), ()), {}), tmp_path / "tab")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["", "nowhere", "hf:", "ir_datasets:", "no/such/folder", "docstring"])
def test_an_unknown_source_lists_what_is_accepted(source: str) -> None:
    with pytest.raises(UserError, match=r"expected docstrings, limit:.*ir_datasets:.*hf:.*BEIR.*\.jsonl"):
        load_collection(source)


@pytest.mark.parametrize("source", ["limit:", "limit:many", "limit:10:", "limit:10:1:2", "limit:-5"])
def test_a_wrong_limit_source_says_how_to_write_one(source: str) -> None:
    with pytest.raises(UserError, match="expected limit:<documents>"):
        load_collection(source)


def test_small_limits_make_all_documents_relevant() -> None:
    assert len(load_collection("limit:10").queries) == 45
    with pytest.raises(UserError, match="2 relevant documents or more"):
        load_collection("limit:1")
