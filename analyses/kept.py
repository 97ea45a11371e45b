"""Tables kept in a study's folder with the facts that they hold for: read again only while these are the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.files import new_file

FACTS = b"workbench"  # the key of the facts in the parquet file's metadata


def write_kept(path: Path, table: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Write a table as parquet, whole or not at all, and `facts`, which JSON can hold, into its metadata."""
    stored = pa.Table.from_pandas(table, preserve_index=False)
    stored = stored.replace_schema_metadata(
        {**stored.schema.metadata, FACTS: json.dumps(dict(facts)).encode()}
    )
    with new_file(path) as temporary:
        pq.write_table(stored, temporary)


def read_kept(path: Path, facts: Mapping[str, Any]) -> pd.DataFrame | None:
    """The table that `write_kept` left there for these very facts; None where there is none, or one of others."""
    if not path.is_file():
        return None
    stored = pq.read_table(path)
    kept = (stored.schema.metadata or {}).get(FACTS, b"null")
    return stored.to_pandas() if json.loads(kept) == dict(facts) else None


def is_kept(path: Path, facts: Mapping[str, Any]) -> bool:
    """Whether `read_kept` would find a table there; its rows are not read."""
    if not path.is_file():
        return False
    kept = (pq.read_schema(path).metadata or {}).get(FACTS, b"null")
    return bool(json.loads(kept) == dict(facts))
