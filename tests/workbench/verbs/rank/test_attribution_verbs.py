"""compare, and what explain says beside the ledger, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from retrieval.study import Study


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> str:
    return str(tiny_study.queries.texts[3])


@pytest.fixture(scope="module")
def found(tiny_study: Study, query: str) -> list[str]:
    return list(tiny_study.search(query)["doc_id"])


def test_compare_as_json(
    command: Callable[..., int],
    tiny_study: Study,
    query: str,
    found: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("compare", tiny_study.path, query, found[0], found[3], "--top", 5, "--json")
    assert command(*arguments) == 0
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    scores = [document["score"] for document in read["documents"]]
    assert sum(row["difference"] for row in read["latents"]) == pytest.approx(scores[0] - scores[1], rel=1e-4)
    assert [document["rank"] for document in read["documents"]] == [1, 4]
    assert read["smallest_set"]
    after = read["without_it"]["ranks"]
    assert after[1] < after[0]
    assert read["leaves_top"]["doc_id"] == found[0]
    assert read["leaves_top"]["ranks"][0] is None or read["leaves_top"]["ranks"][0] > 5


def test_compare_for_people(
    command: Callable[..., int],
    tiny_study: Study,
    query: str,
    found: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("compare", tiny_study.path, query, found[3], found[0]) == 0
    out = capsys.readouterr().out
    assert f"A  {found[3]}: rank 4" in out
    assert "they change places" in out
    assert command("compare", tiny_study.path, query, found[0], "nowhere") == 2
    assert 'no document "nowhere"' in capsys.readouterr().err


def test_explain_says_what_else_is_asked(
    command: Callable[..., int],
    tiny_study: Study,
    query: str,
    found: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--credit", "leave-one-out", "--cosine", "--words")
    assert command("explain", tiny_study.path, query, found[0], *options, "--json") == 0
    read = json.loads(capsys.readouterr().out)
    assert {"latents", "credits", "faithfulness", "cosine", "words"} <= set(read)
    assert read["credits"]["document"]["method"] == "leave-one-out"
    cosine = read["cosine"]
    parts = cosine["of_latents"] + cosine["bias"] + cosine["unreconstructed"] + cosine["special"]
    assert parts + cosine["residual"] == pytest.approx(cosine["cosine"])
    assert command("explain", tiny_study.path, query, found[0], *options) == 0
    out = capsys.readouterr().out
    assert "document, tokens by leave-one-out credit" in out
    assert "not reconstructed" in out
    assert "lexical BM25" in out


def test_pairs_sum_to_the_score(
    command: Callable[..., int],
    tiny_study: Study,
    query: str,
    found: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("explain", tiny_study.path, query, found[0], "--pairs", "--json") == 0
    read = json.loads(capsys.readouterr().out)
    assert sum(pair["credit"] for pair in read["pairs"]) == pytest.approx(read["score"], rel=1e-5)
    assert {pair["kind"] for pair in read["pairs"]} <= {"exact", "inflected", "soft", "special"}
    names = {"query_token", "document_token", "query_start", "document_start", "kind", "credit"}
    assert all(set(pair) == names for pair in read["pairs"])
    assert command("explain", tiny_study.path, query, found[0], "--pairs") == 0
    assert "pairs of tokens, the strongest first" in capsys.readouterr().out


def test_an_unknown_credit_is_one_sentence(
    command: Callable[..., int],
    tiny_study: Study,
    query: str,
    found: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("explain", tiny_study.path, query, found[0], "--credit", "gradient") == 2
    assert 'no credit "gradient": choose one of proportional' in capsys.readouterr().err
