"""The quality card of an SAE, as it is kept and read: numbers of the SAE, each beside its two controls.

It is made by `analyses.saes.card.quality_card`; to open one needs neither torch nor the SAE.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from data.errors import UserError
from data.files import read_json, write_json
from data.inside import inside
from retrieval.study import Study
from retrieval.systems import within_sentence

FORMAT = 1
DENSITY_EDGES = 10.0 ** np.linspace(-9, 0, 37)  # share of the tokens on which a latent fires
SIMILARITY_EDGES = np.linspace(-1, 1, 81)  # cosine with the nearest other decoder direction
VARIANTS = {
    "sae": "This SAE",
    "random_directions": "Random directions",
    "random_encoder": "Random encoder",
}


class Measure(NamedTuple):
    """label: as people read it. better: "low", "high", or "" where neither is. meaning: one sentence."""

    label: str
    better: str
    meaning: str


MEASURES = {
    "fvu": Measure(
        "FVU", "low", "Share of the token states' variance that the reconstruction leaves unexplained."
    ),
    "state_cosine": Measure(
        "Cosine of states", "high", "Mean cosine of a token's state and its reconstruction."
    ),
    "l0": Measure(
        "L0", "", "Latents that fire on a token: mean, and the 5th and 95th percentile over tokens."
    ),
    "dead": Measure("Dead latents", "low", "Latents that fire on no token of this text."),
    "dead_share": Measure("Dead latents", "low", "Share of the latents that fire on no token of this text."),
    "dense": Measure("Dense latents", "low", "Latents that fire in over half of the texts."),
    "dense_share": Measure(
        "Dense latents", "low", "Share of the latents that fire in over half of the texts."
    ),
    "similarity_median": Measure(
        "Nearest direction, median", "", "Cosine of a decoder direction with the one most like it; median."
    ),
    "similarity_95": Measure(
        "Nearest direction, 95th percentile",
        "low",
        "Cosine with the nearest direction that 5% of latents exceed.",
    ),
    "similarity_above_0.9": Measure(
        "Near-duplicates", "low", "Share of the latents with another decoder direction at a cosine above 0.9."
    ),
    "kendall_tau": Measure(
        "Cosine ranking kept, Kendall",
        "high",
        "Tau-b of a query's 100 highest cosines before and after reconstruction; mean over queries.",
    ),
    "spearman_rho": Measure(
        "Cosine ranking kept, Spearman",
        "high",
        "Rho of a query's 100 highest cosines before and after reconstruction; mean over queries.",
    ),
    "overlap@10": Measure(
        "Cosine's first ten kept", "high", "Share of the ten documents of highest cosine that stay so."
    ),
}
RECONSTRUCTED = "reconstructed_cosine"  # beside the list's systems: it exists for a card alone


def describe_measure(measure: str) -> Measure:
    """The `Measure` of a card's number; "latent nDCG@10" and its like are a system and what it is evaluated by."""
    if measure in MEASURES:
        return MEASURES[measure]
    system, _, name = measure.partition(" ")
    title = "cosine of reconstructed states" if system == RECONSTRUCTED else within_sentence(system)
    return Measure(f"{name}, {title}", "high", f"Mean {name} of {title} over the judged queries.")


@dataclass(frozen=True)
class Number:
    """measure: a key of MEASURES, or "<system> <evaluation measure>". text: what it was measured on: "held_out",
    "documents" or "queries"; "" for the weights alone. low, high: of means over queries the 95% bootstrap
    interval, of L0 the 5th and 95th percentile over tokens. n: tokens, latents or queries that it is a number of.
    """

    measure: str
    text: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.value, self.low, self.high) if x is not None):
            raise UserError(
                f"{self.measure} of {self.text or 'the weights'} is {self.value} ({self.low} to {self.high}), "
                "expected finite numbers: look for NaN or infinity in the SAE's weights"
            )


