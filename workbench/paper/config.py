"""A paper's configuration, as a TOML file: encoders, SAEs, collections, controls, and what to vary.

One file names everything that is measured, and no code does: change a line, and have the same for another encoder
or corpus. `configs/embedded.toml` explains every key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import ConfigDict, with_config

from data.encoder_config import EncoderConfig
from data.errors import UserError
from retrieval.bm25 import PHIS, Phi
from sae.train_config import TrainConfig
from workbench.making.defaults import DEFAULTS
from workbench.paper.records import completed, read_record

Number: TypeAlias = int | float  # each stays what the file has
CONFIGS = Path(__file__).parent / "configs"
SHIPPED = CONFIGS / "embedded.toml"


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder and the name that tables print of it."""

    name: str
    config: EncoderConfig


@dataclass(frozen=True)
class SaeRecipe:
    """An SAE to be trained on the token states of `text`, for every encoder and seed.

    distinct_tokens: of the text, at most, which all seeds and sweeps share; n_tokens: training tokens (repeats
    counted), as in TrainConfig.
    """

    name: str
    text: str
    distinct_tokens: int
    n_tokens: int
    n_latents: int = DEFAULTS.n_latents
    k: int = DEFAULTS.k
    batch_size: int = DEFAULTS.batch_size

    def train_config(self, seed: int) -> TrainConfig:
        return TrainConfig(self.n_tokens, self.n_latents, self.k, self.batch_size, seed=seed)


@dataclass(frozen=True)
class NamedCollection:
    """A collection with judgements. queries: at most this many, evenly spaced; None for all."""

    name: str
    source: str
    split: str = "test"
    queries: int | None = None


@dataclass(frozen=True)
class Controls:
    """The controls beside the claims. seeds: of how many seeds each control has one.

    encoders: encoders that were never trained for retrieval, by name; learned_sparse: a SPLADE's Hugging Face id or
    folder, or nothing. why: the ladder, minimal pairs and axioms, on the first collection; some twenty minutes.
    """

    random_directions: bool = True
    random_encoder: bool = True
    encoders: tuple[NamedEncoder, ...] = ()
    learned_sparse: str = ""
    seeds: int = 1
    why: bool = False


@dataclass(frozen=True)
class Limit:
    """LIMIT-style collections of several sizes; sources: name -> source of further ones, as files have them."""

    sizes: tuple[int, ...] = ()
    seed: int = 0
    queries: int | None = None
    sources: tuple[NamedCollection, ...] = ()


@dataclass(frozen=True)
class Sweeps:
    """What is varied on the first collection with the first encoder and SAE, one at a time; empty: not at all.

    Lengths count tokens, head and tail are shares of the latents that occur. seeds: how many SAEs each value that
    needs a training of its own is the mean of.
    """

    n_latents: tuple[int, ...] = ()
    k: tuple[int, ...] = ()
    n_tokens: tuple[int, ...] = ()
    layers: tuple[int | str, ...] = ()
    max_length: tuple[int, ...] = ()
    pooling: tuple[Literal["sum", "max"], ...] = ("sum", "max")
    phi: tuple[Phi, ...] = PHIS
    k1: tuple[Number, ...] = (0.5, 1, 2, 4, 8, 16, 32)
    b: tuple[Number, ...] = (0, 0.25, 0.5, 0.7, 0.85, 1)
    head: tuple[Number, ...] = (0.0, 0.01, 0.02, 0.05, 0.1)
    tail: tuple[Number, ...] = (0.0, 0.25, 0.5, 0.75)
    seeds: int = 1


@with_config(ConfigDict(strict=True, extra="forbid"))
@dataclass(frozen=True)
class PaperConfig:
    """All settings that a paper's figures follow from."""

    title: str
    encoders: tuple[NamedEncoder, ...]
    saes: tuple[SaeRecipe, ...]
    collections: tuple[NamedCollection, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    query: str = ""
    controls: Controls = Controls()
    limit: Limit = Limit()
    sweeps: Sweeps = Sweeps()

    def __post_init__(self) -> None:
        for what in ("encoders", "saes", "collections", "seeds"):
            if not getattr(self, what):
                raise UserError(f"the configuration names no {what}: expected at least one")
        for what in ("encoders", "saes", "collections"):
            names = [item.name for item in getattr(self, what)]
            if twice := [name for name in names if names.count(name) > 1]:
                raise UserError(
                    f"two of the configuration's {what} are named {twice[0]!r}: give each its own"
                )

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON can hold it; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], where: str = "the configuration") -> PaperConfig:
        """A configuration from what TOML or JSON holds; a wrong, unknown or missing key is a `UserError`."""
        return read_record(cls, completed(record, where), where)


def read_config(path: Path | None = None) -> PaperConfig:
    """The configuration in a TOML file, or a shipped one by its name ("scifact"); `SHIPPED` if None.

    Paths in it are relative to the working folder, or to the file.
    """
    path = path or SHIPPED
    shipped_path = CONFIGS / f"{path.name}.toml"
    path = shipped_path if path.name == str(path) and not path.is_file() and shipped_path.is_file() else path
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError):
        shipped = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.toml")))
        raise UserError(f"{path} is no file: give a TOML file (shipped: {shipped})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML ({error})") from None
    return with_paths(PaperConfig.from_dict(record, path.name), path.parent)


def with_paths(config: PaperConfig, folder: Path) -> PaperConfig:
    """The configuration with those sources resolved that are files or folders in this folder."""

    def resolved(source: str) -> str:
        beside = folder / source
        return str(beside) if source and not Path(source).exists() and beside.exists() else source

    return replace(
        config,
        saes=tuple(replace(sae, text=resolved(sae.text)) for sae in config.saes),
        collections=tuple(replace(one, source=resolved(one.source)) for one in config.collections),
        limit=replace(
            config.limit,
            sources=tuple(replace(one, source=resolved(one.source)) for one in config.limit.sources),
        ),
    )
