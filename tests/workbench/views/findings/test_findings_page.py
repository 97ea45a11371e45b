"""The page on findings, and pinning: a view is kept as it stands, found, renewed, deleted and brought back."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analyses.labels.findings import Finding, build_of, change, findings, last_deleted, pin
from data import permissions
from data.files import read_json
from one_page import html_of, opened
from own_study import rewrite
from retrieval.study import Study
from workbench.findings.exports import EXPORTS
from workbench.findings.pictures import figure_of
from workbench.page.evidence.tools import REPIN

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    shutil.copytree(tiny_study.path, tmp_path / "mine")
    monkeypatch.setattr(sys, "argv", ["app", str(tmp_path / "mine")])
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    return Study.open(tmp_path / "mine")


def press(app: AppTest, name: str) -> AppTest:
    next(button for button in app.button if button.label == name).click()
    app.run()
    assert not app.exception
    return app


def messages(app: AppTest) -> str:
    return " ".join(toast.value for toast in app.toast)


@pytest.mark.slow
def test_a_view_is_pinned_with_its_address_its_table_and_its_call(study: Study) -> None:
    app = press(opened("overview", idf="lucene", q="sum"), "Pin")
    assert "finding 1" in messages(app)
    (kept,) = findings(study)
    assert (kept.page, kept.parameters["idf"], kept.build) == ("overview", "lucene", build_of(study))
    assert "study" not in kept.parameters
    assert (kept.title, kept.rows) == ("Overview: mine", len(kept.frame()))
    assert "evaluation_table(study)" in kept.python
    assert figure_of(kept.chart).data
    assert "template" not in json.loads(kept.chart)["layout"]
    page = html_of(opened("findings"))
    assert "Overview: mine" in page
    assert "another build" not in page


@pytest.mark.slow
def test_a_finding_of_another_build_says_so_and_is_renewed_on_its_page(study: Study) -> None:
    old = change(
        study,
        pin(study, Finding("overview", {}, "old", "another", chart='{"data": []}', rows=1), "ada"),
        note=HOSTILE,
        section="Mine",
    )
    page = html_of(opened("findings"))
    assert "another build of the study" in page
    assert HOSTILE not in page
    assert "&lt;img" in page
    app = opened("overview")
    assert findings(study) == [old]  # nothing happens to it by itself
    app.session_state[REPIN] = old.id
    app.run()
    (now,) = findings(study)
    assert (now.build, now.title, now.note, now.section) == (build_of(study), "old", HOSTILE, "Mine")
    assert now.rows > 1
    assert "today's picture" in messages(app)
    assert REPIN not in app.session_state


@pytest.mark.slow
def test_findings_are_moved_deleted_and_brought_back(study: Study) -> None:
    for title in ("first", "second", "third"):
        pin(study, Finding("overview", {}, title, build_of(study)), "ada")
    app = opened("findings")
    downs = [button for button in app.button if button.label == "Down"]
    assert [button.disabled for button in downs] == [False, False, True]
    downs[0].click()
    app.run()
    assert [finding.title for finding in findings(study)] == ["second", "first", "third"]
    press(app, "Delete")
    assert [finding.title for finding in findings(study)] == ["first", "third"]
    assert last_deleted(study) is not None
    press(app, "Undo delete")
    assert [finding.title for finding in findings(study)] == ["second", "first", "third"]
    assert not [button for button in app.button if button.label == "Undo delete"]


@pytest.mark.slow
def test_a_shared_app_keeps_findings_in_the_session_alone(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {
        "python": f"study = Study.open({str(study.path)!r})\n",
        "command": f"workbench explain {study.path} -- -a",
    }
    pin(study, Finding("overview", {}, "the owner's", build_of(study), **calls), "ada")
    monkeypatch.setenv(permissions.VARIABLE, "1")
    before = (study.path / "notes.sqlite").read_bytes()
    app = press(opened("overview"), "Pin")
    assert "in this browser session" in messages(app)
    assert (study.path / "notes.sqlite").read_bytes() == before
    page = opened("findings")  # another session
    assert "the owner" in html_of(page)
    assert "export them before you leave" in html_of(page)
    assert not page.get("file_uploader")
    assert [code.value for code in page.code] == [
        "study = Study.open('mine')",
        "workbench explain mine -- -a",
    ]
    for one in EXPORTS:
        assert str(study.path.parent).encode() not in one.make(study)


@pytest.mark.slow
def test_a_study_built_again_is_another_build(study: Study) -> None:
    pin(study, Finding("overview", {}, "kept", build_of(study)), "ada")
    rewrite(study.path, seconds=read_json(study.path / "study.json")["seconds"] + 1)
    assert "another build of the study" in html_of(opened("findings"))
