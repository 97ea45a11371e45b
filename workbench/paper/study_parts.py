"""What items read of the study that takes longer than drawing: made before them, once, and kept in the study.

An item names its parts; `--dry-run` adds up those that are missing. Seconds are those of two cores at 2.3 GHz for
the sizes that decide them, an estimate as the rest of the plan is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from analyses.family_ablation import families_are_kept, write_families
from analyses.maps import kept_map, write_map
from analyses.read_texts import N_DOCUMENTS, controls_are_kept, write_controls
from analyses.silenced_effects import silenced_effects_are_kept, write_silenced_effects
from analyses.study_growth import growth_is_kept, write_growth
from analyses.study_laws import laws, write_laws
from analyses.type_controls import type_controls, write_type_controls
from retrieval.study import Study
from workbench.paper.config import PaperConfig
from workbench.progress import StageProgress

N_TYPED = 500  # documents of the sample that the types' controls are measured on
READING = 1.4  # encoding and taking latents, over encoding alone


@dataclass(frozen=True)
class Size:
    """What a part's cost follows from; encode: tokens a second of the encoder."""

    n_docs: int
    n_tokens: int
    n_latents: int
    n_queries: int
    encode: float

    def reading(self, n_docs: int) -> float:
        """Seconds to read so many of the documents, or all."""
        return READING * self.n_tokens * min(n_docs / max(self.n_docs, 1), 1.0) / self.encode


@dataclass(frozen=True)
class Part:
    """what: as the plan names it. is_kept, make: whether it is there, how it comes there. seconds: estimated."""

    what: str
    is_kept: Callable[[Study, PaperConfig], bool]
    make: Callable[[Study, PaperConfig, StageProgress], object]
    seconds: Callable[[Size, PaperConfig], float]


def controls_of(config: PaperConfig) -> tuple[str, ...]:
    """The control vocabularies that a configuration asks for: of `analyses.read_texts.CONTROLS`."""
    asked = {
        "random_directions": config.controls.random_directions,
        "random_encoder": config.controls.random_encoder,
    }
    return tuple(name for name, is_asked in asked.items() if is_asked)


def _n_vocabularies(config: PaperConfig) -> int:
    """Latents, words, wordpieces; with controls also the latents on their sample."""
    return 3 + (1 + len(controls_of(config)) if controls_of(config) else 0)


PARTS: Mapping[str, Part] = {  # in the order of making: laws are fitted to the controls that are there
    "controls": Part(
        "control vocabularies",
        lambda study, config: controls_are_kept(study, controls_of(config), queries=False),
        lambda study, config, progress: write_controls(study, progress, controls_of(config), queries=False),
        lambda size, config: len(controls_of(config)) * size.reading(N_DOCUMENTS),
    ),
    "laws": Part(
        "laws, with bootstrap",
        lambda study, config: laws(study) is not None,
        lambda study, config, progress: write_laws(study, progress=progress),
        lambda size, config: 9.0 * _n_vocabularies(config),
    ),
    "growth": Part(
        "growth",
        lambda study, config: growth_is_kept(study),
        lambda study, config, progress: write_growth(study, progress),
        lambda size, config: 5.0e-6 * size.n_tokens,
    ),
    "type_controls": Part(
        "controls of the types",
        lambda study, config: type_controls(study) is not None,
        lambda study, config, progress: write_type_controls(study, N_TYPED, progress=progress),
        lambda size, config: size.reading(N_TYPED) + 1.5e-5 * size.n_tokens,
    ),
    "map": Part(
        "map of the latents",
        lambda study, config: kept_map(study) is not None,
        lambda study, config, progress: write_map(study, progress=progress),
        lambda size, config: 15.0 + 0.005 * size.n_latents,
    ),
    "families": Part(
        "rankings without families",
        lambda study, config: families_are_kept(study),
        lambda study, config, progress: write_families(study, progress),
        lambda size, config: 1.4e-6 * size.n_queries * size.n_docs,
    ),
    "silenced": Part(
        "rankings by silenced latents",
        lambda study, config: not study.qrels or silenced_effects_are_kept(study),
        lambda study, config, progress: study.qrels and write_silenced_effects(study, progress),
        lambda size, config: 5.0 + 5e-7 * size.n_queries * size.n_docs,
    ),
}


def prepare(study: Study, config: PaperConfig, names: Iterable[str], progress: StageProgress) -> None:
    """Make those of these PARTS that the study lacks."""
    wanted = set(names)
    for name, part in PARTS.items():
        if name in wanted and not part.is_kept(study, config):
            part.make(study, config, progress)
