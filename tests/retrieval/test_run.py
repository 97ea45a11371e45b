"""A run survives the TREC format, whatever its ids hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.run import Run, decode_id, encode_id, read_trec, write_trec

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates included
IDS = st.lists(ANY_TEXT, min_size=1, max_size=6, unique=True)


@given(identifier=ANY_TEXT | st.text("% 0aF", max_size=8))
def test_an_id_becomes_one_word_and_comes_back(identifier: str) -> None:
    word = encode_id(identifier)
    assert word.split() == [word]
    word.encode("utf-8")
    assert decode_id(word) == identifier


def test_encoding_by_hand() -> None:
    assert encode_id("Ann Lee") == "Ann%20Lee"
    assert encode_id("50%") == "50%25"
    assert encode_id("") == "%"
    assert encode_id("plain-id_7") == "plain-id_7"
    assert decode_id("50%") == "50%"
    assert decode_id("%FF") == "%FF"


@given(
    query_ids=IDS, document_ids=IDS, seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-30, 1.0, 1e30])
)
def test_a_run_comes_back(
    query_ids: list[str],
    document_ids: list[str],
    seed: int,
    scale: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    random = np.random.default_rng(seed)
    n, depth = len(query_ids), len(document_ids)
    documents = np.stack([random.permutation(depth) for _ in range(n)]).astype(np.int32)
    scores = -np.sort(-random.choice([0.1, 1 / 3, 2, -1.5], (n, depth)) * scale).astype(np.float32)
    n_results = random.integers(0, depth + 1, n)
    empty = np.arange(depth) >= n_results[:, None]
    documents[empty], scores[empty] = -1, 0
    run = Run(query_ids, document_ids, documents, scores)
    path = tmp_path_factory.mktemp("run") / "a.trec"
    write_trec(run, path, "my system")
    again = read_trec(path)
    answered = {query: run.results(row) for row, query in enumerate(query_ids) if n_results[row]}
    assert {query: again.results(row) for row, query in enumerate(again.query_ids)} == answered


def test_a_file_by_hand(tmp_path: Path) -> None:
    run = Run(
        ["q 1", "none"],
        ["a", "b"],
        np.array([[1, 0], [-1, -1]], np.int32),
        np.array([[0.1, 0], [0, 0]], "f4"),
    )
    write_trec(run, tmp_path / "a.trec", "tag")
    assert (tmp_path / "a.trec").read_text() == "q%201 Q0 b 1 0.1 tag\nq%201 Q0 a 2 0.0 tag\n"


def test_scores_order_a_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "a.trec").write_text("1\tQ0\tx\t9\t0.5\tt\r\n\n1 Q0 y 1 2e0 t\n1 Q0 z 5 0.5 t\n")
    assert read_trec(tmp_path / "a.trec").results(0) == [("y", 2.0), ("x", 0.5), ("z", 0.5)]


@pytest.mark.parametrize("line", ["1 Q0 x 1 0.5", "1 Q0 x 1 high t", "1 Q0 x 1 nan t", "1 Q0 a b 1 0.5 t"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.trec").write_text(f"1 Q0 x 1 0.5 t\n{line}\n")
    with pytest.raises(UserError, match=r"a\.trec:2 is not"):
        read_trec(tmp_path / "a.trec")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read as a run"):
        read_trec(tmp_path / "a.trec")


def test_shapes_must_fit() -> None:
    with pytest.raises(UserError, match="a run of 2 queries"):
        Run(["a", "b"], ["d"], np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32))
