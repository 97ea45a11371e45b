"""The road of a document as a picture: text, token states, latents, a bag of latents, a score; as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.markup.formats import count
from workbench.markup.templates import render

WIDTH, HEIGHT = 148.0, 64.0  # of the glyph in a stage's box
ROWS, COLUMNS, MOST_BARS = 5, 14, 22


@dataclass(frozen=True)
class Bar:
    """A rectangle of a glyph; kind: its class in road.css."""

    x: float
    y: float
    width: float
    height: float
    kind: str = "ink"
    opacity: float = 1.0


@dataclass(frozen=True)
class Stage:
    """A box: its glyph, its words, and what leads to the next."""

    title: str
    lines: tuple[str, ...]
    bars: tuple[Bar, ...]
    arrow: str = ""


@dataclass(frozen=True)
class RoadNumbers:
    """n_tokens of the document, numbers of a state, most latents of a token, latents in all and in it, |d|.

    weights: term frequencies of the document, in any order. scores: of the documents compared.
    """

    n_tokens: int
    d_model: int
    per_token: int
    n_latents: int
    n_active: int
    length: float
    weights: Sequence[float] = ()
    scores: Sequence[float] = ()


def road_svg(numbers: RoadNumbers) -> str:
    """The picture, in a wide and in a narrow form, of which the style sheet shows one."""
    of = numbers
    scored = (
        (f"A {of.scores[0]:.2f}, B {of.scores[1]:.2f}", "for the query below")
        if len(of.scores) > 1
        else ("BM25 over latents", "instead of words")
    )
    stages = (
        Stage("Text", (f"{count(of.n_tokens)} tokens", "of one document"), _lines(), "encoder"),
        Stage(
            "Token states",
            (f"{count(of.n_tokens)} states of", f"{count(of.d_model)} numbers"),
            _dense(),
            "SAE",
        ),
        Stage(
            "Latents",
            (f"at most {count(of.per_token)} a token,", f"of {count(of.n_latents)}"),
            _sparse(),
            "sum, root",
        ),
        Stage(
            "Bag of latents",
            (f"{count(of.n_active)} latents, |d| = {of.length:,.0f}", "term frequencies"),
            _profile(of.weights),
            "BM25",
        ),
        Stage("Score", scored, _scores(of.scores)),
    )
    label = "; then ".join(f"{stage.title}: {' '.join(stage.lines)}" for stage in stages)
    return render("road", stages=stages, label=label)


def _lines() -> tuple[Bar, ...]:
    widths = (1.0, 0.86, 0.94, 0.78, 0.4)
    return tuple(Bar(0, 13.0 * row + 3, WIDTH * width, 5, "ink", 0.45) for row, width in enumerate(widths))


def _cells(kind: str, opacity: Sequence[float]) -> tuple[Bar, ...]:
    step = WIDTH / COLUMNS
    return tuple(
        Bar(
            round(place % COLUMNS * step, 1),
            13.0 * (place // COLUMNS),
            round(step - 2, 1),
            11,
            kind if shade > 0 else "ink",
            round(shade, 2) if shade > 0 else 0.06,
        )
        for place, shade in enumerate(opacity)
    )


def _dense() -> tuple[Bar, ...]:
    """Every number of a state is something: a pattern, the same each time."""
    return _cells("ink", np.random.default_rng(0).uniform(0.1, 0.6, ROWS * COLUMNS).tolist())


def _sparse() -> tuple[Bar, ...]:
    """Most latents are 0 on a token."""
    draws = np.random.default_rng(3)
    shades = draws.uniform(0.35, 1.0, (ROWS, COLUMNS)) * (draws.random((ROWS, COLUMNS)) < 0.17)
    return _cells("on", shades.ravel().tolist())


def _profile(weights: Sequence[float]) -> tuple[Bar, ...]:
    """The largest term frequencies of the document, as they are."""
    shown = sorted((float(weight) for weight in weights if weight > 0), reverse=True)[:MOST_BARS]
    largest = max(shown, default=1.0)
    step = WIDTH / MOST_BARS
    heights = [HEIGHT * weight / largest for weight in shown]
    return tuple(
        Bar(round(place * step, 1), round(HEIGHT - height, 1), round(step - 2, 1), round(height, 1), "on")
        for place, height in enumerate(heights)
    )


def _scores(scores: Sequence[float]) -> tuple[Bar, ...]:
    """The scores as bars from 0."""
    largest = max(scores, default=0.0) or 1.0
    return tuple(
        Bar(0, 8.0 + 28 * place, round(WIDTH * max(score, 0.0) / largest, 1), 18, kind)
        for place, (score, kind) in enumerate(zip(scores, ("on", "against"), strict=False))
    )
