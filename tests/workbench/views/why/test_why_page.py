"""The page Why and its verb: the same numbers, a job for what is not measured, calm where nothing is judged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analyses.why.aspects import ASPECTS
from analyses.why.ladder.ladder import ladder
from analyses.why.ladder.names import cell_folder
from data.files import read_json, write_json
from one_page import html_of, opened
from retrieval.study import Study

pytestmark = pytest.mark.slow


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Study], None]:
    """Makes the app show a study."""
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    return lambda study: monkeypatch.setattr("sys.argv", ["app", str(study.path)])


def test_the_page_has_a_verdict_for_what_is_measured_and_a_job_for_the_rest(
    why_study: Study, at: Callable[[Study], None]
) -> None:
    at(why_study)
    app = opened("why")
    text = html_of(app)
    for aspect in ASPECTS.values():
        assert aspect.question in text
    made = ladder(why_study)
    assert made is not None
    assert made.sentences()[0] in text
    assert "random directions on layer 0" in text  # the null of the match
    offered = {
        button.key.removeprefix("measure ") for button in app.button if button.key and button.key != "pin"
    }
    assert offered == {name for name, one in ASPECTS.items() if one.read(why_study) is None}
    assert offered == {"k1", "pairs", "axioms", "known-truth"}


def test_a_chosen_cell_shows_its_queries_and_an_unknown_one_says_so(
    why_study: Study, at: Callable[[Study], None]
) -> None:
    at(why_study)
    text = html_of(opened("why", cell="wordpiece mean|trained SAE"))
    assert "trained SAE on wordpiece mean against the trained SAE" in text
    assert "has no cell" in html_of(opened("why", cell="nothing|at all"))


def test_without_judgements_the_page_is_calm(
    tiny_study: Study, at: Callable[[Study], None], tmp_path: Path
) -> None:
    folder = tmp_path / "unjudged"
    shutil.copytree(tiny_study.path, folder)
    write_json(folder / "qrels.json", {})
    at(Study.open(folder))
    text = html_of(opened("why"))
    assert "Nobody judged these queries" in text
    assert ASPECTS["ladder"].question not in text
    assert ASPECTS["known-truth"].question in text


def test_the_verb_gives_what_the_study_keeps(
    why_study: Study, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    record = {}
    for name in ("ladder", "scoring", "match"):
        assert command("why", why_study.path, "--only", name, "--json") == 0
        record |= json.loads(capsys.readouterr().out)
    made = ladder(why_study)
    assert made is not None
    assert record["ladder"] == made.to_dict()
    assert {"subsets", "shapley"} <= set(record["scoring"])
    assert 0 < record["match"]["soft_share_top10"] < 1
    assert {"exact", "inflected", "soft"} <= set(record["match"])


def test_an_unknown_aspect_is_one_sentence(
    why_study: Study, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("why", why_study.path, "--only", "nothing") != 0
    assert 'there is no aspect "nothing": choose one of ladder' in capsys.readouterr().err


def test_a_text_that_the_sae_was_not_trained_on_is_refused(
    why_study: Study,
    command: Callable[..., int],
    documents: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "again"
    shutil.copytree(why_study.path, folder)
    shutil.rmtree(folder / "why")
    assert command("why", folder, "--only", "ladder", "--text", documents) != 0
    told = capsys.readouterr().err
    assert "was trained on tiny" in told
    assert "give the text that it was trained on" in told
    assert read_json(folder / "study.json")["fingerprint"] == why_study.manifest["fingerprint"]


def test_a_dictionary_of_the_ladder_opens_as_a_study_with_the_cells_ranking(
    why_study: Study, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "means"
    assert command("why", why_study.path, "--open", "wordpiece means", "--out", out) == 0
    assert "wordpiece means" in capsys.readouterr().out
    study, made = Study.open(out), ladder(why_study)
    assert made is not None
    cell = made.cell("as they are", "wordpiece means")
    assert cell is not None
    assert study.evaluation["latent"]["nDCG@10"] == pytest.approx(cell["nDCG@10"], abs=1e-12)
    assert command("why", why_study.path, "--open", "trained SAE", "--out", out) != 0
    assert "is the study itself" in capsys.readouterr().err


def test_a_cell_offers_its_study_and_leads_to_it_once_it_is_there(
    why_study: Study, at: Callable[[Study], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "studies" / "tiny"
    shutil.copytree(why_study.path, folder)
    study = Study.open(folder)
    at(study)
    cell = "as they are|wordpiece means"
    app = opened("why", cell=cell, idf="lucene")
    assert "open as they are wordpiece means" in {button.key for button in app.button}
    made = cell_folder(study, "as they are", "wordpiece means")
    shutil.copytree(why_study.path, made)
    assert "was not started with" in html_of(opened("why", cell=cell))
    monkeypatch.setattr("sys.argv", ["app", str(folder.parent)])
    assert f"study={made.name}" in html_of(opened("why", study="tiny", cell=cell))
