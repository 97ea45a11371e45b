"""Folders that list the SHA-256 of their files, so that a changed byte never passes for a result.

    study.json        of a study: `files`, name -> SHA-256 of its content, and of its content before that
    checksums.json    of an SAE: the same, alone
    checksum          of that record itself without this key

A file of such a folder is listed before it is renamed into place. A kill between the two leaves a file with its
earlier content, which is listed still. Names that begin with a dot, in any part, are no part of the content.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.locks import hold

RECORDS = ("study.json", "checksums.json")
FILES, CHECKSUM = "files", "checksum"
DEPTH = 4  # folders between a file and its record at most
OUTSIDE = ("notes.sqlite", "notes.sqlite-wal", "notes.sqlite-shm", "notes.sqlite-journal")  # SQLite's own


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(paths: Iterable[Path]) -> list[str]:
    """SHA-256 of several files, in their order, read by several threads."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(sha256, paths))


def record_of(folder: Path) -> Path | None:
    """The record in a folder, None if it has none."""
    return next((folder / name for name in RECORDS if (folder / name).is_file()), None)


def signed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its own checksum."""
    content = {key: value for key, value in record.items() if key != CHECKSUM}
    return {**content, CHECKSUM: _checksum(content)}


def is_genuine(record: Mapping[str, Any]) -> bool:
    """Whether a record is as it was written; one of an earlier version, which lists nothing, counts as genuine."""
    if FILES not in record and CHECKSUM not in record:
        return True
    return record.get(CHECKSUM) == _checksum({key: value for key, value in record.items() if key != CHECKSUM})


def content_of(folder: Path, within: Path = Path()) -> list[str]:
    """Names of the files that a record lists, sorted. within: where the folder will be in the listed one."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(name.as_posix() for name in names if not _is_outside(within / name))


def leads_out(names: Iterable[str]) -> str | None:
    """The first of the names in a record that is not of a file in its folder, None if all are."""
    return next((name for name in names if Path(name).is_absolute() or {"..", ""} & {*name.split("/")}), None)


def listed(folder: Path) -> dict[str, list[str]]:
    """name -> SHA-256 of every file in a folder that is complete, as its record is to list them."""
    names = content_of(folder)
    return {
        name: [digest] for name, digest in zip(names, sha256_of_all(folder / n for n in names), strict=True)
    }


def list_before_rename(path: Path, temporary: Path) -> None:
    """Add what is about to be renamed to `path`, a file or a folder, to the record of the folder that it is in."""
    root = next((parent for parent in path.parents[:DEPTH] if (parent / RECORDS[0]).is_file()), None)
    if root is None or path == root / RECORDS[0] or _is_outside(path.relative_to(root)):
        return
    within = path.relative_to(root)
    if temporary.is_dir():
        names = content_of(temporary, within)
        _list(root, {(within / name).as_posix(): temporary / name for name in names})
    else:
        _list(root, {within.as_posix(): temporary})


def list_unlisted(root: Path) -> None:
    """Add the files that the record of a folder does not list, of an earlier version or copied there by hand."""
    record = json.loads((root / RECORDS[0]).read_text(encoding="utf-8"))
    if new := {name: root / name for name in content_of(root) if name not in record.get(FILES, {})}:
        _list(root, new)


def _list(root: Path, new: Mapping[str, Path]) -> None:
    """List the content of files by their names; what is listed of a name stays as its content before."""
    digests = sha256_of_all(new.values())
    with hold(root / ".lock"):
        record = json.loads((root / RECORDS[0]).read_text(encoding="utf-8"))
        if not is_genuine(record):
            raise UserError(
                f"{root / RECORDS[0]} is damaged: its content is not what was written; restore it first"
            )
        files = dict(record.get(FILES, {}))
        for name, digest in zip(new, digests, strict=True):
            files[name] = [
                digest,
                *(each for each in _held(root / name, files.get(name, [])) if each != digest),
            ]
        _write(root / RECORDS[0], {**record, FILES: dict(sorted(files.items()))})


def _held(path: Path, listed_before: list[str]) -> list[str]:
    """The one of the listed digests that a file has now: after a kill it may be either."""
    if len(listed_before) == 2 and path.is_file() and sha256(path) == listed_before[1]:
        return listed_before[1:]
    return listed_before[:1]


def _write(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, whose lock is held, completely or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(signed(record), file, indent=2, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _is_outside(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts) or name.as_posix() in (*RECORDS, *OUTSIDE)
