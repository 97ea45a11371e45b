"""A study that is broken beside a healthy one is skipped, and the page says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from one_page import html_of, opened
from retrieval.study import Study


@pytest.fixture
def both(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tiny_study.path, tmp_path / "healthy")
    (tmp_path / "a-broken").mkdir()
    (tmp_path / "a-broken" / "study.json").write_text("{")
    monkeypatch.setattr("sys.argv", ["app", str(tmp_path)])


def test_the_first_study_that_opens_is_shown(both: None) -> None:
    app = opened("overview")
    assert app.query_params["study"] in ("healthy", ["healthy"])
    assert "Left out, since they cannot be opened: a-broken" in html_of(app)
    assert "healthy" in html_of(app)


def test_a_broken_study_that_is_chosen_is_an_error(both: None) -> None:
    app = opened("overview", study="a-broken")
    assert "Nothing to show" in html_of(app)
    assert "study.json" in html_of(app)
