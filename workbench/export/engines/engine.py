"""What an engine of sparse vectors does here: keep one vector a document, and rank by inner product."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study

Vector = Mapping[int, float]  # latent -> weight


@dataclass(frozen=True)
class EngineRecord:
    """What a collection of an engine says of itself. n_points: documents with at least one latent."""

    study: str
    fingerprint: str
    sae: str
    k1: float
    b: float
    phi: str
    n_points: int

    @classmethod
    def of(cls, study: Study, parameters: Bm25Parameters, n_points: int) -> EngineRecord:
        made_with = str(study.manifest["sae"]["fingerprint"])
        numbers = (parameters.k1, parameters.b, parameters.phi, n_points)
        return cls(study.name, str(study.manifest["fingerprint"]), made_with, *numbers)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def collection(self) -> str:
        """The collection's name: one for each build of a study."""
        return f"latent_terms_{self.fingerprint}"


class Engine(Protocol):
    """A connection to an engine. Vectors and queries are latent -> weight; ids are positions of documents."""

    def record(self, collection: str) -> Mapping[str, Any] | None:
        """What the collection says of itself; None where there is no such collection."""

    def begin(self, collection: str, record: Mapping[str, Any]) -> None:
        """Make an empty collection, in place of one of this name."""

    def count(self, collection: str) -> int:
        """How many vectors are kept."""

    def add(self, collection: str, ids: Sequence[int], vectors: Sequence[Vector]) -> None:
        """Keep these vectors; returns when they can be found."""

    def search(self, collection: str, query: Vector, depth: int) -> tuple[list[int], list[float]]:
        """The documents with the largest inner products, best first, and these."""

    def close(self) -> None:
        """End the connection."""


@dataclass(frozen=True)
class Kind:
    """A kind of engine. module: has `connect(uri) -> Engine`. package: what to install. example: of an address."""

    name: str
    module: str
    package: str
    example: str


KINDS = {
    one.name: one
    for one in (
        Kind("qdrant", "workbench.export.engines.qdrant", "qdrant-client", "http://127.0.0.1:6333"),
        Kind("milvus", "workbench.export.engines.milvus", "pymilvus", "http://127.0.0.1:19530"),
    )
}


def parted(address: str) -> tuple[Kind, str]:
    """Kind and address of `qdrant://HOST:PORT`, `milvus:FILE.db`, and the like; anything else is a `UserError`."""
    name, _, rest = address.partition(":")
    if name not in KINDS or not rest:
        raise UserError(
            f"{address!r} names no engine: expected {' or '.join(f'{name}://HOST:PORT' for name in KINDS)}, or a "
            "folder or file after the colon"
        )
    return KINDS[name], f"http:{rest}" if rest.startswith("//") else rest


@contextmanager
def connected(kind: Kind, uri: str) -> Iterator[Engine]:
    """A connection, ended at the end; what the engine's client raises is one sentence."""
    try:
        connect: Callable[[str], Engine] = importlib.import_module(kind.module).connect
    except ImportError:
        raise UserError(
            f"{kind.name} needs the package {kind.package}: `pip install {kind.package}`"
        ) from None
    try:
        engine = connect(uri)
    except Exception as error:  # of the client's many kinds
        raise _unreachable(kind, uri, error) from None
    try:
        yield engine
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise _unreachable(kind, uri, error) from None
    finally:
        engine.close()


def _unreachable(kind: Kind, uri: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return UserError(
        f"{kind.name} at {uri} did not answer as expected ({reason}): see that it runs there, and try again; an "
        "export goes on where it stopped"
    )
