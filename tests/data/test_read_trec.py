"""TREC topics and qrels."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.collections import load_collection
from data.errors import UserError
from data.readers.trec import read_topics

OPEN_TAGS = """
<top>

<num> Number: 301
<title> International Organized
Crime &amp; Money

<desc> Description:
Identify organizations.

<narr> Narrative:
A relevant document must.
</top>

<TOP>
<NUM>302</NUM>
<TITLE>Poliomyelitis</TITLE>
</TOP>
<top>
<title> Topic: nobody numbered me
</top>
<top>
<num> Number: 304
<desc> Description: no title
</top>
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    path = tmp_path / "docs.tsv"
    path.write_text("docno\ttext\nFBIS3-1\tpolio\nFBIS3-2\tcrime\n")
    return path


def test_sgml_topics_with_tags_open_or_closed(tmp_path: Path) -> None:
    (tmp_path / "topics.301").write_text(OPEN_TAGS)
    problems: list[object] = []
    rows = list(read_topics(tmp_path / "topics.301", problems))  # type: ignore[arg-type]
    assert [(row.id, row.text) for row in rows] == [
        ("301", "International Organized Crime & Money"),
        ("302", "Poliomyelitis"),
        ("304", ""),
    ]
    assert [row.where for row in rows] == ["topics.301:2", "topics.301:15", "topics.301:22"]
    assert [problem.where for problem in problems] == ["topics.301:19"]  # type: ignore[attr-defined]


def test_topics_and_qrels_over_a_table(tmp_path: Path, documents: Path) -> None:
    (tmp_path / "topics.txt").write_text(OPEN_TAGS)
    (tmp_path / "qrels.txt").write_text(
        "301 0 FBIS3-2 1\n301 0 FBIS3-1 -1\n302\t0\tFBIS3-1\t2\n303 0 FBIS3-1 1\n"
    )
    collection = load_collection(str(documents), topics=tmp_path / "topics.txt", qrels=tmp_path / "qrels.txt")
    assert collection.queries.ids == ("301", "302")
    assert collection.qrels == {"301": {"FBIS3-2": 1, "FBIS3-1": -1}, "302": {"FBIS3-1": 2}}
    assert {(problem.kind, problem.where) for problem in collection.problems} == {
        ("broken line", "topics.txt:19"),
        ("empty text", "topics.txt:22"),
        ("unknown query", "qrels.txt:4"),
    }


def test_tab_separated_topics(tmp_path: Path, documents: Path) -> None:
    (tmp_path / "topics.tsv").write_text("7\twho has polio\nno tab here\n8\tcrime\twith a tab\n")
    (tmp_path / "qrels.txt").write_text("7 Q0 FBIS3-1 1\n8 Q0 FBIS3-2 1\n")
    collection = load_collection(str(documents), topics=tmp_path / "topics.tsv", qrels=tmp_path / "qrels.txt")
    assert collection.queries.texts == ("who has polio", "crime\twith a tab")
    assert [(problem.kind, problem.where) for problem in collection.problems] == [
        ("broken line", "topics.tsv:2")
    ]


def test_a_file_without_topics_and_topics_without_qrels_are_told(tmp_path: Path, documents: Path) -> None:
    (tmp_path / "topics.xml").write_text("<topics><topic number='1'/></topics>")
    with pytest.raises(UserError, match="holds no topic: expected <top>"):
        load_collection(str(documents), topics=tmp_path / "topics.xml", qrels=documents)
    with pytest.raises(UserError, match="go together"):
        load_collection(str(documents), topics=tmp_path / "topics.xml")
