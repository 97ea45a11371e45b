"""A recipe: what is to be trained, as the form and the command line write it, and the commands that train it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.encoder_config import EncoderConfig
from data.errors import UserError
from sae.train_config import TrainConfig
from workbench.jobs.artifacts import artifacts
from workbench.making.defaults import DEFAULTS
from workbench.making.parsing import parse_count, parse_layer

ARCHITECTURES = {
    "topk": "Top-K",
    "batchtopk": "BatchTopK",
    "jumprelu": "JumpReLU",
    "matryoshka": "Matryoshka",
    "standard": "Standard",
}
# Gao et al. (2024) have 1/32; SAELens, which divides otherwise, 1.
AUXILIARY_WEIGHTS = {"topk": 0.03125, "batchtopk": 1.0, "matryoshka": 1.0}


@dataclass(frozen=True)
class Recipe:
    """text: see `data.collections`. layer, tokens: as typed, `final` and `6M`. index: a collection, "" for none."""

    text: str = DEFAULTS.text
    encoder: str = DEFAULTS.encoder
    layer: str = DEFAULTS.layer
    architecture: str = DEFAULTS.architecture
    latents: int = DEFAULTS.n_latents
    k: int = DEFAULTS.k
    tokens: str = DEFAULTS.tokens
    epochs: int = DEFAULTS.epochs
    seed: int = DEFAULTS.seed
    n_seeds: int = 1
    auxiliary: bool = False
    index: str = ""
    name: str = ""

    @property
    def encoder_config(self) -> EncoderConfig:
        import torch

        # As the command line decides: token states are stored for one kind of device.
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return EncoderConfig(self.encoder, parse_layer(self.layer), device=device)

    @property
    def train_config(self) -> TrainConfig:
        return TrainConfig(
            parse_count(self.tokens),
            n_latents=self.latents,
            k=self.k,
            seed=self.seed,
            architecture=self.architecture,  # type: ignore[arg-type]  # refuses any other
            auxiliary_weight=self.auxiliary_weight,
        )

    @property
    def auxiliary_weight(self) -> float:
        return AUXILIARY_WEIGHTS[self.architecture] if self.auxiliary else 0.0

    @property
    def default_name(self) -> str:
        """A name made of the settings, which no SAE and no study has yet."""
        text = re.sub(r"\W+", "-", Path(self.text).stem if "/" in self.text else self.text).strip("-")
        parts = [text or "text", str(self.latents), f"k{self.k}"]
        if self.architecture != DEFAULTS.architecture:
            parts.append(self.architecture)
        if parse_layer(self.layer) is not None:
            parts.append(re.sub(r"\W+", "-", f"layer-{self.layer}").strip("-"))
        return free_name("-".join(parts))

    def commands(self) -> Iterator[tuple[list[str], str]]:
        """(argv, title) of each job: the training, then the index; a name that is taken is a `UserError`."""
        name = self.name or self.default_name
        sae, study = check_name(name, self.index != "")
        train = [
            "train",
            "--text",
            self.text,
            "--encoder",
            self.encoder,
            "--latents",
            str(self.latents),
            "--k",
            str(self.k),
            "--tokens",
            self.tokens,
            "--epochs",
            str(self.epochs),
            "--seed",
            str(self.seed),
        ]
        if parse_layer(self.layer) is not None:
            train += ["--layer", self.layer]
        if self.architecture != DEFAULTS.architecture:
            train += ["--architecture", self.architecture]
        if self.auxiliary:
            train += ["--auxiliary-weight", str(self.auxiliary_weight)]
        if self.n_seeds > 1:
            train += ["--seeds", str(self.n_seeds)]
        yield [*train, "--out", str(sae)], f"Train {name} on {self.text}"
        if self.index:
            made = ["--collection", self.index, "--out", str(study)]
            yield ["index", "--sae", str(sae), *made], f"Index {self.index} by {name}"


def places(name: str) -> tuple[Path, Path]:
    """Where the SAE and the study of a name are kept."""
    return artifacts() / "saes" / name, artifacts() / "studies" / name


def free_name(stem: str) -> str:
    """The stem, with a number behind it where an SAE or a study has that name."""
    name, number = stem, 2
    while any(map(_taken, places(name))):
        name, number = f"{stem}-{number}", number + 1
    return name


def check_name(name: str, makes_study: bool = True) -> tuple[Path, Path]:
    """`places` of a new name; one that is none, or is taken, is a `UserError`."""
    check_written(name)
    sae, study = places(name)
    for place in (sae, study) if makes_study else (sae,):
        if _taken(place):
            raise UserError(f"{place} is there already: choose another name")
    return sae, study


def check_written(name: str) -> None:
    """A `UserError` for what is no name of an SAE or a study."""
    if not re.fullmatch(r"\w[\w.+-]*", name):
        raise UserError(f"the name {name!r} is not one: expected letters, digits, and . _ + - between them")


def _taken(place: Path) -> bool:
    return place.exists() or place.with_name(f".{place.name}.training").exists()
