"""Files that are complete or absent: written under a temporary name, forced to disk, then renamed.

A name that a killed process left behind is removed by the next writer of the same file. In a folder that lists
what its files hold (data/checksums.py), a file is listed before it takes its name.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from data import checksums
from data.errors import UserError
from data.exchange import exchange
from data.full_disk import message_if_unwritable
from data.permissions import require_writable

HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:4]
LITTER = re.compile(r"\.(?P<pid>\d+)(?:-(?P<host>[0-9a-f]{4})-[0-9a-f]{8})?\.(?P<kind>tmp|old)")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it is renamed to `path` on success and removed on any failure.

    A folder that cannot be written or a full disk raises a `UserError` that names the path.
    """
    require_writable(path)
    with message_if_unwritable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        temporary = _temporary(path)
        try:
            yield temporary
            _force(temporary)
            checksums.list_before_rename(path, temporary)
            os.replace(temporary, path)
            _force(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def create_file(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` make the file `path`, which is whole from its first moment; one that is there stays."""
    if path.exists():
        return
    sweep(path)
    temporary = _temporary(path)
    try:
        write(temporary)
        _force(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:  # another process was first
            pass
        except OSError:  # a disk without links
            if not path.exists():
                os.rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a fresh temporary folder beside `path`; on success it replaces `path`, on failure it is removed.

    A folder that cannot be written or a full disk raises a `UserError` that names the path.
    """
    require_writable(path)
    with message_if_unwritable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        temporary = _temporary(path)
        temporary.mkdir()
        try:
            yield temporary
            replace_folder(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(source: Path, destination: Path) -> None:
    """Rename folder `source` to `destination`, at once where another folder stands there, which is then removed."""
    for each in (*source.rglob("*"), source):
        _force(each)
    checksums.list_before_rename(destination, source)
    if not destination.exists():
        os.replace(source, destination)
    elif exchange(source, destination):
        shutil.rmtree(source, ignore_errors=True)
    else:  # a kill between these two is mended by `sweep`
        old = _temporary(destination, "old")
        os.replace(destination, old)
        os.replace(source, destination)
        shutil.rmtree(old, ignore_errors=True)
    _force(destination.parent)


def sweep(path: Path) -> None:
    """Remove what killed writers of `path` left beside it; a folder that one had moved aside gets its name back."""
    for litter in path.parent.glob(f".{glob.escape(path.name)}.*"):
        match = LITTER.fullmatch(litter.name.removeprefix(f".{path.name}"))
        if match is None or match["host"] not in (None, HOST) or _runs(int(match["pid"])):
            continue
        with suppress(OSError):  # two processes may sweep at once
            if match["kind"] == "old" and not path.exists():
                os.replace(litter, path)
            elif litter.is_dir() and not litter.is_symlink():
                shutil.rmtree(litter, ignore_errors=True)
            else:
                litter.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, completely or not at all."""
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file; a missing, broken or too deeply nested one raises a `UserError` that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise UserError(
            f"{path} is nested too deeply to be read: expected a JSON file of this project"
        ) from None
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error})") from None


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object; anything else raises a `UserError` that names it."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} is damaged: expected a JSON object, got {type(value).__name__}")
    return value


def check_listed(folder: Path, record: str) -> None:
    """Raise a `UserError` for a file of a folder that is not as the folder's record lists it.

    A folder without a record, of an earlier version or made elsewhere, passes.
    """
    if not os.path.lexists(folder / record):
        return
    content = read_json_object(folder / record)
    files = content.get(checksums.FILES)
    sound = isinstance(files, dict) and checksums.is_genuine(content) and checksums.leads_out(files) is None
    if not isinstance(files, dict) or not sound:
        raise UserError(
            f"{folder / record} is damaged: restore it from a copy, or remove it if you trust the rest"
        )
    for name, digests in files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or checksums.sha256(path) not in digests:
            raise UserError(
                f"{path} is damaged: it is missing, a link, or not what was written (its SHA-256 differs): restore "
                f"it from a copy, or, if the change is yours, remove {record} beside it"
            )


def fingerprint(value: Any) -> str:
    """16 hex digits of SHA-256 of a JSON-able value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _temporary(path: Path, kind: str = "tmp") -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{HOST}-{secrets.token_hex(4)}.{kind}")


def _runs(pid: int) -> bool:
    """Whether a process of this machine has this number; one of another user counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _force(path: Path) -> None:
    """Have the disk hold what was written to a file or folder, before another name refers to it."""
    with suppress(OSError):  # some file systems refuse it for folders
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
