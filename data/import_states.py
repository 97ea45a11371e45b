"""Token states that were made elsewhere, as an encoder's folder (`data/imported_states.py`).

States are rows of a matrix, one per token; a table says of each row which text it belongs to, which token it is,
and where that stands in the text. All is checked before anything is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from data.arrays import create_array, map_array
from data.corpus import Collection
from data.encoders import Kind
from data.errors import UserError
from data.files import new_folder, write_json
from data.imported_states import MODEL_TYPE, RECORD, key_of
from data.progress import StepProgress
from data.ragged import offsets_of
from data.readers.names import DOCUMENT_IDS, QUERY_IDS, id_text, usual
from data.tables import read_frame

# Role -> usual names of the columns of the table of tokens; those after OPTIONAL may be missing.
COLUMNS: Mapping[str, Sequence[str]] = {
    "text": ("id", "_id", *DOCUMENT_IDS, *QUERY_IDS, "text"),
    "token": ("token", "wordpiece", "piece", "token_text"),
    "start": ("start", "char_start", "start_char", "begin"),
    "end": ("end", "char_end", "end_char", "stop"),
    "kind": ("kind", "role"),
    "token_id": ("token_id", "input_id", "token_ids", "input_ids"),
}
OPTIONAL = ("kind", "token_id")
LARGEST = 65_504.0  # of float16
LARGEST_VOCABULARY = 1 << 22
ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class ImportedTokens:
    """A row per token, in the order of the states: text (its row among the texts), token, token_id, start, end."""

    text: NDArray[np.int64]
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    pieces: Sequence[str]


def import_states(
    states: Path,
    tokens: Path,
    collection: Collection,
    out: Path,
    name: str = "",
    progress: StepProgress | None = None,
) -> dict[str, Any]:
    """Write the folder `out`, completely or not at all; returns its record.

    states: npy or safetensors (float16 or float32), or Parquet with a column of lists, (n_tokens, d_model).
    tokens: Parquet, JSONL, CSV or TSV with the columns of `COLUMNS`. collection: has the texts to which the ids
    belong. What does not fit is a `UserError` that names the first row.
    """
    matrix = read_states(states)
    texts = _texts(collection)
    table = read_tokens_table(tokens)
    if len(table) != len(matrix):
        raise UserError(
            f"{states} has {len(matrix):,} states, and {tokens} has {len(table):,} tokens: expected one row for "
            "each state, in the same order"
        )
    imported = checked_tokens(table, collection, tokens)
    begins = np.flatnonzero(np.append(True, np.diff(imported.text) != 0))[: len(table)]
    lengths = np.diff(np.append(begins, len(table)))
    keys = [key_of(*texts[row]) for row in imported.text[begins].tolist()]
    kept, first = np.unique(np.array(keys, np.uint64), return_index=True)  # equal texts have equal states
    offsets = offsets_of(lengths[first])
    places = np.arange(offsets[-1]) + np.repeat(begins[first] - offsets[:-1], lengths[first])
    with new_folder(out) as folder:
        digest = _write_states(folder / "states.npy", matrix, places, states, progress)
        for file, array in {
            "keys": kept,
            "offsets": offsets,
            "token_ids": imported.token_ids[places],
            "spans": imported.spans[places],
        }.items():
            np.save(folder / f"{file}.npy", array, allow_pickle=False)
            digest.update(np.ascontiguousarray(array).tobytes())
        write_json(folder / "wordpieces.json", list(imported.pieces))
        record = {
            "model_type": MODEL_TYPE,
            "name": name or out.name,
            "hidden_size": int(matrix.shape[1]),
            "n_texts": len(kept),
            "n_tokens": len(places),
            "fingerprint": digest.hexdigest()[:16],
        }
        write_json(folder / RECORD, record)
    return record


def read_states(path: Path) -> NDArray[Any]:
    """The matrix in a file, (n_tokens, d_model); npy is mapped."""
    match path.suffix:
        case ".npy":
            return map_array(path, ("<f2", "<f4"), (None, None), "save it again as float16 or float32")
        case ".safetensors":
            return _of_safetensors(path)
        case ".parquet":
            column = next((field.name for field in pq.read_schema(path) if _is_list(field.type)), None)
            if column is None:
                raise UserError(f"{path} has no column of lists of numbers: expected the states there")
            rows = read_frame(path)[column]
            if len({len(row) for row in rows}) > 1:
                raise UserError(f"{path} has states of different widths in {column}: expected one width")
            return np.stack([np.asarray(row, np.float32) for row in rows])
    raise UserError(f"{path} is not read as states: expected .npy, .safetensors or .parquet")


def read_tokens_table(path: Path) -> pd.DataFrame:
    """The table of tokens, its columns by role; a missing column is a `UserError`."""
    if not path.is_file():
        raise UserError(f"there is no file {path}: expected a table with a row per token")
    try:
        match path.suffix:
            case ".parquet":
                table = read_frame(path)
            case ".jsonl" | ".ndjson":
                table = pd.read_json(path, lines=True, dtype=False)
            case ".csv" | ".tsv":
                table = pd.read_csv(
                    path, sep="," if path.suffix == ".csv" else "\t", dtype=str, keep_default_na=False
                )
            case _:
                raise UserError(f"{path} is not read as tokens: expected .parquet, .jsonl, .csv or .tsv")
    except ValueError as error:
        raise UserError(f"{path} cannot be read as a table ({' '.join(str(error).split())[:200]})") from None
    columns = {role: usual(names, map(str, table.columns)) for role, names in COLUMNS.items()}
    for role, column in columns.items():
        if column is None and role not in OPTIONAL:
            raise UserError(
                f"{path} has no column for the {role} of each token (it has {', '.join(map(str, table.columns))}): "
                f"expected one named {' or '.join(COLUMNS[role][:3])}"
            )
    return table.rename(columns={column: role for role, column in columns.items() if column})


def checked_tokens(table: pd.DataFrame, collection: Collection, path: Path) -> ImportedTokens:
    """The tokens, if each belongs to a text, those of a text stand together, and spans are within the text."""
    text = _rows_of_texts(table, collection, path)
    begins = text[np.append(True, np.diff(text) != 0)[: len(text)]]
    if len(begins) != len(np.unique(begins)):
        row = int(pd.Series(begins).duplicated().argmax())
        raise UserError(
            f"{path} has tokens of the {_texts(collection)[begins[row]][0]} {_ids(collection)[begins[row]]!r} in "
            "two places: expected all tokens of a text one after another"
        )
    spans = np.stack([_whole(table["start"], path), _whole(table["end"], path)], axis=1)
    lengths = np.array([len(text) for _, text in _texts(collection)], np.int64)[text]
    wrong = (spans[:, 0] < 0) | (spans[:, 1] < spans[:, 0]) | (spans[:, 1] > lengths)
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{path}, row {row + 1}: a token from character {spans[row, 0]} to {spans[row, 1]} of a text of "
            f"{lengths[row]}: expected places in the text, 0 and 0 for a special token"
        )
    token_ids, pieces = _pieces(table, path)
    return ImportedTokens(text, token_ids, spans.astype(np.int32), pieces)


def _texts(collection: Collection) -> list[tuple[Kind, str]]:
    """Kind and text of each document, then of each query."""
    documents: list[tuple[Kind, str]] = [("document", text) for text in collection.corpus.texts]
    return documents + [("query", text) for text in collection.queries.texts]


def _ids(collection: Collection) -> list[str]:
    return [*collection.corpus.ids, *collection.queries.ids]


def _rows_of_texts(table: pd.DataFrame, collection: Collection, path: Path) -> NDArray[np.int64]:
    """The row, among `_texts`, of the text that each token belongs to."""
    kinds = table["kind"].astype(str) if "kind" in table else pd.Series("document", index=table.index)
    codes, pairs = pd.MultiIndex.from_arrays([kinds, table["text"].map(id_text)]).factorize()
    of_kind = [kind for kind, _ in _texts(collection)]
    known = {pair: row for row, pair in enumerate(zip(of_kind, _ids(collection), strict=True))}
    for kind, name in pairs:
        if (kind, name) not in known:
            raise UserError(
                f"{path} has tokens of the {kind} {name!r}, which {collection.name} lacks: expected ids of its "
                "documents, or of its queries where a column `kind` says `query`"
            )
    rows = np.array([known[pair] for pair in pairs], np.int64)
    return rows[np.asarray(codes, np.int64)]


def _whole(column: pd.Series[Any], path: Path) -> NDArray[np.int64]:
    """A column of whole numbers, int64 (n_tokens,)."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(numbers) | (numbers != np.floor(numbers)) | (np.abs(numbers) >= 2**31)
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{path}, row {row + 1}: {column.name} is {column.iloc[row]!r}: expected a whole number"
        )
    whole: NDArray[np.int64] = numbers.astype(np.int64)
    return whole


