"""The one door for tables on disk (Parquet, Arrow): a file that is none, or not whole, is a `UserError`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import UserError

MOST_ROWS = 1 << 31
MOST_BYTES = 1 << 36  # of a table in memory
REMEDY = "restore it from a copy, or make it again"


def read_parquet(path: Path, remedy: str = REMEDY) -> pa.Table:
    """The table in a Parquet file, whose values have been checked; a damaged file is a `UserError`."""
    with _named(path, remedy):
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            size = sum(
                file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
            )
            if not (0 <= rows <= MOST_ROWS and size <= MOST_BYTES):
                raise pa.ArrowInvalid(f"{rows:,} rows of {size:,} bytes")
            table = file.read()
        table.validate(full=True)
    return table


def read_frame(path: Path, remedy: str = REMEDY) -> pd.DataFrame:
    """`read_parquet` as a DataFrame."""
    with _named(path, remedy):
        frame: pd.DataFrame = read_parquet(path, remedy).to_pandas()
    return frame


def parquet_metadata(path: Path, remedy: str = REMEDY) -> Mapping[bytes, bytes]:
    """What a Parquet file says of itself, without its rows; a damaged file is a `UserError`."""
    with _named(path, remedy):
        return pq.read_schema(path).metadata or {}


def map_arrow(path: Path, schema: pa.Schema, remedy: str = REMEDY) -> pa.Table:
    """The table in an Arrow file, mapped; a damaged one, or one of another schema, is a `UserError`.

    Values are not checked here, since that reads them all: `table.validate(full=True)` does that.
    """
    with _named(path, remedy):
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    if not table.schema.equals(schema):
        raise UserError(
            f"{path} is damaged: expected columns {', '.join(schema.names)}, got "
            f"{', '.join(table.schema.names)}, or others of their types; {remedy}"
        )
    return table


@contextmanager
def _named(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError, MemoryError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({reason or type(error).__name__}): {remedy}") from None
