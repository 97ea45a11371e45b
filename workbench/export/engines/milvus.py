"""Milvus: a server by its address, or a file, which Milvus Lite keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pymilvus import DataType, MilvusClient

from workbench.export.engines.engine import Engine, Vector

ID, VECTOR = "id", "latent_terms"
EXACT = {"metric_type": "IP", "params": {"drop_ratio_search": 0.0}}


def connect(uri: str) -> Engine:
    """A connection; the token of a server is read from MILVUS_TOKEN."""
    return Milvus(MilvusClient(uri, token=os.environ.get("MILVUS_TOKEN", "")))


class Milvus:
    """See `engine.Engine`."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def record(self, collection: str) -> Mapping[str, Any] | None:
        if not self.client.has_collection(collection):
            return None
        described = self.client.describe_collection(collection)
        try:
            record = json.loads(described["description"])
        except ValueError:
            return {}
        return record if isinstance(record, dict) else {}

    def begin(self, collection: str, record: Mapping[str, Any]) -> None:
        self.client.drop_collection(collection)
        schema = self.client.create_schema(auto_id=False, description=json.dumps(dict(record)))
        schema.add_field(ID, DataType.INT64, is_primary=True)
        schema.add_field(VECTOR, DataType.SPARSE_FLOAT_VECTOR)
        index = self.client.prepare_index_params()
        index.add_index(VECTOR, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        self.client.create_collection(collection, schema=schema, index_params=index)

    def count(self, collection: str) -> int:
        counted = self.client.query(
            collection, filter=f"{ID} >= 0", output_fields=["count(*)"], consistency_level="Strong"
        )
        return int(counted[0]["count(*)"])

    def add(self, collection: str, ids: Sequence[int], vectors: Sequence[Vector]) -> None:
        rows = [{ID: number, VECTOR: dict(vector)} for number, vector in zip(ids, vectors, strict=True)]
        self.client.upsert(collection, rows)

    def search(self, collection: str, query: Vector, depth: int) -> tuple[list[int], list[float]]:
        (found,) = self.client.search(
            collection, [dict(query)], limit=depth, search_params=EXACT, consistency_level="Strong"
        )
        return [int(hit[ID]) for hit in found], [float(hit["distance"]) for hit in found]

    def close(self) -> None:
        self.client.close()
