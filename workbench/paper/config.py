"""What a paper is about, as a TOML file says it: encoders, SAEs, collections, and what to vary.

One file names everything that is measured, and no code does: change a line, and have the same for another encoder
or corpus. `configs/embedded.toml` explains every key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from data.encoders import EncoderConfig
from data.errors import UserError
from retrieval.bm25 import PHIS, Phi
from sae.train_config import TrainConfig

Made = TypeVar("Made")
CONFIGS = Path(__file__).parent / "configs"
SHIPPED = CONFIGS / "embedded.toml"


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder by the name that tables print; config is all that it takes."""

    name: str
    config: EncoderConfig


@dataclass(frozen=True)
class SaeRecipe:
    """An SAE to be trained on the token states of `text`, for every encoder and seed.

    distinct_tokens: of the text, at most, which all seeds and sweeps share; n_tokens: views, as in TrainConfig.
    """

    name: str
    text: str
    distinct_tokens: int
    n_tokens: int
    n_latents: int = 8192
    k: int = 16
    batch_size: int = 4096

    def train_config(self, seed: int) -> TrainConfig:
        return TrainConfig(self.n_tokens, self.n_latents, self.k, self.batch_size, seed=seed)


@dataclass(frozen=True)
class NamedCollection:
    """A collection with judgements. queries: at most so many, evenly spaced; None for all."""

    name: str
    source: str
    split: str = "test"
    queries: int | None = None


@dataclass(frozen=True)
class Controls:
    """What stands beside the claims. seeds: of how many seeds each control has one.

    encoders: encoders that were never trained for retrieval, by name; learned_sparse: a SPLADE's Hugging Face id or
    folder, or nothing.
    """

    random_directions: bool = True
    random_encoder: bool = True
    encoders: tuple[NamedEncoder, ...] = ()
    learned_sparse: str = ""
    seeds: int = 1


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
    pooling: tuple[str, ...] = ("sum", "max")
    phi: tuple[Phi, ...] = PHIS
    k1: tuple[float, ...] = (0.5, 1, 2, 4, 8, 16, 32)
    b: tuple[float, ...] = (0, 0.25, 0.5, 0.7, 0.85, 1)
    head: tuple[float, ...] = (0.0, 0.01, 0.02, 0.05, 0.1)
    tail: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75)
    seeds: int = 1


@dataclass(frozen=True)
class PaperConfig:
    """Everything that a paper's figures follow from."""

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
        known = dict(record)
        parts: dict[str, Any] = {
            "encoders": _each(known, "encoders", _encoder, where),
            "saes": _each(known, "saes", _sae, where),
            "collections": _each(known, "collections", _collection, where),
        }
        controls = dict(known.pop("controls", {}))
        if "encoders" in controls:
            controls["encoders"] = _each(controls, "encoders", _encoder, f"{where}, controls")
        limit = dict(known.pop("limit", {}))
        if "sources" in limit:
            limit["sources"] = _each(limit, "sources", _collection, f"{where}, limit")
        parts["controls"] = _made(Controls, controls, f"{where}, controls")
        parts["limit"] = _made(Limit, limit, f"{where}, limit")
        parts["sweeps"] = _made(Sweeps, known.pop("sweeps", {}), f"{where}, sweeps")
        return _made(cls, {**known, **parts}, where)


def read_config(path: Path | None = None) -> PaperConfig:
    """The configuration in a TOML file, or a shipped one by its name ("scifact"); `SHIPPED` if None.

    Paths in it are relative to the working folder, or to the file.
    """
    path = path or SHIPPED
    shipped_path = CONFIGS / f"{path}.toml"
    path = shipped_path if not path.is_file() and shipped_path.is_file() else path
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        shipped = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.toml")))
        raise UserError(f"{path} is no file: give a TOML file (shipped: {shipped})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML ({error})") from None
    return with_paths(PaperConfig.from_dict(record, path.name), path.parent)


def with_paths(config: PaperConfig, folder: Path) -> PaperConfig:
    """The configuration with sources that are files or folders beside it found there."""

    def found(source: str) -> str:
        beside = folder / source
        return str(beside) if source and not Path(source).exists() and beside.exists() else source

    return replace(
        config,
        saes=tuple(replace(sae, text=found(sae.text)) for sae in config.saes),
        collections=tuple(replace(one, source=found(one.source)) for one in config.collections),
        limit=replace(
            config.limit,
            sources=tuple(replace(one, source=found(one.source)) for one in config.limit.sources),
        ),
    )


def _each(record: dict[str, Any], key: str, read: Any, where: str) -> tuple[Any, ...]:
    rows = record.pop(key, [])
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise UserError(f"{where}: {key} must be tables, [[{key}]], each with its name")
    return tuple(read(dict(row), f"{where}, {key} {number}") for number, row in enumerate(rows, start=1))


def _encoder(row: dict[str, Any], where: str) -> NamedEncoder:
    if "config" in row:  # as `to_dict` writes it
        return NamedEncoder(row["name"], _made(EncoderConfig, row["config"], where))
    name = str(row.pop("name", row.get("model", "")))
    return NamedEncoder(name, _made(EncoderConfig, row, where))


def _sae(row: dict[str, Any], where: str) -> SaeRecipe:
    row.setdefault("name", row.get("text", ""))
    row.setdefault("distinct_tokens", row.get("n_tokens"))
    return _made(SaeRecipe, row, where)


def _collection(row: dict[str, Any], where: str) -> NamedCollection:
    row.setdefault("name", Path(str(row.get("source", ""))).name)
    return _made(NamedCollection, row, where)


def _made(kind: type[Made], values: Mapping[str, Any], where: str) -> Made:
    """An instance of a dataclass, lists as tuples; an unknown or missing key, or a wrong type, is a `UserError`."""
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: expected a table of keys and values, got {values!r}")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # all are dataclasses
    if unknown := [key for key in values if key not in known]:
        raise UserError(f"{where}: {unknown[0]!r} is not a key here; known are {', '.join(known)}")
    required = [
        key for key, field in known.items() if field.default is MISSING and field.default_factory is MISSING
    ]
    if missing := [key for key in required if values.get(key) is None]:
        raise UserError(f"{where}: {missing[0]} is missing")
    made = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    for key, value in made.items():
        _check_type(known[key].type, value, f"{where}: {key}")
    return kind(**made)


PLAIN = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}


def _check_type(kind: Any, value: Any, where: str) -> None:
    """Whether a value is what its field's annotation says, as far as TOML can get it wrong."""
    name = str(kind)
    if name in PLAIN and (not isinstance(value, PLAIN[name]) or (isinstance(value, bool) and name != "bool")):
        raise UserError(f"{where} is {value!r}, expected {'a number' if name in ('int', 'float') else name}")
    if name.startswith("tuple[") and not isinstance(value, tuple):
        raise UserError(f"{where} is {value!r}, expected a list")
