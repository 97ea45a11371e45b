"""A run written in TREC format and read again is unchanged, whatever its ids."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.run import Run, decode_id, encode_id, read_trec, write_trec

ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1, max_size=8)  # lone surrogates included
IDS = st.lists(ANY_TEXT | st.text("a %2056F", min_size=1, max_size=6), min_size=1, max_size=6, unique=True)


@given(ids=IDS)
def test_ids_become_words_of_their_own_and_come_back(ids: list[str]) -> None:
    words = [encode_id(identifier, ids) for identifier in ids]
    for word, identifier in zip(words, ids, strict=True):
        assert word.split() == [word]
        word.encode("utf-8")
        assert decode_id(word, ids) == identifier
    assert len(set(words)) == len(ids)


def test_encoding_by_hand() -> None:
    assert encode_id("Ann Lee") == "Ann%20Lee"
    assert encode_id("50%") == "50%"
    assert encode_id("50% off") == "50%25%20off"
    assert encode_id("a b", ["a b", "a%20b"]) == "%61%20%62"
    assert encode_id("") == "%"
    assert encode_id("plain-id_7") == "plain-id_7"
    assert decode_id("50%") == "50%"
    assert decode_id("%FF") == "%FF"
    assert decode_id("a%20b", ["a b", "a%20b"]) == "a%20b"  # as it stands first
    assert decode_id("a%20b", ["a b"]) == "a b"
    assert decode_id("a%20b", ["c"]) == "a%20b"
    assert decode_id("7.0", ["7"]) == "7"
    with pytest.raises(UserError, match="cannot stand in a run, since '%20' is an id too"):
        encode_id(" ", [" ", "%20"])


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
    again = read_trec(path, query_ids, document_ids)
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


def test_a_percent_sign_keeps_its_measures_in_trec_eval(tmp_path: Path) -> None:
    ids = ["50%", "10%20x", "plain"]
    run = Run(["q%41"], ids, np.array([[1, 0, 2]], np.int32), np.array([[3, 2, 1]], np.float32))
    write_trec(run, tmp_path / "a.trec", "tag")
    with (tmp_path / "a.trec").open() as file:
        results = pytrec_eval.parse_run(file)
    measures = pytrec_eval.RelevanceEvaluator({"q%41": {"50%": 1}}, {"recip_rank"}).evaluate(results)
    assert measures["q%41"]["recip_rank"] == 0.5
    assert read_trec(tmp_path / "a.trec", ["q%41"], ids).results(0) == run.results(0)


def test_a_mark_at_the_beginning_gzip_and_bad_bytes_change_no_result(tmp_path: Path) -> None:
    content = b"1 Q0 x 1 0.5 t\n1 Q0 y 2 0.25 t\n"
    (tmp_path / "plain.trec").write_bytes(content)
    (tmp_path / "marked.trec").write_bytes(b"\xef\xbb\xbf" + content.replace(b" t\n", b" t\xff\r\n"))
    (tmp_path / "packed.trec.gz").write_bytes(gzip.compress(content))
    for name in ("plain.trec", "marked.trec", "packed.trec.gz"):
        read = read_trec(tmp_path / name)
        assert (read.query_ids, read.results(0)) == (["1"], [("x", 0.5), ("y", 0.25)])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read as a run"):
        read_trec(tmp_path / "a.trec")


def test_shapes_must_fit() -> None:
    with pytest.raises(UserError, match="a run of 2 queries"):
        Run(["a", "b"], ["d"], np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32))
