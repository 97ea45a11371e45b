"""A comparison of SAEs that takes long is a job, which makes what the page then reads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from one_page import buttons, html_of, opened
from retrieval.study import Study
from workbench.making import laboratory

SHOWN = "Mean and spread over these 2 SAEs"


def test_the_offered_job_makes_what_the_page_reads(
    tiny_study: Study, silent_study: Path, command: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    start = "workbench.page.work.offer.jobs.start"
    monkeypatch.setattr(start, lambda argv, title: started.append(list(argv)))
    monkeypatch.setattr(sys, "argv", ["app", str(tiny_study.path), str(silent_study)])
    address = {"study": tiny_study.path.name, "others": silent_study.name}
    monkeypatch.setattr(laboratory, "PAIR_SECONDS", 1e9)
    app = opened("saes", **address)
    assert "Compare them" in buttons(app)
    assert SHOWN not in html_of(app)
    next(button for button in app.button if button.label == "Compare them").click().run()
    assert started == [["compare-saes", str(tiny_study.path.resolve()), str(silent_study.resolve())]]
    assert command(*started[0]) == 0
    monkeypatch.setattr(sys, "argv", ["app", str(tiny_study.path), str(silent_study)])
    app = opened("saes", **address)
    assert "Compare them" not in buttons(app)
    assert SHOWN in html_of(app)