def _pieces(table: pd.DataFrame, path: Path) -> tuple[NDArray[np.int32], list[str]]:
    """The token id of each token, and the wordpiece of each id; without ids, in order of appearance."""
    tokens = table["token"].astype(str)
    if "token_id" not in table:
        codes, found = pd.factorize(tokens)
        return codes.astype(np.int32), [str(piece) for piece in found]
    ids = _whole(table["token_id"], path)
    named = pd.DataFrame({"id": ids, "token": tokens}).drop_duplicates()
    twice = named["id"].duplicated()
    wrong = twice | (named["id"] < 0) | (named["id"] >= LARGEST_VOCABULARY)
    if wrong.any():
        raise UserError(
            f"{path}: token id {named.loc[wrong, 'id'].iloc[0]} stands for more than one token, or is no id of a "
            "tokenizer: expected the tokenizer's ids, or leave that column out"
        )
    pieces = [f"[{number}]" for number in range(int(ids.max(initial=-1)) + 1)]
    for number, piece in named.itertuples(index=False):
        pieces[number] = piece
    return ids.astype(np.int32), pieces


def _write_states(
    path: Path, matrix: NDArray[Any], places: NDArray[np.int64], source: Path, progress: StepProgress | None
) -> hashlib._Hash:
    """Write the states at these places as float16; returns a digest of them."""
    digest = hashlib.sha256()
    written = create_array(path, np.float16, (len(places), matrix.shape[1]))
    for start in range(0, len(places), ROWS):
        rows = places[start : start + ROWS]
        block = np.asarray(matrix[rows])
        if not (np.abs(block) <= LARGEST).all():  # false for NaN too
            row = int(rows[(~(np.abs(block) <= LARGEST)).any(axis=1).argmax()])
            raise UserError(
                f"{source}, row {row + 1}: a state that is not finite in float16: expected values up to "
                f"{LARGEST:,.0f}"
            )
        written[start : start + ROWS] = block
        digest.update(written[start : start + ROWS].tobytes())
        if progress:
            progress(min(start + ROWS, len(places)), len(places))
    return digest


def _of_safetensors(path: Path) -> NDArray[Any]:
    try:
        with safe_open(path, "numpy") as file:
            named = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            matrices = [name for name, shape in named.items() if len(shape) == 2]
            name = "states" if "states" in matrices else matrices[0] if len(matrices) == 1 else None
            if name is None:
                held = ", ".join(f"{name} {shape}" for name, shape in named.items()) or "nothing"
                raise UserError(f"{path} holds {held}: expected one matrix, or one that is named states")
            matrix = file.get_tensor(name)
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise UserError(f"{path} cannot be read as safetensors ({error})") from None
    if matrix.dtype not in (np.float16, np.float32):
        raise UserError(f"{path} holds {name} as {matrix.dtype}: save it again as float16 or float32")
    return np.asarray(matrix)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)
