"""Judgements and ids: the same in every format, on the documents that they name, or refused."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.collections import load_collection
from data.corpus import Problem, Qrels
from data.errors import UserError
from data.readers.names import id_text, known_id
from data.readers.qrels import read_judgements
from data.readers.tabular import read_table

DOCUMENTS = [{"_id": f"d{number}", "text": f"text {number}"} for number in range(1, 5)]
QUERIES = [{"_id": f"q{number}", "text": f"query {number}"} for number in range(1, 3)]
GRADES: Qrels = {"q1": {"d2": 1, "d4": -1}, "q2": {"d3": 2}}
ROWS = [(query, document, grade) for query, grades in GRADES.items() for document, grade in grades.items()]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def folder(path: Path, name: str, qrels: bytes, documents: Any = DOCUMENTS, queries: Any = QUERIES) -> Path:
    (path / "qrels").mkdir(parents=True)
    (path / "corpus.jsonl").write_bytes(lines(documents))
    (path / "queries.jsonl").write_bytes(lines(queries))
    (path / "qrels" / name).write_bytes(qrels)
    return path


def records(*keys: str) -> bytes:
    return lines([dict(zip(keys, row, strict=True)) for row in ROWS])


def table(separator: str, header: str = "", order: str = "qdg") -> bytes:
    rows = [{"q": query, "d": document, "g": str(grade), "i": "0"} for query, document, grade in ROWS]
    return (header + "".join(separator.join(row[role] for role in order) + "\n" for row in rows)).encode()


FILES: dict[str, tuple[str, bytes]] = {
    "BEIR": ("test.tsv", table("\t", "query-id\tcorpus-id\tscore\n")),
    "without a header": ("test.tsv", table("\t")),
    "TREC": ("test.tsv", table(" ", order="qidg")),
    "TREC with another ending": ("test.qrels", table("\t", order="qidg")),
    "commas": ("test.csv", table(",", "query-id,corpus-id,score\n")),
    "commas without a header": ("test.csv", table(",")),
    "commas in another order": ("test.csv", table(",", '"Score","docid","qid"\n', "gdq")),
    "tabs in another order": ("test.tsv", table("\t", "doc_id\tq\trelevance\tqid\n", "digq")),
    "records": ("test.jsonl", records("query-id", "corpus-id", "score")),
    "records of other names": ("test.jsonl", records("query_id", "doc_id", "relevance")),
    "records of MS MARCO": ("test.json", records("qid", "pid", "rel")),
    "grades as text": ("test.jsonl", lines([{"qid": q, "docid": d, "label": f"{g}.0"} for q, d, g in ROWS])),
    "packed": ("test.csv.gz", gzip.compress(b"\xef\xbb\xbf" + table(",", "qid,docno,grade\n"))),
}


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_judgements_is_the_same(tmp_path: Path, name: str) -> None:
    collection = load_collection(str(folder(tmp_path / "c", *FILES[name])))
    assert (collection.qrels, collection.problems) == (GRADES, ())


def test_parquet_judgements_are_the_same(tmp_path: Path) -> None:
    path = folder(tmp_path / "c", "ignored", b"")
    (path / "qrels" / "ignored").unlink()
    pd.DataFrame(ROWS, columns=["query_id", "doc_id", "score"]).to_parquet(path / "qrels" / "test.parquet")
    assert load_collection(str(path)).qrels == GRADES


def test_broken_judgements_are_named_by_their_line(tmp_path: Path) -> None:
    broken = b'{}\n{"qid": "q1", "pid": "d2", "rel": 1}\n{"qid": "q1", "pid": "d3"}\n'
    broken += b'{"qid": [1], "pid": "d3", "rel": 1}\n'
    broken += b'{"qid": "q1", "pid": "d1", "rel": true}\n{"qid": "q1", "pid": "d1", "rel": "nan"}\n'
    collection = load_collection(str(folder(tmp_path / "c", "test.jsonl", broken)))
    assert collection.qrels == {"q1": {"d2": 1}}
    broken_lines = [problem.where for problem in collection.problems if problem.kind == "broken line"]
    assert broken_lines == [f"test.jsonl:{number}" for number in (1, 3, 4, 5, 6)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("test.tsv", b"q1\td1\t0.5\n", r"test.tsv:1 has the grade 0.5: expected whole numbers"),
        ("test.jsonl", b'{"qid": "q1", "pid": "d1", "rel": 0.33}\n', "has the grade 0.33"),
        (
            "test.jsonl",
            b'{"a": "q1", "b": "d1", "c": 1}\n',
            "query: query-id.*; document: .*; grade: .*are a, b",
        ),
        (
            "test.xlsx",
            b"",
            r"judgements of split 'test' in test.xlsx: expected test with one of .tsv, .jsonl",
        ),
        ("dev.csv", b"q1,d1,1\n", "no qrels for split 'test': its splits are dev"),
    ],
)
def test_judgements_that_cannot_be_meant_are_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load_collection(str(folder(tmp_path / "c", name, content)))


def test_an_id_is_the_same_text_wherever_it_stands(tmp_path: Path) -> None:
    numbers = [{"_id": number, "text": f"text {number}"} for number in (1, 2.0, "3", 4)]
    asked = [{"query_id": 1.0, "query": "one"}, {"query_id": "2", "query": "two"}]
    judged = b"qid,docid,score\n1.0,2.0,1\n2,3,1\n2,4.0,1\n"
    collection = load_collection(str(folder(tmp_path / "c", "test.csv", judged, numbers, asked)))
    assert collection.corpus.ids == ("1", "2", "3", "4")
    assert collection.qrels == {"1": {"2": 1}, "2": {"3": 1, "4": 1}}
    as_text = [{"_id": "1.0", "text": "a"}, {"_id": "1", "text": "b"}]
    collection = load_collection(str(folder(tmp_path / "d", "test.csv", b"q1,1.0,1\n", as_text)))
    assert collection.qrels == {"q1": {"1.0": 1}}  # as it stands first


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_its_digits(number: int) -> None:
    written = [
        id_text(each) for each in (number, float(number), str(number), str(number).encode(), Decimal(number))
    ]
    assert written == [str(number)] * 5
    assert known_id(f"{number}.0", {str(number)}) == str(number)


@pytest.mark.parametrize(
    "value", [None, "", "  ", True, 1.5, float("nan"), float("inf"), 2.0**60, b"\xff", ["a"], Decimal("1.5")]
)
def test_what_is_no_id_is_none(value: Any) -> None:
    assert id_text(value) is None


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.decimal128(5), pa.int8(), pa.large_string()]
)
def test_parquet_ids_of_any_readable_type_are_read(tmp_path: Path, kind: pa.DataType) -> None:
    values = {"binary": [b"7", b"8"], "large_binary": [b"7", b"8"]}.get(str(kind), ["7", "8"])
    ids = pa.array(values) if isinstance(values[0], bytes) else pa.array(values).cast(kind)
    pq.write_table(pa.table({"docid": ids.cast(kind), "text": ["a", "b"]}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").corpus.ids == ("7", "8")


@pytest.mark.parametrize("column", ["docid", "text"])
def test_a_parquet_column_of_another_type_is_named_never_replaced(tmp_path: Path, column: str) -> None:
    columns = {"docid": pa.array(["a"]), "text": pa.array(["b"])} | {column: pa.array([[1.0]])}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=f"has a column {column} of type list"):
        read_table(tmp_path / "t.parquet")


def test_documents_without_ids_are_never_numbered_where_judgements_name_ids(tmp_path: Path) -> None:
    nameless = [{"key": row["_id"], "text": row["text"]} for row in DOCUMENTS]
    judged = b"q1\t2\t1\n"  # the number of a row
    path = folder(tmp_path / "c", "test.tsv", judged, nameless)
    with pytest.raises(UserError, match=r"corpus.jsonl has no column _id or .* the judgements refer to ids"):
        load_collection(str(path))
    with pytest.raises(UserError, match=r"queries.jsonl has no column _id or .*query_id"):
        load_collection(
            str(folder(tmp_path / "d", "test.tsv", judged, DOCUMENTS, [{"key": "q1", "text": "a"}]))
        )
    (tmp_path / "topics.tsv").write_text("q1\tquery\n")
    with pytest.raises(UserError, match="the judgements refer to ids"):
        load_collection(
            str(path / "corpus.jsonl"), topics=tmp_path / "topics.tsv", qrels=path / "qrels" / "test.tsv"
        )
    assert load_collection(str(path / "corpus.jsonl")).corpus.ids == ("1", "2", "3", "4")


def test_a_line_of_judgements_that_is_no_csv_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_bytes(b"q1,d1,1\nq2," + b"x" * 200_000 + b",1\nq2,d2,1\n")
    problems: list[Problem] = []
    assert [judgement.document for judgement in read_judgements(tmp_path / "q.csv", problems)] == ["d1", "d2"]
    assert [(problem.kind, problem.where) for problem in problems] == [("broken line", "q.csv:2")]
