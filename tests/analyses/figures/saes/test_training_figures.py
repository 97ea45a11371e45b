"""The training log's table says what the log says, and the curves what the table says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.figures.saes.training import PANELS, training_figure
from analyses.saes.training_log import COLUMNS, thinned, training_log
from sae.in_memory import ArraySource
from sae.train import TrainConfig, TrainStep, train


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, list[TrainStep]]]:
    """Two real runs of a very small SAE, and what they reported."""
    folder = tmp_path_factory.mktemp("runs")
    states = np.random.default_rng(0).standard_normal((1_000, 16)).astype(np.float16)
    reported: dict[str, list[TrainStep]] = {}
    for seed in (0, 1):
        name = f"seed-{seed}"
        reported[name] = []
        config = TrainConfig(n_tokens=6_400, n_latents=64, k=4, batch_size=64, log_every=5, seed=seed)
        train(config, ArraySource(states), folder / name, on_step=reported[name].append)
    return {name: folder / name / "log.jsonl" for name in reported}, reported


def test_a_row_a_line_of_each_run(
    logs: tuple[dict[str, Path], dict[str, list[TrainStep]]], tmp_path: Path
) -> None:
    paths, reported = logs
    table = training_log({**paths, "not yet": tmp_path / "log.jsonl"})
    assert tuple(table.columns) == COLUMNS
    for run, lines in reported.items():
        part = table[table["run"] == run].drop(columns="run")
        assert [TrainStep(**row) for row in part.to_dict("records")] == lines


def test_a_line_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    whole = json.dumps(dict.fromkeys(COLUMNS[1:], 1))
    log.write_text(f'{whole}\n{{"step": 1, "loss": 2}}\n{whole[:20]}')
    assert len(training_log({"run": log})) == 1
    assert training_log({"none": tmp_path / "nothing"}).empty


def test_each_panel_has_a_line_a_run(logs: tuple[dict[str, Path], dict[str, list[TrainStep]]]) -> None:
    table = training_log(logs[0])
    chart = training_figure(table)
    assert len(chart.data) == 2 * len(PANELS)
    for number, line in enumerate(chart.data):
        part = table[table["run"] == line.name]
        np.testing.assert_array_equal(line.x, part["tokens"])
        np.testing.assert_array_equal(line.y, part[list(PANELS)[number % len(PANELS)]])
    assert training_figure(table.head(0)).data == ()
    assert tuple(chart.layout.xaxis.range) == (0, 6_400)


def test_a_name_is_text() -> None:
    table = training_log({}).reindex(range(1)).fillna(1.0).assign(run="<b>bold</b>")
    assert all("<b>bold" not in line.name + line.hovertemplate for line in training_figure(table).data)


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    n_rows=st.integers(1, 20),
)
def test_thinning_keeps_the_last_row_and_the_order(lengths: list[int], n_rows: int) -> None:
    import pandas as pd

    log = pd.DataFrame(
        [(f"run {i}", step) for i, length in enumerate(lengths) for step in range(length)],
        columns=["run", "step"],
    )
    thin = thinned(log, n_rows)
    for i, length in enumerate(lengths):
        steps = thin.loc[thin["run"] == f"run {i}", "step"].tolist()
        assert steps == sorted(set(steps))
        assert steps[-1] == length - 1
        assert len(steps) <= n_rows
        assert length > n_rows or len(steps) == length
        assert len(set(np.diff(steps))) <= 1
