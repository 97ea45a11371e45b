"""A paper's folder that comes from elsewhere: its names and links lead to no other folder."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from data.errors import UserError
from data.inside import inside
from workbench.paper.config import PaperConfig, read_config
from workbench.paper.measure.main_study import file_name
from workbench.paper.output.manifest import FORMAT, read_paper

ITEM = {
    "title": "t",
    "caption": "c",
    "facts": [],
    "files": ["retrieval.csv"],
    "shown": {"columns": ["a"], "rows": [["1"]]},
    "print": None,
}
ELSEWHERE = ("../secret", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "x\0y")


@pytest.fixture
def folder(tmp_path: Path, tiny_paper: str) -> Path:
    config = PaperConfig.from_dict(tomllib.loads(tiny_paper)).to_dict()
    made = tmp_path / "paper"
    made.mkdir()
    head = {"format": FORMAT, "title": "T", "command": "c", "versions": {}, "config": config}
    (made / "paper.json").write_text(json.dumps({**head, "items": {"retrieval": ITEM}}))
    (made / "retrieval.csv").write_text("a\n1\n")
    (tmp_path / "secret").write_text("secret")
    return made


def changed(folder: Path, items: Any) -> Path:
    record = json.loads((folder / "paper.json").read_text())
    (folder / "paper.json").write_text(json.dumps({**record, "items": items}))
    return folder


def test_a_paper_opens(folder: Path) -> None:
    assert [item.name for item in read_paper(folder).items] == ["retrieval"]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_name_leads_elsewhere(folder: Path, name: str) -> None:
    for items in ({name: ITEM}, {"retrieval": {**ITEM, "files": [name]}}):
        if not (name in (".", "..", "") and name in items):  # "..csv" is a file's name like any other
            with pytest.raises(UserError, match="without a folder"):
                read_paper(changed(folder, items))
    with pytest.raises(UserError, match="without a folder"):
        inside(folder, name, "it")


def test_no_link_leads_elsewhere(folder: Path) -> None:
    for link in ("retrieval.csv", "retrieval.md", "report.html"):
        (folder / link).unlink(missing_ok=True)
        (folder / link).symlink_to(folder.parent / "secret")
        with pytest.raises(UserError, match="a link to another folder"):
            read_paper(folder)
        (folder / link).unlink()


@pytest.mark.parametrize(
    "items", [[], {"retrieval": []}, {"retrieval": {**ITEM, "files": [1]}}, {"x": {}}, None]
)
def test_a_damaged_manifest_is_one_sentence(folder: Path, items: Any) -> None:
    with pytest.raises(UserError, match=r"is damaged|without a folder"):
        read_paper(changed(folder, items))


def test_names_of_a_configuration_become_plain_files(tmp_path: Path) -> None:
    for name in ("..", ".", "../x", "/etc/passwd", "a/../../b", "\0", "..."):
        assert inside(tmp_path, file_name(name), "it").parent == tmp_path
    with pytest.raises(UserError, match="is no file"):
        read_config(Path("../configs/embedded"))
