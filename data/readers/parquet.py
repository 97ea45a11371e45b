"""Rows of a Parquet file, plain or gzipped: the columns that can hold ids, texts or grades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import UserError
from data.readers.names import usual
from data.readers.records import open_bytes

READ = (
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary),
    *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
)


def parquet_rows(path: Path, wanted: Sequence[Sequence[str]] = ()) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number from 1, column -> value) of each row.

    wanted: names of each column that matters, the best first; one that is there, but of a type that is not read
    (vectors, dates, nested columns), raises a `UserError`, as an unreadable file does.
    """
    with open_bytes(path) as file:
        try:
            table = pq.ParquetFile(file)
            kinds = {field.name: field.type for field in table.schema_arrow}
            read = [name for name, kind in kinds.items() if any(test(kind) for test in READ)]
            for names in wanted:
                column = usual(names, kinds)
                if column and column not in read:
                    raise UserError(
                        f"{path} has a column {column} of type {kinds[column]}, which cannot be read as an id or a "
                        "text: expected text or whole numbers; convert it, or name another column"
                    )
            batches = table.iter_batches(columns=read)
            yield from enumerate(chain.from_iterable(batch.to_pylist() for batch in batches), start=1)
        except (pa.ArrowException, OSError, EOFError) as error:
            raise UserError(f"{path} is not a Parquet file that can be read ({error})") from None
