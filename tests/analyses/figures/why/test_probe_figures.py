"""Figures of the probes show each system's number where its row is, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyses.figures.why.axioms import axioms_figure
from analyses.figures.why.known_truth import known_truth_figure, running_median
from analyses.figures.why.pairs import pairs_figure
from analyses.why.axioms import RANDOM
from analyses.why.known_truth import known_truth
from analyses.why.reading.synthetic import Setting
from retrieval.systems import LATENT, LEXICAL


def pairs_summary() -> pd.DataFrame:
    columns = ["kind", "system", "share", "share_low", "share_high", "effect", "low", "high"]
    rows = [
        ("mention", LATENT.name, 0.8, 0.7, 0.9, 0.05, 0.04, 0.06),
        ("mention", LEXICAL.name, 1.0, 0.9, 1.0, 0.08, 0.06, 0.09),
        ("order", LATENT.name, 0.6, 0.5, 0.7, 0.01, -0.01, 0.03),
        ("order", LEXICAL.name, np.nan, 0.0, 1.0, 0.0, 0.0, 0.0),
    ]
    return pd.DataFrame(rows, columns=columns).assign(as_expected=8, against=2, tied=0, n=10)


def test_a_system_that_ties_has_no_share_and_an_effect_of_zero() -> None:
    shares = {trace.name: list(trace.x) for trace in pairs_figure(pairs_summary()).data if trace.xaxis == "x"}
    effects = {
        trace.name: list(trace.x) for trace in pairs_figure(pairs_summary()).data if trace.xaxis == "x2"
    }
    assert shares == {LATENT.title: [0.8, 0.6], LEXICAL.title: [1.0]}
    assert effects == {LATENT.title: [0.05, 0.01], LEXICAL.title: [0.08, 0.0]}


def test_hover_belongs_to_its_dot() -> None:
    for trace in pairs_figure(pairs_summary()).data:
        assert len(trace.text) == len(trace.x)
        assert all(str(trace.name) in line for line in trace.text)


def test_axioms_have_a_dot_a_system_and_a_cross_for_the_random_order() -> None:
    table = pd.DataFrame(
        {
            "axiom": ["TFC1"] * 3,
            "system": [LATENT.name, LEXICAL.name, RANDOM],
            "share": [0.7, 0.9, 0.5],
            "low": [0.6, 0.8, 0.4],
            "high": [0.8, 1.0, 0.6],
            "agree": [7, 9, 5],
            "pairs": [10, 10, 10],
        }
    )
    chart = axioms_figure(table)
    assert [trace.x[0] for trace in chart.data] == [0.7, 0.9, 0.5]
    assert len({trace.marker.symbol for trace in chart.data}) == 3


def test_running_median_is_that_of_each_window() -> None:
    assert running_median([3.0, 1.0, 2.0, 9.0], 3).tolist() == [2.0, 2.0]
    assert running_median([3.0, 1.0], 5).tolist() == [2.0]


@pytest.mark.slow
def test_every_true_direction_is_drawn() -> None:
    answer = known_truth(Setting(n_directions=40, d_model=32, n_documents=100, n_tokens=30, n_queries=20))
    chart = known_truth_figure(answer.measures, answer.directions)
    drawn = {trace.name: len(trace.x) for trace in chart.data if trace.mode == "markers" and trace.name}
    assert drawn["trained SAE"] == 40
    assert sorted(chart.data[0].y) == pytest.approx(sorted(answer.directions["trained"]))
