"""The app that is shared with readers: every page, every door, and not a file or a process more than before."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from analyses.figures.style.print_style import Print
from analyses.labels import notes_file
from analyses.labels.explanation_model import ChatModel
from analyses.labels.latent_notes import LatentNote, annotate, latent_note, undoable
from analyses.labels.notes_json import notes_to_json
from analyses.latents.type_evidence.judgements import judge_latent
from data import permissions
from data.collections import load_collection
from data.errors import UserError
from data.files import new_folder, write_json
from one_page import html_of, opened
from retrieval.study import Study
from retrieval.systems import SYSTEMS
from retrieval.systems.kept_runs import add_run
from workbench.caches import papers
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job, Request
from workbench.page import links
from workbench.page.browser import open_page, running_app, settle
from workbench.page.serve import Sharing
from workbench.page.sharing import offers

OWN = "the owner's own"
PAGES_THAT_MEASURE = ("laws", "growth", "importance", "frequency-bands", "polysemy", "length", "types")


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study with a note of its owner, in a process that may only read, as a session is."""
    copied = Study.open(shutil.copytree(tiny_study.path, tmp_path / "shared"))
    annotate(copied, [LatentNote(3, OWN)], "owner")
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setenv(permissions.VARIABLE, "1")
    return copied


def contents(*folders: Path) -> Mapping[str, str]:
    """Every file below, and its SHA-256."""
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


def descendants(pid: int) -> list[int]:
    """The processes that a process and its own started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def test_every_door_refuses_in_a_sentence_and_leaves_nothing(study: Study, tmp_path: Path) -> None:
    before = contents(tmp_path)
    request = Request(["map"], str(tmp_path), "t", "app", 0.0)
    job = Job(tmp_path / "artifacts" / "jobs" / "1", request, "failed", None, None, None, None)
    doors = {
        "starts": [
            lambda: jobs.start(["map", str(study.path)], "Map"),
            lambda: jobs.resume(job),
            lambda: jobs.cancel(job),
            lambda: jobs.remove(job),
        ],
        "keeps no notes": [
            lambda: annotate(study, [LatentNote(1, "x")], "reader"),
            lambda: judge_latent(study, 1, "lexical", "reader"),
        ],
        "opens no path": [lambda: load_collection(str(tmp_path)), lambda: load_collection("hf:some/where")],
        "sends nothing": [lambda: ChatModel("http://127.0.0.1:9/v1", "m").reply([])],
    }
    for sentence, all_of_a_kind in doors.items():
        for door in all_of_a_kind:
            with pytest.raises(UserError, match=f"read-only: it .*{sentence.removeprefix('starts')}"):
                door()
    (tmp_path / "figure.json").write_text("{}")
    with pytest.raises(UserError, match="starts and changes no job"):
        papers.drawn(tmp_path, "figure", Print("column", 0.6, 8.0, True), "pdf")
    run = tmp_path / "a.trec"
    run.write_text(f"{study.queries.ids[0]} Q0 {study.corpus.ids[0]} 1 1.0 t\n")
    before = {**before, **contents(tmp_path)}
    with pytest.raises(OSError, match="read-only"):
        add_run(study, run, "mine", SYSTEMS)
    with pytest.raises(OSError, match="read-only"):
        write_json(study.path / "study.json", {})
    with pytest.raises(OSError, match="read-only"), new_folder(study.path / "map"):
        pass
    assert contents(tmp_path) == before


def test_two_readers_have_notes_of_their_own_and_the_study_keeps_its(study: Study) -> None:
    before, first, second = contents(study.path), {}, {}  # type: Any, Any, Any
    with notes_file.with_copies(first):
        assert latent_note(study, 3).label == OWN
        annotate(study, [LatentNote(3, "mine"), LatentNote(4, "new")], "reader", {3: LatentNote(3, OWN)})
        judge_latent(study, 1, "lexical", "reader")
        assert latent_note(study, 3).label == "mine"
        exported = json.loads(notes_to_json(study))
        assert undoable(study, "reader")
    assert {note["label"] for note in exported["latents"]} == {"mine", "new"}
    with notes_file.with_copies(second):
        assert latent_note(study, 3).label == OWN
        assert latent_note(study, 4).label == ""
    assert latent_note(study, 3).label == OWN
    assert contents(study.path) == before


@pytest.mark.parametrize("page", list(links.PAGES))
def test_no_page_writes_or_fails(
    study: Study, tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(study.path)])
    before = contents(tmp_path)
    app = opened(page, q="return the sum of an array", latent="3")
    offered = {button.label for button in app.button} & {
        "Start",
        "Measure it",
        "Fit them",
        "Count them",
        "Make the demo",
        "Make the card",
    }
    assert not offered
    assert not app.get("file_uploader")
    assert "Internal error" not in html_of(app)
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_written_opens_too(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs these tests may be an administrator, who may write anywhere: files refuse as the disk would."""
    monkeypatch.delenv(permissions.VARIABLE)
    monkeypatch.setattr("sys.argv", ["app", str(study.path)])
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("data.files.require_writable", refuse)
    before = contents(tmp_path)
    for page in PAGES_THAT_MEASURE:
        opened(page, q="return the sum of an array", latent="3")
    assert contents(tmp_path) == before


@pytest.fixture
def reading(study: Study, tmp_path: Path) -> Iterator[str]:
    with running_app([study.path], Sharing(read_only=True)) as address:
        yield address


@pytest.mark.browser
def test_a_reader_in_a_browser_changes_nothing_and_takes_the_notes_along(
    page: Any, reading: str, study: Study, tmp_path: Path
) -> None:
    before = contents(tmp_path)
    open_page(page, f"{reading}/latent?latent=3")
    page.get_by_text("Read-only: this app starts no job").wait_for()
    assert page.locator(".lt-heading").first.inner_text() == f"{OWN} #3"
    page.get_by_role("button", name="Edit").click()
    settle(page)
    page.get_by_label("Label", exact=True).fill("a reader's")
    settle(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".lt-heading").get_by_text("a reader's").wait_for()
    page.locator(".lt-places-nav a[href^='latents?']").click()
    page.get_by_role("button", name="Notes").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    exported = json.loads(Path(download.value.path()).read_text())
    assert [note["label"] for note in exported["latents"]] == ["a reader's"]
    for slug in ("train", "saes", "why", "importance", "map"):
        open_page(page, f"{reading}/{slug}")
    open_page(page, f"{reading}/latent?latent=3")  # a new session
    assert page.locator(".lt-heading").first.inner_text() == f"{OWN} #3"
    settle(page)
    assert contents(tmp_path) == before
    port = reading.rpartition(":")[2]
    (server,) = [
        pid
        for pid in descendants(os.getpid())
        if {"--server.port", port} <= set(Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
    ]
    assert not descendants(server)
    upload = urllib.request.Request(f"{reading}/_stcore/upload_file/a/b", b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(upload)


def test_the_line_is_said_only_where_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offers.may("start jobs")
    monkeypatch.setenv(permissions.VARIABLE, "1")
    assert not any(map(offers.may, permissions.ACTIONS))
