"""Tables of documents: the same table in every format is the same corpus."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.readers.tabular import Columns, read_table

TABLE = pd.DataFrame(
    {
        "docno": ["a", "b c", "d"],
        "contents": ['He said "no", twice.', "line one\nline two", "café"],
        "title": ["First", "", "Third"],
        "year": [1999, 2000, 2001],
    }
)
TEXTS = ('First He said "no", twice.', "line one\nline two", "Third café")


def write(table: pd.DataFrame, path: Path) -> Path:
    match path.suffixes[0]:
        case ".jsonl":
            table.to_json(path, orient="records", lines=True)
        case ".csv":
            table.to_csv(path, index=False)
        case ".parquet":
            table.to_parquet(path)
    return path


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.csv", "t.csv.gz", "t.parquet"])
def test_every_format_gives_the_same_corpus(tmp_path: Path, name: str) -> None:
    collection = read_table(write(TABLE, tmp_path / name))
    assert collection.corpus.ids == ("a", "b c", "d")
    assert collection.corpus.texts == TEXTS
    assert collection.corpus.titles == ("First", "", "Third")
    assert (len(collection.queries), collection.qrels, collection.problems) == (0, {}, ())


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv", "t.parquet"])
def test_named_columns_are_read_instead_of_the_usual_ones(tmp_path: Path, name: str) -> None:
    path = write(TABLE, tmp_path / name)
    corpus = read_table(path, Columns(id="year", text="docno", title="contents")).corpus
    assert corpus.ids == ("1999", "2000", "2001")
    assert corpus.texts[0] == 'He said "no", twice. a'
    with pytest.raises(
        UserError, match="no text column 'prose': its columns are docno, contents, title, year"
    ):
        read_table(path, Columns(text="prose"))
    with pytest.raises(UserError, match=r"no column text or .*its columns are docno, title, year"):
        read_table(write(TABLE.drop(columns="contents"), path))


def test_without_an_id_column_ids_are_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a"}\n\n{"text": "b"}\n')
    assert read_table(tmp_path / "t.jsonl").corpus.ids == ("1", "3")
    (tmp_path / "t.csv").write_text('text\na\n"b\nb"\nc\n')
    assert read_table(tmp_path / "t.csv").corpus.ids == ("2", "3", "5")
    TABLE[["contents"]].to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").corpus.ids == ("1", "2", "3")


def test_parquet_leaves_vectors_alone_and_reads_categories_and_missing_values(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": [1.0, 2.0], "text": ["a", None], "embedding": [[0.1, 0.2], [0.3, 0.4]]})
    table["title"] = pd.Categorical(["T", "T"])
    table.to_parquet(tmp_path / "t.parquet")
    collection = read_table(tmp_path / "t.parquet")
    assert collection.corpus.ids == ("1", "2")
    assert collection.corpus.texts == ("T a", "T")


def test_broken_csv_rows_are_reported_at_their_first_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(
        b'id,text\r\n1,one\r\n2,two,too many\r\n\r\n3\r\n"4","fo"ur\r\n5,"five\r\nfive"\r\n6,"never closed\r\n7,x'
    )
    collection = read_table(path)
    assert collection.corpus.ids == ("1", "5")
    assert collection.corpus.texts == ("one", "five\r\nfive")
    assert [(problem.kind, problem.where) for problem in collection.problems] == [
        ("broken line", "t.csv:3"),
        ("broken line", "t.csv:5"),
        ("broken line", "t.csv:6"),
        ("broken line", "t.csv:9"),
    ]


def test_a_tsv_is_never_quoted_and_fields_may_be_long(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('id\ttext\n1\t"open\n2\t' + "x" * 300_000 + "\n")
    collection = read_table(tmp_path / "t.tsv")
    assert collection.corpus.texts == ('"open', "x" * 300_000)
    assert collection.problems == ()


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
        min_size=1,
        unique=True,
    )
)
@settings(max_examples=50)
def test_csv_and_parquet_carry_any_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("any")
    table = pd.DataFrame({"id": [f"d{i}" for i in range(len(texts))], "text": texts})
    for name in ("t.csv", "t.parquet"):
        assert read_table(write(table, folder / name)).corpus.texts == tuple(texts)


@pytest.mark.parametrize("name", ["t.parquet", "t.parquet.gz", "t.csv.gz", "t.jsonl", "t.csv", "t.docx"])
def test_a_file_of_something_else_is_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(UserError, match="is not a"):
        read_table(path)
    path.write_bytes(b"\x00\xff\xfe junk \x80")
    with pytest.raises(UserError, match=r"t\."):
        read_table(path)


def test_a_gzipped_parquet_file_is_read(tmp_path: Path) -> None:
    content = write(TABLE, tmp_path / "t.parquet").read_bytes()
    (tmp_path / "u.parquet.gz").write_bytes(gzip.compress(content))
    assert read_table(tmp_path / "u.parquet.gz").corpus.texts == TEXTS
