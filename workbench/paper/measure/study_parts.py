"""Which parts of a study (workbench/making/parts.py) the items of a paper need, made before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyses.latents.type_evidence.type_controls import write_type_controls
from data.progress import Progress
from retrieval.study import Study
from retrieval.vocabularies import CONTROLS, RANDOM_DIRECTIONS, RANDOM_ENCODER
from workbench.making.part import Part, Size, make_parts
from workbench.making.parts import PARTS
from workbench.paper.config import PaperConfig

ALL_CONTROLS = "controls"  # by which an item asks for the control vocabularies that its configuration has
N_TYPED = 500  # documents of the sample that a paper measures the types' controls on


def controls_of(config: PaperConfig) -> tuple[str, ...]:
    """The control vocabularies that a configuration asks for."""
    asked = {
        RANDOM_DIRECTIONS.name: config.controls.random_directions,
        RANDOM_ENCODER.name: config.controls.random_encoder,
    }
    return tuple(kind.name for kind in CONTROLS if asked[kind.name])


def parts_for(config: PaperConfig, names: Iterable[str]) -> list[Part]:
    """The parts of these names, in the order of making."""
    wanted = set(names)
    if ALL_CONTROLS in wanted:
        wanted |= set(controls_of(config))
    return [_for_papers(part) for name, part in PARTS.items() if name in wanted]


def with_vocabularies(size: Size, config: PaperConfig) -> Size:
    """Laws are fitted to latents, words, wordpieces; with controls also to the latents on their sample."""
    n_controls = len(controls_of(config))
    return replace(size, n_vocabularies=3 + (1 + n_controls if n_controls else 0))


def prepare(study: Study, config: PaperConfig, names: Iterable[str], progress: Progress) -> None:
    """Make those of these parts that the study lacks."""
    make_parts(study, parts_for(config, names), progress)


def _for_papers(part: Part) -> Part:
    if part.name != "type_controls":
        return part
    return replace(part, make=lambda study, progress: write_type_controls(study, N_TYPED, progress=progress))
