"""From what a TOML or JSON file holds to a frozen dataclass; what does not fit is a `UserError` of one sentence.

pydantic checks the values. A sentence names the file, the table, the key, what arrived and what was expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from data.errors import UserError

Made = TypeVar("Made")
Row = dict[str, Any]
EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dataclass_type": "a table of keys and values",
}


def completed(record: Mapping[str, Any], where: str) -> Row:
    """A configuration's record with the names that it leaves out, and encoders as `to_dict` writes them."""
    whole = dict(record)
    for key, complete in (("encoders", _encoder), ("saes", _sae), ("collections", _collection)):
        whole[key] = _rows(whole, key, complete, where)
    for table, key, complete in (("controls", "encoders", _encoder), ("limit", "sources", _collection)):
        part = whole.get(table)
        if isinstance(part, Mapping) and key in part:
            whole[table] = {**part, key: _rows(dict(part), key, complete, f"{where}, {table}")}
    return whole


def read_record(kind: type[Made], record: Row, where: str) -> Made:
    """An instance of a dataclass (lists become tuples) from a record that may be nested; where: names the file."""
    try:
        made: Made = TypeAdapter(kind).validate_json(json.dumps(record, default=_not_json))
    except ValidationError as error:
        raise UserError(_sentence(error, record, where, kind)) from None
    return made


def _not_json(value: object) -> dict[str, str]:
    """A date or a time of TOML's as what no key takes."""
    return {"": str(value)}


def _sentence(error: ValidationError, record: Row, where: str, kind: type) -> str:
    """The first thing that is wrong; what one value could have been is put together."""
    first, *others = error.errors(include_url=False)
    tables, key, value = place = _located(first["loc"], record)
    table = ", ".join([where, *tables])
    match first["type"]:
        case "value_error":  # a `UserError` of the dataclass itself
            return str(first["ctx"]["error"])
        case "missing":
            return f"{table}: {key} is missing"
        case "unexpected_keyword_argument":
            known = ", ".join(_known(kind, first["loc"][:-1]))
            return f"{table}: {key!r} is not a key here; known are {known}"
    alike = [first, *(other for other in others if _located(other["loc"], record) == place)]
    if any(each["type"] == "float_type" for each in alike):
        alike = [each for each in alike if each["type"] != "int_type"]
    expected = dict.fromkeys(
        EXPECTED.get(each["type"]) or each.get("ctx", {}).get("expected", each["msg"]) for each in alike
    )
    return f"{table}: {key} is {value!r}, expected {' or '.join(expected)}"


def _located(path: tuple[int | str, ...], record: Row) -> tuple[list[str], str, Any]:
    """The tables that lead to a key ("encoders 1"), the key, and its value; what pydantic adds is passed over."""
    tables: list[str] = []
    name, value = "", record
    for step in path:
        if isinstance(value, Mapping):
            if name not in ("", "config"):
                tables.append(name)
            name, value = str(step), value.get(str(step), {})
        elif isinstance(value, list | tuple) and isinstance(step, int):
            name, value = f"{name} {step + 1}", value[step]
    return tables, name, value


def _known(kind: Any, path: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at a path."""
    for step in path:
        if isinstance(step, str):
            hint = get_type_hints(kind)[step]
            kind = next(part for part in (hint, *get_args(hint)) if is_dataclass(part))
    return [field.name for field in fields(kind)]


def _rows(record: Row, key: str, complete: Callable[[Row], Row], where: str) -> list[Row]:
    rows = record.get(key, [])
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise UserError(f"{where}: {key} must be tables, [[{key}]], each with its name")
    return [complete(dict(row)) for row in rows]


def _encoder(row: Row) -> Row:
    if "config" in row:  # as `to_dict` writes it
        return row
    name = str(row.pop("name", row.get("model", "")))
    return {"name": name, "config": row}


def _sae(row: Row) -> Row:
    row.setdefault("name", row.get("text", ""))
    if "n_tokens" in row:
        row.setdefault("distinct_tokens", row["n_tokens"])
    return row


def _collection(row: Row) -> Row:
    row.setdefault("name", Path(str(row.get("source", ""))).name)
    return row
