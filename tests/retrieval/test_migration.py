"""A study of format 1 is migrated by renaming its files; what it does not know is left alone."""

from __future__ import annotations

from pathlib import Path

from data.files import read_json
from retrieval.migration import FORMAT, OLD_FORMAT, migrate


def test_a_file_that_format_1_does_not_know_stays(tmp_path: Path) -> None:
    for name in ("lexical/indptr.npy", "lexical/notes.txt", "learned_sparse/index/mass.npy"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    migrate(tmp_path, {"format": OLD_FORMAT})
    assert (tmp_path / "lexical/notes.txt").read_text() == "lexical/notes.txt"
    assert not (tmp_path / "lexical/indptr.npy").exists()
    assert not (tmp_path / "learned_sparse").exists()
    contents = {file.read_text() for file in tmp_path.glob("vocabularies/**/*.npy")}
    assert contents == {"lexical/indptr.npy", "learned_sparse/index/mass.npy"}


def test_an_interrupted_migration_continues(tmp_path: Path) -> None:
    (tmp_path / "lexical").mkdir()
    (tmp_path / "lexical/indptr.npy").write_text("rows")
    migrate(tmp_path, {"format": OLD_FORMAT, "name": "mine"})
    assert migrate(tmp_path, {"format": OLD_FORMAT, "name": "mine"}) == {"format": FORMAT, "name": "mine"}
    assert read_json(tmp_path / "study.json") == {"format": FORMAT, "name": "mine"}
    assert [file.read_text() for file in tmp_path.glob("vocabularies/**/indptr.npy")] == ["rows"]
