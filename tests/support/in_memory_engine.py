"""An engine of sparse vectors in this process's memory, for what a real one must not be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.export.engines.engine import Vector


class InMemory:
    """An engine that keeps what it is given, for what a real one must not be asked: to lose or change something."""

    kept: dict[str, tuple[dict[str, Any], dict[int, Vector]]]

    def __init__(self) -> None:
        self.kept = {}

    def record(self, collection: str) -> Mapping[str, Any] | None:
        return self.kept[collection][0] if collection in self.kept else None

    def begin(self, collection: str, record: Mapping[str, Any]) -> None:
        self.kept[collection] = (dict(record), {})

    def count(self, collection: str) -> int:
        return len(self.kept[collection][1])

    def add(self, collection: str, ids: Sequence[int], vectors: Sequence[Vector]) -> None:
        self.kept[collection][1].update(zip(ids, vectors, strict=True))

    def search(self, collection: str, query: Vector, depth: int) -> tuple[list[int], list[float]]:
        points = self.kept[collection][1]
        scores = {
            number: sum(weight * query.get(latent, 0.0) for latent, weight in vector.items())
            for number, vector in points.items()
        }
        best = sorted((number for number in scores if scores[number] > 0), key=lambda at: (-scores[at], at))[
            :depth
        ]
        return best, [scores[number] for number in best]

    def close(self) -> None:
        pass
