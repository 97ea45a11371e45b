"""side-by-side, limit and the units of k1 on the command line: what they say, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from analyses.why.k1 import mean_weight
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study

ONE, OTHER = "sort the rows of a table", "return the sum of an array"


@pytest.mark.slow
def test_two_queries_in_one_study(
    command: Callable[..., int], tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("side-by-side", tiny_study.path, ONE, "--other-query", OTHER, "--depth", 3, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["left"] == {"study": tiny_study.name, "query": ONE}
    own = {
        side: list(tiny_study.search(text, 3)["doc_id"]) for side, text in (("left", ONE), ("right", OTHER))
    }
    for side, ids in own.items():
        ranks = {row["doc_id"]: row[side] for row in found["documents"]}
        assert [ranks[doc_id] for doc_id in ids] == [1, 2, 3]
    assert command("side-by-side", tiny_study.path, "array", "--words", "--other-query", "return") == 0
    assert "share other" in capsys.readouterr().out


@pytest.mark.slow
def test_two_equal_sides_are_refused(
    command: Callable[..., int], tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("side-by-side", tiny_study.path, ONE) == 2
    assert "both sides are the same" in capsys.readouterr().err


@pytest.mark.slow
def test_limit_for_people(
    command: Callable[..., int], limit_study: Study, tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("limit", limit_study.path, limit_study.queries.texts[2], "--pooled", "--limit", 3) == 0
    out = capsys.readouterr().out
    assert "of random documents the strongest power" in out
    assert "named cosine" in out
    assert command("limit", tiny_study.path, ONE) == 2
    assert 'expected a judged query such as "Who likes quokkas?"' in capsys.readouterr().err


@pytest.mark.slow
def test_k1_counts_in_weights_or_in_their_mean(
    command: Callable[..., int], tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    mean = mean_weight(tiny_study.index, Bm25Parameters())

    def scores(*options: object) -> list[float]:
        assert command("search", tiny_study.path, ONE, "--json", *options) == 0
        return [row["score"] for row in json.loads(capsys.readouterr().out)["results"]]

    own = tiny_study.search(ONE, parameters=Bm25Parameters(k1=2 * mean, b=0.4))
    assert scores("--k1", 2, "--k1-unit", "mean", "--b", 0.4) == pytest.approx(list(own["score"]), rel=1e-5)
    assert scores("--k1", 2) != pytest.approx(scores("--k1", 2, "--k1-unit", "mean"), rel=1e-5)
    assert scores("--k1", 8) == scores()
    assert command("search", tiny_study.path, ONE, "--k1-unit", "mean") == 2
    assert "add --k1" in capsys.readouterr().err
    assert command("search", tiny_study.path, ONE, "--k1", 2, "--k1-unit", "metre") == 2
    assert "expected weight or mean" in capsys.readouterr().err
    assert command("search", tiny_study.path, ONE, "--system", "bm25", "--k1", 2) == 2
    assert "bm25 ranks without" in capsys.readouterr().err
