"""A verdict says what figure and control bear out, and no more."""

from __future__ import annotations

import pandas as pd
import pytest

from analyses.laws import verdicts
from analyses.laws.growth import Heaps
from analyses.laws.laws import Laws


def laws_of(latents: float, words: float | None) -> Laws:
    systems = [("latents", latents), *([("words", words)] if words is not None else [])]
    fits = pd.DataFrame([{"system": name, "law": "power_law", "p_value": p} for name, p in systems])
    parameters = pd.DataFrame(
        [{"system": name, "law": "power_law", "parameter": "exponent", "value": 2.5} for name, _ in systems]
    )
    return Laws("documents", "documents", fits, parameters, pd.DataFrame(), pd.DataFrame())


@pytest.mark.parametrize(
    ("latents", "words", "text"),
    [
        (0.0, 0.0, "A power law is ruled out, as for words."),
        (0.0, 0.5, "A power law is ruled out, for words it is not ruled out."),
        (0.3, 0.0, "No test rules a power law out, for words it is ruled out."),
        (0.3, 0.2, "No test rules a power law out, as for words."),
        (0.3, None, "No test rules a power law out."),
    ],
)
def test_zipf_is_told_beside_the_words(latents: float, words: float | None, text: str) -> None:
    found = verdicts.zipf(laws_of(latents, words))
    assert found.verdict == text
    assert found.figure == f"α = 2.50, p {'< 0.01' if latents < 0.01 else f'= {latents:.2f}'}"


def grown(system: str, last: float, misses: float = 0.02) -> Heaps:
    return Heaps(
        system, 10, 100, 50, 60, 0.5, 0.4, 0.6, 1.0, misses, 0.9, last, 5, 5, None, 1.0, 0.0, 2.0, 0.01
    )


def test_a_vocabulary_is_closed_only_beside_one_that_grows() -> None:
    assert verdicts.heaps([grown("latents", 0.01), grown("words", 0.5)]).verdict.startswith("Closed")
    assert verdicts.heaps([grown("latents", 0.4), grown("words", 0.5)]).verdict.startswith("Still growing")
    assert (
        "misses the curve by 30%" in verdicts.heaps([grown("latents", 0.4, 0.3), grown("words", 0.5)]).verdict
    )
    assert verdicts.heaps([grown("latents", 0.4)]) == verdicts.UNKNOWN


@pytest.mark.parametrize(
    ("own", "chance", "part"),
    [
        ((0.2, 0.3), (0.5, 0.6), "less steeply than tokens drawn at random"),
        ((0.7, 0.8), (0.5, 0.6), "more steeply than tokens drawn at random"),
        ((0.45, 0.55), (0.5, 0.6), "about as steeply"),
        ((-0.1, 0.1), (0.5, 0.6), "no more meanings"),
    ],
)
def test_meanings_are_told_beside_chance(
    own: tuple[float, float], chance: tuple[float, float], part: str
) -> None:
    rows = [
        {
            "system": "latents",
            "measure": "effective",
            "control": control,
            "slope": low,
            "low": low,
            "high": high,
        }
        for control, (low, high) in ((False, own), (True, chance))
    ]
    assert part in verdicts.meanings(pd.DataFrame(rows)).verdict


def test_bursts_are_told_by_bands_above_chance() -> None:
    rows = [
        {"system": "latents", "x": x, "measure": measure, "median": value}
        for x in range(10)
        for measure, value in (("adaptation", 0.5 if x < 9 else 0.1), ("chance", 0.2))
    ]
    found = verdicts.bursts(pd.DataFrame(rows))
    assert "90% of the bands" in found.verdict
    assert found.verdict.startswith("Latents repeat more than by chance, as")
    assert verdicts.bursts(pd.DataFrame(columns=["system", "x", "measure", "median"])) == verdicts.UNKNOWN


def test_a_length_follows_the_text_or_not() -> None:
    table = pd.DataFrame({"length": [1, 2, 3, 4], "tokens": [10, 20, 30, 40], "words": [5, 6, 8, 9]})
    assert verdicts.lengths(table).verdict.startswith("A text's sum of term frequencies is a measure")
    assert "more than" in verdicts.lengths(table.assign(length=[4, 1, 3, 2])).verdict
    assert verdicts.lengths(table.head(1)) == verdicts.UNKNOWN