@dataclass(frozen=True)
class Variant:
    """A column of the card: the SAE or one of its controls.

    densities: text -> latents in each bin of DENSITY_EDGES, dead ones in none. similarities: latents in each bin of
    SIMILARITY_EDGES.
    """

    name: str
    numbers: tuple[Number, ...]
    densities: Mapping[str, tuple[int, ...]]
    similarities: tuple[int, ...]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Variant:
        return cls(
            record["name"],
            tuple(Number(**number) for number in record["numbers"]),
            {text: tuple(counts) for text, counts in record["densities"].items()},
            tuple(record["similarities"]),
        )


@dataclass(frozen=True)
class QualityCard:
    """What an SAE is worth on one study's texts.

    plan: fingerprint of all that the numbers depend on. sae, encoder, study, versions: what they are, JSON-able.
    twin: the random encoder's model, "" where there is none. texts: "documents", and "held_out" where there is one:
    name, n_texts, n_tokens; of the latter also kind ("given", "documents" or "queries") and why, a sentence.
    baselines: lexical BM25, which no SAE changes. notes: sentences that say what is absent, and why.
    """

    plan: str
    sae: Mapping[str, Any]
    encoder: Mapping[str, Any]
    twin: str
    study: Mapping[str, Any]
    texts: Mapping[str, Mapping[str, Any]]
    variants: tuple[Variant, ...]
    baselines: tuple[Number, ...]
    notes: tuple[str, ...]
    seed: int
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, without NaN."""
        return {"format": FORMAT, **asdict(self)}

    def save(self, path: Path) -> None:
        write_json(path, self.to_dict())

    @classmethod
    def open(cls, path: Path) -> QualityCard:
        """Read a card; anything else is a `UserError` that names the file."""
        record = read_json(path)
        if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
            raise UserError(
                f"{path} is not a quality card of format {FORMAT}: make it again with `workbench sae-card`"
            )
        try:
            record["variants"] = tuple(Variant.from_dict(variant) for variant in record["variants"])
            record["baselines"] = tuple(Number(**number) for number in record["baselines"])
            return cls(**{**record, "notes": tuple(record["notes"])})
        except (KeyError, TypeError) as error:
            raise UserError(
                f"{path} is damaged ({error}): make the card again with `workbench sae-card`"
            ) from None

    def value(self, measure: str, text: str, variant: str = "sae") -> float | None:
        """One number of the card, None where it was not measured."""
        numbers = next((column.numbers for column in self.variants if column.name == variant), ())
        return next((n.value for n in numbers if (n.measure, n.text) == (measure, text)), None)

    def summary_table(self) -> pd.DataFrame:
        """Columns measure, variant, text, value, low, high, n, a row a number; baselines are of variant "words"."""
        columns = [(variant.name, variant.numbers) for variant in self.variants] + [("words", self.baselines)]
        rows = [
            (number.measure, variant, number.text, number.value, number.low, number.high, number.n)
            for variant, numbers in columns
            for number in numbers
        ]
        names = ["measure", "variant", "text", "value", "low", "high", "n"]
        return pd.DataFrame(rows, columns=names).astype(
            {"value": float, "low": float, "high": float, "n": int}
        )

    def density_table(self, text: str = "documents") -> pd.DataFrame:
        """Columns variant, low, high (shares of the text's tokens), latents; dead latents are in no bin."""
        return _bins({v.name: v.densities[text] for v in self.variants if text in v.densities}, DENSITY_EDGES)

    def similarity_table(self) -> pd.DataFrame:
        """Columns variant, low, high (cosine with the nearest other direction), latents."""
        return _bins({v.name: v.similarities for v in self.variants}, SIMILARITY_EDGES)


def card_path(study: Study, fingerprint: str) -> Path:
    """Where the card of the SAE with this fingerprint is kept."""
    return inside(study.path / "cards", f"{fingerprint}.json", str(study.path / "study.json"))


def _bins(counts: Mapping[str, Sequence[int]], edges: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "variant": np.repeat(np.array(list(counts), object), len(edges) - 1),
            "low": np.tile(edges[:-1], len(counts)),
            "high": np.tile(edges[1:], len(counts)),
            "latents": np.array(list(counts.values()), np.int64).reshape(-1),
        }
    )
