"""A cell: one system on one collection, measured for each query. All numbers of a paper come from cells.

A cell's record holds all of how it is computed, so that equal cells are one, whichever figures ask for it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from data.encoders import EncoderConfig
from data.multi_vector_files import is_multi_vector
from data.reading import as_read
from retrieval.bm25 import Bm25Parameters
from retrieval.systems import COSINE, LATENT, MAXSIM
from sae.train_config import TrainConfig
from workbench.paper.config import NamedCollection, SaeRecipe


@dataclass(frozen=True)
class Dictionary:
    """An SAE as a cell needs it: trained by a recipe on an encoder's states, or drawn at random for that recipe."""

    encoder: EncoderConfig
    text: str
    distinct_tokens: int
    train: TrainConfig
    random_directions: bool = False

    @classmethod
    def of(cls, recipe: SaeRecipe, encoder: EncoderConfig, seed: int, **changes: Any) -> Dictionary:
        return cls(
            encoder, recipe.text, recipe.distinct_tokens, replace(recipe.train_config(seed), **changes)
        )

    def record(self) -> dict[str, Any]:
        """What decides its weights, as JSON can hold it."""
        return {
            "encoder": _encoder_record(self.encoder),
            "text": self.text,
            "distinct_tokens": self.distinct_tokens,
            "train": self.train.record(),
            "random_directions": self.random_directions,
        }


@dataclass(frozen=True)
class Scoring:
    """How latents score. head, tail: the share of the latents that occur, most and least frequent, left out.

    Latents that are left out count neither in scores nor in document lengths. instead: a seed by which as many
    postings of other latents are left out instead, as the control.
    """

    bm25: Bm25Parameters = field(default_factory=Bm25Parameters)
    pooling: Literal["sum", "max"] = "sum"
    head: float = 0.0
    tail: float = 0.0
    instead: int | None = None


@dataclass(frozen=True)
class Cell:
    """system: a name of `retrieval.systems.SYSTEMS`. encoder, dictionary and scoring are there where the system has
    them; of learned sparse, its model. parts: the cells of the systems that a fusion fuses.
    """

    collection: NamedCollection
    system: str
    encoder: EncoderConfig | None = None
    dictionary: Dictionary | None = None
    scoring: Scoring = field(default_factory=Scoring)
    parts: tuple[Cell, ...] = ()

    def record(self) -> dict[str, Any]:
        """Everything that decides the cell's measures but the content of files, as JSON can hold it."""
        where = asdict(self.collection)
        where.pop("name")
        parts = {"parts": [part.record() for part in self.parts]} if self.parts else {}
        return {
            "collection": where,
            "system": self.system,
            "encoder": _encoder_record(self.encoder) if self.encoder else None,
            "dictionary": self.dictionary.record() if self.dictionary else None,
            "scoring": asdict(self.scoring) if self.system == LATENT.name else None,
            **parts,
        }


def own_score(named: NamedCollection, encoder: EncoderConfig) -> Cell:
    """What an encoder ranks by itself: MaxSim if it is a multi-vector one, else the cosine of its vectors."""
    return Cell(named, (MAXSIM if is_multi_vector(encoder.model) else COSINE).name, encoder)


def _encoder_record(config: EncoderConfig) -> dict[str, Any]:
    """How it reads, nothing left open; where it runs changes no number but by rounding."""
    return {name: value for name, value in asdict(as_read(config)).items() if name != "device"}
