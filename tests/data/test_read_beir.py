"""BEIR folders: complete, broken and real ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from data.corpus import Collection, Problem
from data.errors import UserError
from data.readers.beir import read_beir

CORPUS = [
    {"_id": "d1", "title": "Kites", "text": "They fly."},
    {"_id": "d2", "title": "", "text": "No title here."},
    {"_id": "d 3", "title": "Only a title", "text": ""},
]
QUERIES = [
    {"_id": "q1", "text": "what flies"},
    {"_id": "q2", "text": "unjudged"},
    {"_id": "q3", "text": "title"},
]
QRELS = "query-id\tcorpus-id\tscore\nq3\td 3\t2\nq1\td1\t1\nq1\td2\t0\n"


def json_lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def make_folder(
    folder: Path, corpus: bytes | None = None, queries: bytes | None = None, qrels: bytes | None = None
) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_bytes(json_lines(CORPUS) if corpus is None else corpus)
    (folder / "queries.jsonl").write_bytes(json_lines(QUERIES) if queries is None else queries)
    (folder / "qrels" / "test.tsv").write_bytes(QRELS.encode() if qrels is None else qrels)
    return folder


def kinds(collection: Collection) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in collection.problems]


def test_a_document_is_title_space_text_and_queries_are_those_judged(tmp_path: Path) -> None:
    collection = read_beir(make_folder(tmp_path / "toy"))
    assert collection.name == "toy"
    assert collection.corpus.ids == ("d1", "d2", "d 3")
    assert collection.corpus.texts == ("Kites They fly.", "No title here.", "Only a title")
    assert collection.corpus.titles == ("Kites", "", "Only a title")
    assert collection.queries.ids == ("q1", "q3")
    assert collection.qrels == {"q1": {"d1": 1, "d2": 0}, "q3": {"d 3": 2}}
    assert collection.problems == ()


def test_gzip_byte_order_mark_crlf_blank_lines_and_no_header_change_nothing(tmp_path: Path) -> None:
    plain = read_beir(make_folder(tmp_path / "plain"))
    folder = make_folder(tmp_path / "dressed")
    for path in [*folder.glob("*.jsonl"), *folder.glob("qrels/*.tsv")]:
        content = path.read_bytes().replace(b"query-id\tcorpus-id\tscore\n", b"")
        dressed = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n\r\n") + b"   \n"
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(dressed))
        path.unlink()
    dressed_up = read_beir(folder)
    assert (dressed_up.corpus, dressed_up.queries, dressed_up.qrels) == (
        plain.corpus,
        plain.queries,
        plain.qrels,
    )
    assert dressed_up.problems == ()


def test_every_broken_line_is_reported_where_it_stands_and_the_rest_is_read(tmp_path: Path) -> None:
    corpus = b"\n".join(
        [
            b'{"_id": "a", "text": "first"}',
            b'{"_id": "a", "text": "second"}',
            b"{not json",
            b"[1, 2]",
            b'{"text": "no id"}',
            b'{"_id": 7, "text": "whole number"}',
            b'{"_id": true, "text": "not an id"}',
            b'{"_id": "e", "text": null}',
            b'{"_id": "l", "text": ["a list"]}',
            b'{"_id": "bad", "text": "caf\xe9"}',
            b'{"_id": "half", "text": "\\ud83d"}',
        ]
    )
    queries = b'{"_id": 1, "text": "one"}\n{"_id": "2", "text": ""}\n{"_id": "3", "text": "three"}\n'
    qrels = b"1\ta\t1\n1\tnowhere\t1\n9\ta\t1\n1\ta\t0\n2\t7\t1.0\n2\tonly two\n2\ta\tmuch\n3\tnowhere\t1\n"
    collection = read_beir(make_folder(tmp_path / "broken", corpus, queries, qrels))
    assert collection.corpus.ids == ("a", "7", "e", "bad", "half")
    assert collection.corpus.texts == ("first", "whole number", "", "caf\ufffd", "\ufffd")
    assert collection.queries.ids == ("1", "2")
    assert collection.qrels == {"1": {"a": 1}, "2": {"7": 1}}
    assert set(kinds(collection)) == {
        ("duplicate id", "corpus.jsonl:2"),
        ("broken line", "corpus.jsonl:3"),
        ("broken line", "corpus.jsonl:4"),
        ("broken line", "corpus.jsonl:5"),
        ("broken line", "corpus.jsonl:7"),
        ("empty text", "corpus.jsonl:8"),
        ("broken line", "corpus.jsonl:9"),
        ("bad UTF-8", "corpus.jsonl:10"),
        ("empty text", "queries.jsonl:2"),
        ("unknown document", "test.tsv:2"),
        ("unknown query", "test.tsv:3"),
        ("duplicate judgement", "test.tsv:4"),
        ("broken line", "test.tsv:6"),
        ("broken line", "test.tsv:7"),
        ("unknown document", "test.tsv:8"),
        ("query without judgement", "test.tsv:8"),
    }
    assert len(collection.problems) == 16
    assert all(isinstance(problem, Problem) and problem.detail for problem in collection.problems)


def test_line_separators_inside_json_strings_do_not_cut_lines(tmp_path: Path) -> None:
    text = "one\u2028two\x85three\x0bfour" + "x" * 1_000_000
    line = json.dumps({"_id": "d1", "text": text}, ensure_ascii=False).encode()
    collection = read_beir(make_folder(tmp_path / "separators", line, qrels=b"q1\td1\t1\n"))
    assert collection.corpus.texts == (text,)
    assert collection.problems == ()


def test_a_folder_without_queries_is_a_corpus_and_one_without_qrels_has_all_queries(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "toy")
    (folder / "qrels" / "test.tsv").unlink()
    assert read_beir(folder).queries.ids == ("q1", "q2", "q3")
    assert read_beir(folder).qrels == {}
    (folder / "queries.jsonl").unlink()
    assert len(read_beir(folder).queries) == 0


def test_jsonl_qrels_give_what_tsv_qrels_give(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "toy")
    from_tsv = read_beir(folder)
    rows = [line.split("\t") for line in QRELS.splitlines()[1:]]
    objects = [{"query-id": row[0], "corpus-id": row[1], "score": int(row[2])} for row in rows]
    (folder / "qrels" / "test.tsv").unlink()
    for place in ("qrels/test.jsonl", "qrels.jsonl"):
        (folder / place).write_bytes(json_lines(objects))
        assert read_beir(folder).qrels == from_tsv.qrels
        (folder / place).unlink()


@pytest.mark.parametrize(
    ("corpus", "qrels", "message"),
    [
        (b"", None, "holds no document.*empty"),
        (b"{}\n", None, "has no column text"),
        (b"junk\njunk\n", None, "holds no document.*corpus.jsonl:1"),
        (None, b"other\tids\t1\n", "do their ids belong together"),
        (None, b"", "judges no document"),
    ],
)
def test_a_wholly_unusable_file_is_one_sentence(
    tmp_path: Path, corpus: bytes | None, qrels: bytes | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        read_beir(make_folder(tmp_path / "unusable", corpus=corpus, qrels=qrels))


def test_a_missing_split_names_the_others_and_a_cut_off_gzip_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "toy")
    with pytest.raises(UserError, match="no qrels for split 'dev': its splits are test"):
        read_beir(folder, "dev")
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(UserError, match="no BEIR folder"):
        read_beir(folder)
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(json_lines(CORPUS) * 100)[:-20])
    with pytest.raises(UserError, match="damaged or not gzip"):
        read_beir(folder)


@pytest.mark.parametrize(
    ("name", "split", "n_docs", "n_queries", "n_judgements"),
    [
        ("scifact", "test", 5183, 300, 339),
        ("scifact", "train", 5183, 809, 919),
        ("limit-small", "test", 46, 1000, 2000),
        ("limit-rebuilt-50k", "test", 50_000, 1000, 2000),
        ("train-openstax-ccbyncsa", "test", 22_449, 0, 0),
    ],
)
def test_real_collections_are_read_whole(
    shared_collections: Path, name: str, split: str, n_docs: int, n_queries: int, n_judgements: int
) -> None:
    collection = read_beir(shared_collections / name, split)
    assert len(collection.corpus) == n_docs
    assert len(collection.queries) == n_queries
    assert sum(map(len, collection.qrels.values())) == n_judgements
    assert collection.problems == ()
