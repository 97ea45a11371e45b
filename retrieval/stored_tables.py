"""Tables stored in a study's folder with the facts they depend on; a table is valid while these are equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import UserError
from data.files import new_file
from data.tables import REMEDY, parquet_metadata, read_frame

FACTS = b"workbench"  # key of the facts in the parquet file's metadata


def write_kept(path: Path, table: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Write a table as parquet, completely or not at all. facts: JSON-able, stored in the file's metadata."""
    stored = pa.Table.from_pandas(table, preserve_index=False)
    stored = stored.replace_schema_metadata(
        {**stored.schema.metadata, FACTS: json.dumps(dict(facts)).encode()}
    )
    with new_file(path) as temporary:
        pq.write_table(stored, temporary)


def read_kept(path: Path, facts: Mapping[str, Any]) -> pd.DataFrame | None:
    """The table that `write_kept` stored for equal facts; None if there is no table, or one for other facts."""
    return read_frame(path) if is_kept(path, facts) else None


def is_kept(path: Path, facts: Mapping[str, Any]) -> bool:
    """Whether `read_kept` would return a table; its rows are not read."""
    if not path.is_file():
        return False
    try:
        return bool(json.loads(parquet_metadata(path).get(FACTS, b"null")) == dict(facts))
    except (ValueError, RecursionError):
        raise UserError(f"{path} is damaged: it does not say what it was made from; {REMEDY}") from None
