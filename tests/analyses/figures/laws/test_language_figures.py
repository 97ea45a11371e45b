"""The figures of growth, pruning, length, meaning and shift draw their tables, and escape what texts say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.bm25_assumptions.lengths import document_lengths, length_correlations, retrieval_by_length
from analyses.bm25_assumptions.repetition import repetition_medians
from analyses.bm25_assumptions.saturation import saturation_evidence
from analyses.comparison.judged_queries import judged_queries
from analyses.figures.laws.compare_collections import collections_figure, shapes_figure
from analyses.figures.laws.growth import filling_figure, growth_figure
from analyses.figures.laws.lengths import length_figure, retrieval_figure
from analyses.figures.laws.polysemy import polysemy_figure, repetition_figure, types_by_frequency_figure
from analyses.figures.laws.saturation import saturation_figure
from analyses.figures.ranking.pruning import pruning_figure
from analyses.figures.style.lines import banded_line, log_axis
from analyses.interventions.pruning_effect import PARTS, WHERES
from analyses.latents.types import TypeThresholds, type_measures
from analyses.laws.compare_collections import compare_frequencies, shape
from analyses.laws.growth import growth_curve, heaps_of
from analyses.laws.polysemy import compute_polysemy, polysemy_medians, types_by_frequency
from analyses.vocabularies.term_counts import SYSTEMS, term_counts
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study


def names(chart: go.Figure) -> list[str]:
    return [trace.name for trace in chart.data if trace.name]


def drawn(chart: go.Figure, name: str) -> list[float]:
    return [float(y) for trace in chart.data if trace.name == name for y in trace.y]


def test_a_band_is_drawn_where_the_interval_is_known() -> None:
    chart = go.Figure()
    banded_line(chart, [1, 2, 3], [1, 2, 3], [0, np.nan, 2], [2, np.nan, 4], "line")
    assert [list(trace.y) for trace in chart.data] == [[2, 4, 2, 0], [1, 2, 3]]
    bare = go.Figure()
    banded_line(bare, [1], [1], [np.nan], [np.nan], "line")
    assert len(bare.data) == 1


def test_a_log_axis_has_ticks_that_people_read() -> None:
    assert log_axis("x", [1, 90])["ticktext"] == ["0.5", "1", "2", "5", "10", "20", "50", "100", "200"]
    assert "10,000" in log_axis("x", [1, 50_000])["ticktext"]
    assert "2" not in log_axis("x", [1, 50_000])["ticktext"]
    assert log_axis("x", []) == {"type": "log", "title": "x"}


def test_growth_is_drawn_with_its_law_and_its_end(tiny_study: Study) -> None:
    counts = [term_counts(tiny_study, system) for system in SYSTEMS]
    curve, laws = pd.concat([growth_curve(one) for one in counts]), [heaps_of(one, 0) for one in counts]
    chart = growth_figure(curve, laws)
    line = next(name for name in names(chart) if name.startswith("Latents"))
    assert f"β = {laws[0].exponent:.2f}" in line
    assert drawn(chart, line)[-1] == laws[0].distinct
    assert f"all {tiny_study.n_latents:,} latents" in [note.text for note in chart.layout.annotations]
    filled = filling_figure(
        pd.DataFrame({"study": "<b>", "name": "<b>: 3", "n_docs": [1, 9], "share": [0.1, 0.4]})
    )
    assert names(filled) == ["&lt;b&gt;: 3"]
    assert drawn(filled, "&lt;b&gt;: 3") == [0.1, 0.4]


def test_pruning_is_drawn_beside_its_control() -> None:
    curve = pd.DataFrame(
        [
            {"part": part, "where": where, "share": share, "change": -share, "low": -2 * share, "high": 0,
             "control": np.nan if share > 0.1 else -3 * share, "control_low": -share, "control_high": 0}
            for part in PARTS for where in WHERES for share in (0.01, 0.1, 0.5)
        ]
    )  # fmt: skip
    chart = pruning_figure(curve, "tail", "scoring", 0.1)
    assert drawn(chart, "Without the rarest") == [-0.01, -0.1, -0.5]
    control = drawn(chart, "Other latents with as many postings, drawn at random")
    assert control[:2] == [-0.03, -0.30000000000000004]
    assert np.isnan(control[2])
    assert any(shape.x0 == 0.1 for shape in chart.layout.shapes)


def test_lengths_and_saturation_are_drawn(tiny_study: Study) -> None:
    lengths, judged = document_lengths(tiny_study), judged_queries(tiny_study)
    chart = length_figure(lengths, length_correlations(lengths, 20))
    assert [int(np.nansum(trace.customdata)) <= len(lengths) for trace in chart.data] == [True] * 3
    table = retrieval_by_length(tiny_study, judged=judged)
    retrieved = retrieval_figure(table, 0.7)
    assert drawn(retrieved, "Retrieved, b = 0.7") == table["with_b"].tolist()
    found = saturation_evidence("latents", tiny_study.index, judged.counts, judged, Bm25Parameters())
    assert names(saturation_figure([found])) == ["Latents", "BM25's curve as scored", "at the nearest k1"]


def test_meaning_and_repetition_are_drawn_beside_chance(tiny_study: Study) -> None:
    medians = polysemy_medians(compute_polysemy(tiny_study))
    for measure in ("number", "effective"):
        chart = polysemy_figure(medians, measure)
        wanted = medians.query(f"system == 'words' and measure == '{measure}' and not control")
        assert drawn(chart, "Words") == wanted["median"].tolist()
    repeated = repetition_figure(repetition_medians(tiny_study))
    assert {"Latents", "Latents, by chance", "Words, by chance"} <= set(names(repeated))
    shares = types_by_frequency(
        type_measures(tiny_study), tiny_study.index.document_frequency, TypeThresholds()
    )
    bars = types_by_frequency_figure(shares)
    np.testing.assert_allclose(np.sum([trace.y for trace in bars.data], axis=0), 1)


def test_shift_draws_every_latent_and_escapes_names(tiny_study: Study) -> None:
    table = compare_frequencies(tiny_study, tiny_study).table
    table.loc[:3, "over"] = "a"
    table.loc[0, "label"] = "<i>"
    chart = collections_figure(table, "<a>", "b")
    points = [trace for trace in chart.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in points) == table["log2_ratio"].notna().sum()
    assert not any("<i>" in text or "<a>" in trace.name for trace in points for text in trace.text)
    shapes = shapes_figure({"<a>": shape(tiny_study)})
    assert names(shapes) == ["&lt;a&gt;"]
