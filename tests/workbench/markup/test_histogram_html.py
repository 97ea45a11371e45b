"""The drawing of a latent's activations: every count is a bar of its height, and the axis is a logarithm's."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analyses.dictionary.entry import activation_histogram
from workbench.markup.histogram_html import histogram, log_ticks


def styles(drawing: ElementTree.Element, what: str) -> np.ndarray:
    """A length in percent of every bar."""
    told = [bar.attrib["style"] for bar in drawing.iter("b")]
    return np.array([float(re.findall(rf"(?:^| ){what}: ([\d.]+)%", each)[0]) for each in told])


@given(
    arrays(np.float32, st.integers(1, 80), elements=st.floats(2**-10, 2**10, width=32)), st.integers(1, 30)
)
def test_bars_are_as_high_as_counts_and_as_wide_as_ratios(value: np.ndarray, n_bins: int) -> None:
    table = activation_histogram(-np.sort(-value), n_bins)
    drawing = ElementTree.fromstring(histogram(table))
    lines = [int((line.text or "").replace(",", "")) for line in drawing.iter("i")]
    assert lines[0] == 0
    assert len(lines) <= 4
    assert lines[-1] >= table["count"].max() > lines[-2]
    np.testing.assert_allclose(styles(drawing, "height"), 100 * table["count"] / lines[-1], atol=0.006)
    np.testing.assert_allclose(styles(drawing, "left"), 100 * np.arange(n_bins) / n_bins, atol=0.006)
    np.testing.assert_allclose(styles(drawing, "width"), 100 / n_bins, atol=0.006)
    told = [re.findall(r": ([\d,]+) tokens$", bar.attrib["title"])[0] for bar in drawing.iter("b")]
    assert [int(number.replace(",", "")) for number in told] == list(table["count"])


@given(st.floats(-4, 4), st.floats(0.02, 5))
def test_ticks_are_round_and_within(power: float, decades: float) -> None:
    low, high = 10**power, 10 ** (power + decades)
    ticks = log_ticks(low, high)
    assert ticks == sorted(set(ticks))
    assert all(low <= tick <= high for tick in ticks)
    assert all(
        re.fullmatch(r"[1-9]0*e", f"{tick:.6e}".replace(".", "").split("e")[0] + "e") for tick in ticks
    )
    assert len(ticks) >= math.floor(decades)  # one a power of ten, at the least


def test_nothing_is_drawn_of_nothing_and_names_are_text() -> None:
    assert histogram(pd.DataFrame({"low": [], "high": [], "count": []})) == ""
    table = pd.DataFrame({"low": [0.1, 1.0], "high": [1.0, 10.0], "count": [5, 2]})
    drawing = histogram(table, '<u>"documents"</u>', "mass & more")
    assert [len(list(ElementTree.fromstring(drawing).iter(tag))) for tag in ("u", "b")] == [0, 2]
    assert "mass &amp; more" in drawing
