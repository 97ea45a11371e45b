"""Explanations on the latent page and by the verb: asked for, kept, shown beside the control, or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chat_server as chat
from analyses.labels.explanations import explanations
from retrieval.study import Study
from workbench.page.browser import open_page, settle
from workbench.page.model_settings import ModelSettings, read_settings, settings_file, write_settings

LINE = '<b>"one" & all</b>'


@pytest.fixture
def study(silent_study: Path) -> Iterator[Study]:
    yield Study.open(silent_study)
    (silent_study / "notes.sqlite").unlink(missing_ok=True)


@pytest.fixture
def latent(study: Study) -> int:
    return int(np.argmin(np.abs(study.index.document_frequency - 40)))


@pytest.mark.browser
def test_a_model_is_asked_and_its_line_shown_beside_the_control(
    page: Any, app: str, study: Study, latent: int
) -> None:
    open_page(page, f"{app}/latent?study=silent&latent={latent}")
    page.wait_for_selector(".lt-context")
    page.get_by_role("radio", name="Explanation").click()
    page.get_by_text("nothing is sent before you ask").wait_for()
    page.get_by_label("Address, OpenAI-compatible").fill("http://127.0.0.1:9/v1")
    page.get_by_label("Model").fill("by rule")
    page.get_by_role("button", name="Send and explain").click()
    page.get_by_text("cannot be reached").wait_for()
    assert explanations(study) == []
    with chat.chat_server(chat.reader(lambda _: LINE, lambda *_: True)) as server:
        page.get_by_label("Address, OpenAI-compatible").fill(server.url)
        page.get_by_role("button", name="Send and explain").click()
        page.wait_for_selector(".lt-said")
        settle(page)
    assert page.locator(".lt-said").inner_text() == LINE
    assert page.get_by_text("0.50 (0.35 to 0.65), of 40").count() == 4  # a yes-sayer's, and its control's
    assert page.get_by_text(f"“{LINE}” says by rule; balanced accuracy 0.50, control 0.50").count() == 1
    (kept,) = explanations(study)
    assert (kept.latent, kept.text, kept.detection.hits) == (latent, LINE, kept.detection.n_firing)


def test_the_verb_says_what_it_would_send_remembers_the_model_and_keeps_what_it_says(
    tiny_study: Study,
    tmp_path: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = Study.open(shutil.copytree(tiny_study.path, tmp_path / "explained"))
    first, second = np.argsort(np.abs(study.index.document_frequency - 40), kind="stable")[:2].tolist()
    assert command("explain-latents", study.path, first) == 2
    assert "no model is known yet" in capsys.readouterr().err
    assert command("explain-latents", study.path, first, second, "--cost", "--json") == 0
    requests = json.loads(capsys.readouterr().out)["requests"]
    with chat.chat_server(chat.reader(lambda _: LINE, lambda *_: False)) as server:
        told = ("explain-latents", study.path, first, second, "--url", server.url, "--model", "m")
        assert command(*told, "--json") == 0
        made = json.loads(capsys.readouterr().out)
        assert len(server.bodies) == requests
        assert (
            command("explain-latents", study.path, second, "--model", "n") == 0
        )  # the address is remembered
        assert f"latent {second}: {LINE}" in capsys.readouterr().out
    assert [each["latent"] for each in made] == [first, second]
    assert made[0]["measures"][0] == {
        "of": "explanation",
        "measure": "precision",
        "value": None,
        "low": 0.0,
        "high": 1.0,
        "n": 0,
    }
    assert {each.model for each in explanations(study)} == {"m", "n"}
    assert command("latent", study.path, first, "--json") == 0
    assert json.loads(capsys.readouterr().out)["explanations"] == made[:1]


def test_settings_hold_no_key_and_broken_ones_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    assert read_settings() == ModelSettings()
    write_settings(ModelSettings("http://a/v1", "m"))
    assert read_settings() == ModelSettings("http://a/v1", "m")
    assert set(json.loads(settings_file().read_text())) == {"url", "model"}
    for broken in ("", "[]", '{"url": 1}', "\xff"):
        settings_file().write_text(broken, "latin-1")
        assert read_settings() == ModelSettings()
