"""The reader of ir_datasets, on a collection that the test registers in the library."""

from __future__ import annotations

from pathlib import Path

import ir_datasets
import pytest

from data.collections import load_collection
from data.errors import UserError


@pytest.fixture
def registered(tmp_path: Path) -> str:
    (tmp_path / "docs.tsv").write_text("d1\tthe first\nd2\tthe second\nd2\tthe second again\n")
    (tmp_path / "queries.tsv").write_text("q1\twhich is first\nq2\tunjudged\n")
    (tmp_path / "qrels.txt").write_text("q1 0 d1 1\nq1 0 d9 1\n")
    files = [str(tmp_path / name) for name in ("docs.tsv", "queries.tsv", "qrels.txt")]
    name = f"toy-{tmp_path.name}"
    ir_datasets.registry.register(name, ir_datasets.create_dataset(docs_tsv=files[0]))
    ir_datasets.registry.register(f"{name}/test", ir_datasets.create_dataset(*files))
    return name


@pytest.mark.parametrize("suffix", ["", "/test"])
def test_documents_queries_and_qrels_of_the_split(registered: str, suffix: str) -> None:
    collection = load_collection(f"ir_datasets:{registered}{suffix}", split="test")
    assert collection.name == f"{registered}/test"
    assert collection.corpus.ids == ("d1", "d2")
    assert collection.corpus.texts == ("the first", "the second")
    assert collection.queries.ids == ("q1",)
    assert collection.qrels == {"q1": {"d1": 1}}
    assert [problem.kind for problem in collection.problems] == ["duplicate id", "unknown document"]
    assert collection.card["versions"] == {"ir_datasets": ir_datasets.__version__}


def test_without_that_split_the_documents_alone(registered: str) -> None:
    collection = load_collection(f"ir_datasets:{registered}", split="dev")
    assert (len(collection.corpus), len(collection.queries)) == (2, 0)


def test_an_unknown_name_and_a_failing_download_are_one_sentence(
    registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="knows no collection 'no/such'"):
        load_collection("ir_datasets:no/such")

    def unreachable(*arguments: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr("ir_datasets.formats.TsvDocs.docs_iter", unreachable)
    with pytest.raises(UserError, match=r"could not fetch .* \(ConnectionError\): is there a network"):
        load_collection(f"ir_datasets:{registered}")
