"""A plan: one share of a whole job that never falls, from what its steps report and from the clock."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jobs.job_folder import STATUS
from workbench.jobs.plan import Plan, Step
from workbench.jobs.progress import StageProgress, StatusFile

STEPS = (
    Step("Train", "Encode", 10.0),
    Step("Train", "Fit", 30.0),
    Step("Index", "Read", 40.0),
    Step("Complete", "map", 15.0, reports=False),
    Step("Complete", "laws", 5.0, reports=False),
)
STAGES = st.sampled_from([*(step.title for step in STEPS), "something else"])


def test_a_share_is_of_the_estimated_seconds_of_all_steps() -> None:
    now = [0.0]
    plan = Plan(STEPS, lambda: now[0])
    assert (plan.at("Encode", 0, 10).share, plan.at("Encode", 5, 10).share) == (0.0, 0.05)
    plan.at("Fit", 0, 2)
    whole = plan.at("Fit", 1, 2)
    assert (whole.share, whole.left, whole.phase, whole.phases[0]) == (0.25, 75.0, 0, "Train")
    now[0] = 60.0  # half of the training took a minute: so will the rest
    assert plan.at("Fit", 1, 2).left == 60.0 + 60.0
    plan.at("Read", 2, 2)
    whole = plan.at("a stage of its own", 1, 9)
    assert (whole.share, whole.phase) == (0.8, 1)
    plan.enter("map")
    now[0] += 7.5
    assert plan.at("any", 0, 1).share == pytest.approx(0.875)
    now[0] += 1000
    assert plan.at("any", 1, 1).share == pytest.approx(0.8 + 0.15 * 0.95)
    assert plan.enter("laws").phases[plan.enter("laws").phase] == "Complete"


@given(st.lists(st.tuples(STAGES, st.integers(0, 9), st.integers(0, 9), st.floats(0, 100)), max_size=40))
def test_it_never_goes_back(reports: list[tuple[str, int, int, float]]) -> None:
    now, before = [0.0], 0.0
    plan = Plan(STEPS, lambda: now[0])
    for stage, done, total, seconds in reports:
        now[0] += seconds
        whole = plan.at(stage, done, total)
        assert before <= whole.share <= 1
        assert whole.left >= 0
        before = whole.share


def test_a_status_tells_of_the_whole_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.jobs.progress.SECONDS_BETWEEN_STATUSES", 0.0)
    with StageProgress(silent=True) as progress:
        progress._status = StatusFile(tmp_path / "status.json")
        progress.plan = Plan(STEPS)
        progress("Fit", 1, 2)
        status = STATUS.validate_json((tmp_path / "status.json").read_bytes())
        assert status.share == 0.25
        assert status.seconds_left == 75.0
        progress.enter("map")
        status = STATUS.validate_json((tmp_path / "status.json").read_bytes())
        assert status.whole
        assert (status.stage, status.whole.phase) == ("map", 2)
    older = {name: value for name, value in asdict(status).items() if name != "whole"}
    assert STATUS.validate_json(json.dumps(older)).share == 0.0
    assert time.time() >= status.updated
