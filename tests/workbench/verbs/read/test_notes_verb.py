"""The notes verb: what is set is listed, undone, exported and taken in; what cannot be is one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analyses.labels.latent_notes import LatentNote, latent_notes
from data.files import read_json, write_json
from retrieval.study import Study

Command = Callable[..., int]


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path) -> Study:
    return Study.open(shutil.copytree(tiny_study.path, tmp_path / "noted"))


@pytest.fixture
def run(command: Command, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*arguments: object) -> str:
        assert command(*arguments) == 0
        return capsys.readouterr().out

    return call


def test_set_list_undo(study: Study, run: Callable[..., str]) -> None:
    assert "No note on any latent" in run("notes", study.path)
    said = run("notes", study.path, "--set", 12, "--label", "negation", "--tag", "b", "--tag", "a")
    assert said == "label and tags of latent 12: changed\n"
    run("notes", study.path, "--set", 12, "--note", "also on hardly")
    assert latent_notes(study) == {12: LatentNote(12, "negation", ("a", "b"), "also on hardly")}
    assert "nothing to change" in run("notes", study.path, "--set", 12, "--label", "negation")
    (row,) = json.loads(run("notes", study.path, "--json"))
    assert row["label"] == "negation" != row["automatic_label"]
    assert "negation" in run("notes", study.path)
    assert run("notes", study.path, "--undo") == "note of latent 12: undone\n"
    run("notes", study.path, "--undo")
    assert latent_notes(study) == {}


def test_a_label_is_the_latents_name_in_every_verb(
    study: Study, run: Callable[..., str], tmp_path: Path
) -> None:
    run("notes", study.path, "--set", 12, "--label", "zzyzx", "--tag", "odd")
    assert "latent 12: zzyzx" in run("latent", study.path, 12)
    entry = json.loads(run("latent", study.path, 12, "--json"))
    assert entry["label"] == entry["statistics"]["label"] == "zzyzx" != entry["automatic_label"]
    assert entry["tags"] == ["odd"]
    found = json.loads(run("latents", study.path, "--where", "zzyzx", "--json"))
    assert [(row["latent"], row["how"]) for row in found][:1] == [(12, "label")]
    run("vocabulary-table", study.path, "--out", tmp_path / "v.csv")
    assert "zzyzx" in (tmp_path / "v.csv").read_text()


def test_out_and_into_another_study_of_the_same_sae(
    study: Study,
    run: Callable[..., str],
    command: Command,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    run("notes", study.path, "--set", 1, "--label", "one")
    run("notes", study.path, "--set", 2, "--label", "two")
    run("notes", study.path, "--export", tmp_path / "notes.json")
    assert run("notes", study.path, "--export", "-") == (tmp_path / "notes.json").read_text()
    run("notes", study.path, "--set", 2, "--label", "zwei")
    assert command("notes", study.path, "--import", tmp_path / "notes.json") == 2
    told = capsys.readouterr().err
    assert 'latent 2 (label "zwei" becomes "two")' in told
    assert told.count("\n") == 1
    assert latent_notes(study)[2].label == "zwei"
    run("notes", study.path, "--import", tmp_path / "notes.json", "--overwrite")
    assert latent_notes(study)[2].label == "two"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--undo",), "no change left to undo"),
        (("--label", "x"), "need a latent"),
        (("--set", "1"), "says nothing"),
        (("--set", "99999", "--label", "x"), "latent 99999 is outside"),
        (("--set", "1", "--label", "x" * 200), "expected 120 at most"),
        (("--undo", "--export", "x.json"), "too much at once"),
        (("--import", "no-such-file"), "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(
    study: Study,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    assert command("notes", study.path, *arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (study.path / "notes.sqlite").exists() or latent_notes(study) == {}


def test_a_file_of_another_sae_is_refused(
    study: Study,
    run: Callable[..., str],
    command: Command,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    run("notes", study.path, "--set", 1, "--label", "one")
    run("notes", study.path, "--export", tmp_path / "notes.json")
    write_json(tmp_path / "notes.json", read_json(tmp_path / "notes.json") | {"sae": "elsewhere"})
    assert command("notes", study.path, "--import", tmp_path / "notes.json", "--overwrite") == 2
    assert "another SAE" in capsys.readouterr().err
    assert latent_notes(study) == {1: LatentNote(1, "one")}
