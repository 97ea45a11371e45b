"""Uploads: kept by content, unpacked into their own folder, and refused whole where a name or a size is hostile."""

from __future__ import annotations

import gzip
import io
import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import permissions
from data.collections import load_collection
from data.errors import UserError
from data.readers.beir import splits_of
from data.readers.first_rows import first_rows
from data.readers.tabular import Columns
from data.uploads import LONGEST_NAME, keep_upload, plain_name

CORPUS = "".join(json.dumps({"_id": one, "text": f"the {one} sleeps"}) + "\n" for one in ("cat", "dog"))
QUERIES = json.dumps({"_id": "q", "text": "who sleeps"}) + "\n"
QRELS = "query-id\tcorpus-id\tscore\nq\tcat\t1\n"
BEIR = {"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels/dev.tsv": QRELS}


def zipped(files: Mapping[str, str | bytes], **facts: int) -> bytes:
    """A zip of these files; facts: what the last entry says of itself."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for position, (name, content) in enumerate(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for fact, value in (facts if position == len(files) - 1 else {}).items():
                setattr(entry, fact, value)
            archive.writestr(entry, content)
    return out.getvalue()


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("home", ["", "scifact/", "a/b/"])
def test_a_zip_of_a_beir_folder_is_that_folder(home: str, tmp_path: Path) -> None:
    files = {f"{home}{name}": text for name, text in BEIR.items()}
    content = zipped(
        {**files, f"{home}notes.txt": "x", "__MACOSX/corpus.jsonl": "x", "other/qrels/a.tsv": "x"}
    )
    kept = keep_upload("My data (1).ZIP", content, tmp_path)
    assert kept.name == "My-data-1"
    assert written(kept) == set(BEIR)
    assert splits_of(kept) == ["dev"]
    collection = load_collection(str(kept), "dev")
    assert (list(collection.corpus.ids), collection.qrels) == (["cat", "dog"], {"q": {"cat": 1}})
    assert keep_upload("My data (1).ZIP", content, tmp_path) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.jsonl", "/etc/evil", "a/../../evil", "..", "C:/evil", "..\\evil", "a\\b"),
        *("qrels/../../evil.tsv", "corpus.jsonl/../../evil"),
    ],
)
def test_a_name_that_leads_out_refuses_the_whole_zip(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leads out of its folder"):
        keep_upload("a.zip", zipped({**BEIR, name: "x"}), tmp_path / "uploads")
    assert not written(tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a link or a device"):
        keep_upload(
            "a.zip", zipped({**BEIR, "qrels/test.tsv": "/etc/passwd"}, external_attr=kind << 16), tmp_path
        )
    assert not written(tmp_path)


def test_size_is_what_is_counted_and_not_what_the_zip_says(tmp_path: Path) -> None:
    big = zipped({"corpus.jsonl": b"0" * 100_000})
    assert len(big) < 1000
    where = big.rindex(b"PK\x01\x02") + 24  # the size in the central directory
    lying = big[:where] + (10).to_bytes(4, "little") + big[where + 4 :]
    for content in (big, lying):
        with pytest.raises(UserError, match=r"more than 50,000 bytes|cannot be unpacked"):
            keep_upload("a.zip", content, tmp_path, most_bytes=50_000)
    bomb = gzip.compress(b"0" * 100_000)
    for name, content in (("a.csv.gz", bomb), ("a.zip", zipped({"corpus.jsonl.gz": bomb}))):
        with pytest.raises(UserError, match="more than 50,000 bytes"):
            keep_upload(name, content, tmp_path, most_bytes=50_000)
    assert not written(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.zip", b"PK no zip", "cannot be unpacked"),
        ("a.zip", zipped(BEIR)[:-30], "cannot be unpacked"),
        ("a.zip", zipped({"readme.txt": "x"}), "no corpus.jsonl"),
        ("a.zip", zipped({"x/corpus.jsonl": CORPUS, "x/Corpus.jsonl": CORPUS}), ""),
        ("a.zip", zipped({f"{number}": "" for number in range(2100)}), "2,100 entries"),
        ("a.csv.gz", b"not gzip", "not gzip"),
        ("a.csv", b"", "is empty"),
        ("a.exe", b"x", "of no kind"),
        ("csv", b"x", "of no kind"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    name: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    if not sentence:  # names that differ in case alone are other files, and one of them is the corpus
        assert written(keep_upload(name, content, tmp_path)) == {"corpus.jsonl"}
        return
    with pytest.raises(UserError, match=sentence):
        keep_upload(name, content, tmp_path)
    assert not written(tmp_path)


@given(st.text(max_size=200))
def test_a_plain_name_is_one_plain_part_of_a_path(name: str) -> None:
    plain = plain_name(name)
    assert plain == Path(plain).name
    assert 0 < len(plain) <= LONGEST_NAME
    assert not plain.startswith((".", "-"))
    assert not set(plain) & set("/\\\0\n ")


def test_a_table_is_kept_by_its_content(tmp_path: Path) -> None:
    first = keep_upload("docs.CSV", b"id,text\n1,a\n", tmp_path)
    assert first.read_bytes() == b"id,text\n1,a\n"
    assert first.name == "docs.csv"
    assert keep_upload("docs.csv", b"id,text\n1,a\n", tmp_path) == first
    assert keep_upload("docs.csv", b"id,text\n1,b\n", tmp_path).parent != first.parent
    assert len(load_collection(str(first)).corpus) == 1


def test_a_shared_app_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.VARIABLE, "1")
    with pytest.raises(UserError, match="read-only"):
        keep_upload("docs.csv", b"id,text\n1,a\n", tmp_path)
    assert not written(tmp_path)


def test_columns_are_guessed_by_their_usual_names(tmp_path: Path) -> None:
    table = tmp_path / "docs.csv"
    table.write_text("Docno,year,Title,Body\n7,1990,One,First text\n8,1991,Two,Second text\n")
    read = first_rows(table, 1)
    assert read.columns == ("Docno", "year", "Title", "Body")
    assert read.guessed == Columns("Docno", "Body", "Title")
    assert read.rows == ({"Docno": "7", "year": "1990", "Title": "One", "Body": "First text"},)
    assert list(load_collection(str(table), columns=read.guessed).corpus.ids) == ["7", "8"]
    other = tmp_path / "docs.jsonl"
    other.write_text('{"words": "a b"}\nbroken\n{"words": "c", "n": 1}\n')
    read = first_rows(other)
    assert (read.columns, read.guessed) == (("words", "n"), Columns())
    assert len(load_collection(str(other), columns=Columns(text="words")).corpus) == 2
