"""Qdrant: a server by its address, or a folder, in which the client itself keeps and ranks the vectors."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import QdrantClient, models

from workbench.export.engines.engine import Engine, Vector

NAME = "latent_terms"  # of the vector
RECORD_ID = (1 << 63) - 1  # a point without a vector, whose payload is the record


def connect(uri: str) -> Engine:
    """A connection; the key of a server is read from QDRANT_API_KEY."""
    if uri.startswith(("http:", "https:")):
        return Qdrant(QdrantClient(url=uri, api_key=os.environ.get("QDRANT_API_KEY"), timeout=60))
    return Qdrant(QdrantClient(path=uri))


class Qdrant:
    """See `engine.Engine`."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def record(self, collection: str) -> Mapping[str, Any] | None:
        if not self.client.collection_exists(collection):
            return None
        points = self.client.retrieve(collection, [RECORD_ID], with_payload=True)
        return dict(points[0].payload or {}) if points else {}

    def begin(self, collection: str, record: Mapping[str, Any]) -> None:
        self.client.delete_collection(collection)
        self.client.create_collection(
            collection, vectors_config={}, sparse_vectors_config={NAME: models.SparseVectorParams()}
        )
        point = models.PointStruct(id=RECORD_ID, vector={}, payload=dict(record))
        self.client.upsert(collection, [point], wait=True)

    def count(self, collection: str) -> int:
        return int(self.client.count(collection, exact=True).count) - 1

    def add(self, collection: str, ids: Sequence[int], vectors: Sequence[Vector]) -> None:
        points = [
            models.PointStruct(id=number, vector={NAME: _sparse(vector)})
            for number, vector in zip(ids, vectors, strict=True)
        ]
        self.client.upsert(collection, points, wait=True)

    def search(self, collection: str, query: Vector, depth: int) -> tuple[list[int], list[float]]:
        exact = models.SearchParams(exact=True)
        answer = self.client.query_points(
            collection, query=_sparse(query), using=NAME, limit=depth, with_payload=False, search_params=exact
        )
        found = [point for point in answer.points if point.id != RECORD_ID]
        return [int(point.id) for point in found], [float(point.score) for point in found]

    def close(self) -> None:
        self.client.close()


def _sparse(vector: Vector) -> Any:
    return models.SparseVector(indices=list(vector), values=list(vector.values()))
