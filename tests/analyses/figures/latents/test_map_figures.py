"""The map, drawn: every latent once, text stays text, names do not overlap."""

from __future__ import annotations

from html import unescape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from analyses.figures.latents.map import CHARACTER, LINE, LONGEST, Colour, map_figure, placed
from analyses.figures.latents.types import TYPE_COLOURS
from analyses.figures.style.names import cut

HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>alert(1)</script>"


@pytest.fixture
def points() -> pd.DataFrame:
    random = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "latent": np.arange(n),
            "x": random.normal(size=n),
            "y": random.normal(size=n),
            "label": [HOSTILE, "", *(f"label {i}" for i in range(2, n))],
            "document_frequency": np.arange(n) // 4 * 10,
            "type": np.resize(list(TYPE_COLOURS), n),
            "strength": np.where(np.arange(n) % 9, 0.0, np.arange(n) + 1.0),
        }
    )


def drawn(chart: go.Figure) -> dict[int, tuple[float, float]]:
    """latent -> its place, over all traces that carry latents."""
    traces = [trace for trace in chart.data if trace.customdata is not None]
    rows = [row for t in traces for row in zip(t.customdata, t.x, t.y, strict=True)]
    places = {int(data[0]): (float(x), float(y)) for data, x, y in rows}
    assert len(places) == len(rows)
    return places


@pytest.mark.parametrize("colour", ["type", "document_frequency", "strength"])
@pytest.mark.parametrize("dark", [False, True])
def test_each_latent_stands_once_at_its_place(points: pd.DataFrame, colour: Colour, dark: bool) -> None:
    places = drawn(map_figure(points, colour, dark=dark))
    assert sorted(places) == points["latent"].tolist()
    expected = points[["x", "y"]].to_numpy()
    np.testing.assert_allclose([places[latent] for latent in points["latent"]], expected, rtol=1e-6)


def test_hostile_labels_stay_text(points: pd.DataFrame) -> None:
    named = pd.DataFrame({"region": [0], "x": [0.0], "y": [0.0], "words": [HOSTILE]})
    chart = map_figure(points, "type", named, chosen=0)
    texts = [text for trace in chart.data for text in (trace.text if trace.text is not None else ())]
    texts += [note.text for note in chart.layout.annotations]
    hostile = [text for text in texts if "onerror" in text]
    assert len(hostile) == 3
    for text in hostile:
        bare = text.removeprefix("<b>").removesuffix("</b>")
        assert "<" not in bare
        assert unescape(bare).removesuffix(" #0") in (HOSTILE, cut(HOSTILE, LONGEST))


def test_what_has_no_value_is_pale_and_below(points: pd.DataFrame) -> None:
    for colour in ("document_frequency", "strength"):
        below, above = map_figure(points, colour).data
        assert isinstance(below.marker.color, str)
        none = points.loc[~(points[colour] > 0), "latent"].tolist()
        assert sorted(below.customdata[:, 0].astype(int).tolist()) == none
        assert len(above.x) == len(points) - len(none)
        assert np.all(np.diff(above.marker.color) >= 0)


def test_the_chosen_and_its_neighbours_are_ringed(points: pd.DataFrame) -> None:
    neighbours, chosen = map_figure(points, "type", chosen=5, neighbours=[6, 7]).data[-2:]
    assert chosen.x.tolist() == pytest.approx([points["x"][5]], rel=1e-6)
    assert neighbours.x.tolist() == pytest.approx(points["x"][[6, 7]].tolist(), rel=1e-6)
    assert chosen.marker.size > neighbours.marker.size


def test_names_do_not_overlap_and_the_first_stays() -> None:
    random = np.random.default_rng(1)
    words = ["w" * int(n) for n in random.integers(3, 20, 80)]
    named = pd.DataFrame({"x": random.uniform(0, 5, 80), "y": random.uniform(0, 5, 80), "words": words})
    shown = placed(named, scale=100.0)
    assert shown[0]
    assert 5 < shown.sum() < 80
    kept = named[shown].to_dict("records")
    for i, a in enumerate(kept):
        for b in kept[:i]:
            wide = CHARACTER * (len(a["words"]) + len(b["words"])) / 2
            assert abs(a["x"] - b["x"]) * 100 >= wide or abs(a["y"] - b["y"]) * 100 >= LINE


def test_regions_without_a_name_are_not_named() -> None:
    assert not placed(pd.DataFrame({"x": [0.0], "y": [0.0], "words": [""]}), 1.0).any()


def test_the_chosen_latents_name_has_no_regions_over_it(points: pd.DataFrame) -> None:
    named = pd.DataFrame(
        {"region": [0], "x": points["x"][5], "y": points["y"][5] + 0.2, "words": ["a region"]}
    )
    assert len(map_figure(points, "type", named).layout.annotations) == 1
    texts = [note.text for note in map_figure(points, "type", named, chosen=5).layout.annotations]
    assert texts == ["<b>label 5 #5</b>"]
