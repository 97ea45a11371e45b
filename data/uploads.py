"""Files that a reader sends: kept under a folder by the digest of their content, and unpacked where they are a zip.

    folder/<16 hex digits of SHA-256>/docs.csv
    folder/<16 hex digits of SHA-256>/scifact/corpus.jsonl, queries.jsonl, qrels/test.tsv

The names in a zip are data: none leads out of its folder, only the files of BEIR's layout are written, and their
size is what is counted while they are unpacked, not what the zip says. A zip with one doubtful entry is refused.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedIOBase, BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from data.errors import UserError
from data.files import new_file, new_folder
from data.permissions import require
from data.readers.tabular import SUFFIXES

KINDS = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES), ".zip")
MOST_BYTES = 4 << 30  # of what an upload unpacks to
MOST_ENTRIES = 2000
LONGEST_NAME = 80
CORPUS = ("corpus.jsonl", "corpus.jsonl.gz")
OF_BEIR = re.compile(
    r"(corpus|queries)\.jsonl(\.gz)?|card\.json|qrels\.[\w.]{1,20}|qrels/[\w-][\w.-]{0,60}", re.ASCII
)
CHUNK = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error)


def keep_upload(name: str, content: bytes, folder: Path, most_bytes: int = MOST_BYTES) -> Path:
    """Keep an uploaded file, or what is in an uploaded zip; returns the file or the folder that a reader takes.

    The same content under the same name is kept once. name: as the browser sends it, so it is made plain.
    """
    require("open paths")
    plain = plain_name(name)
    kind = next((kind for kind in sorted(KINDS, key=len, reverse=True) if plain.endswith(kind)), None)
    if kind is None:
        raise UserError(f"{plain} is of no kind that can be read: expected {', '.join(KINDS)}")
    if not content:
        raise UserError(f"{plain} is empty: expected some documents")
    place = folder / hashlib.sha256(content).hexdigest()[:16]
    if kind == ".zip":
        target = place / (plain.removesuffix(kind).strip("-.") or "collection")
        if not target.is_dir():
            with new_folder(target) as temporary:
                unpack(BytesIO(content), temporary, plain, most_bytes)
        return target
    target = place / plain
    if not target.is_file():
        if kind.endswith(".gz"):
            _check_gzip(content, plain, most_bytes)
        with new_file(target) as temporary:
            temporary.write_bytes(content)
    return target


def plain_name(name: str) -> str:
    """A name of letters, digits, and . _ - for a file, whatever was sent; its ending in lower case."""
    last = re.split(r"[/\\]", name)[-1]
    words = re.sub(r"[^\w.-]+", "-", last).strip("-.")
    stem, dot, rest = words.partition(".")
    plain = f"{stem or 'upload'}{dot}{rest.lower()}"
    return plain if len(plain) <= LONGEST_NAME else f"{plain[:40]}{plain[-(LONGEST_NAME - 40) :]}"


def unpack(archive: IO[bytes], folder: Path, name: str, most_bytes: int = MOST_BYTES) -> None:
    """Write the files of the BEIR folder in a zip into `folder`, which is new; what is wrong is a `UserError`."""
    left = most_bytes
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry, path in _of_beir(opened.infolist(), name):
                target = folder / path
                target.parent.mkdir(exist_ok=True)
                with opened.open(entry) as source, target.open("xb") as out:
                    left = _copy(source, out, left, name, most_bytes)
                if path.endswith(".gz"):
                    _check_gzip(target.read_bytes(), f"{path} in {name}", most_bytes)
    except BROKEN as error:
        raise UserError(
            f"{name} cannot be unpacked ({error}): make the zip again, without a password"
        ) from None


def _of_beir(entries: list[zipfile.ZipInfo], name: str) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Each entry that is a file of the BEIR folder in the zip, and its path in that folder."""
    if len(entries) > MOST_ENTRIES:
        raise UserError(f"{name} holds {len(entries):,} entries: expected a BEIR folder, of a few files")
    paths = [_checked(entry, name) for entry in entries]
    corpora = [path for path in paths if path.name in CORPUS and path.parts[0] != "__MACOSX"]
    if not corpora:
        raise UserError(f"{name} holds no corpus.jsonl: expected a zip of a BEIR folder, or the file itself")
    home = min(corpora, key=lambda path: len(path.parts)).parent
    seen: set[str] = set()
    for entry, path in zip(entries, paths, strict=True):
        inside = path.relative_to(home).as_posix() if path.is_relative_to(home) else ""
        if entry.is_dir() or not OF_BEIR.fullmatch(inside):
            continue
        if inside.casefold() in seen:
            raise UserError(f"{name} holds {inside} twice: make the zip again")
        seen.add(inside.casefold())
        yield entry, inside


def _checked(entry: zipfile.ZipInfo, name: str) -> PurePosixPath:
    """The path of an entry, which must stay in its folder and be a plain file or a folder."""
    path, shown = PurePosixPath(entry.filename), entry.filename[:80]
    leads_out = path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]
    if leads_out or "\\" in entry.filename or "\0" in entry.orig_filename:
        raise UserError(f"{name} names {shown!r}, which leads out of its folder: nothing of it was unpacked")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UserError(f"{name} holds {shown!r}, which is a link or a device: nothing of it was unpacked")
    if entry.flag_bits & 1:
        raise UserError(f"{name} is encrypted: expected a zip without a password")
    return path


def _copy(source: IO[bytes], out: IO[bytes], left: int, name: str, most: int) -> int:
    """Copy a file of at most `left` bytes; returns how many may still come."""
    while chunk := source.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise UserError(f"{name} unpacks to more than {most:,} bytes: open it as a folder instead")
        out.write(chunk)
    return left


def _check_gzip(content: bytes, name: str, most: int) -> None:
    """A `UserError` for what is no gzip, or unpacks to more than `most` bytes."""
    left = most
    try:
        with gzip.open(BytesIO(content)) as opened:
            assert isinstance(opened, BufferedIOBase)
            while chunk := opened.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise UserError(f"{name} unpacks to more than {most:,} bytes: open it as a file instead")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{name} is damaged or not gzip ({error}): fetch it again or unpack it") from None
