"""What can happen to a file: cut short, a bit that fell over, another type, no number, gone, a trap."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

Damage = Callable[[Path, random.Random], None]


def cut(path: Path, chance: random.Random) -> None:
    """Cut at a random place, as a full disk does."""
    os.truncate(path, chance.randrange(path.stat().st_size)) if path.stat().st_size else path.write_bytes(
        b"x"
    )


def emptied(path: Path, chance: random.Random) -> None:
    os.truncate(path, 0)


def flipped(path: Path, chance: random.Random) -> None:
    """One bit, anywhere."""
    content = bytearray(path.read_bytes() or b"\0")
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def overwritten(path: Path, chance: random.Random) -> None:
    """64 bytes in the middle, at random."""
    content = bytearray(path.read_bytes())
    start = max(0, len(content) // 2 - 32)
    content[start : start + 64] = chance.randbytes(min(64, len(content) - start))
    path.write_bytes(content)


def missing(path: Path, chance: random.Random) -> None:
    path.unlink()


def linked(path: Path, chance: random.Random) -> None:
    """A link to a file elsewhere with the same content."""
    elsewhere = Path(tempfile.mkdtemp()) / path.name
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def a_folder(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def swapped_bytes(path: Path, chance: random.Random) -> None:
    """The same numbers, in the other byte order."""
    array = _array(path)
    np.save(path, array.astype(array.dtype.newbyteorder()), allow_pickle=False)


def another_type(path: Path, chance: random.Random) -> None:
    """The same numbers in another type."""
    array = _array(path)
    other = np.float16 if array.dtype == np.float64 else np.float64 if array.dtype.kind == "f" else np.uint64
    np.save(path, array.astype(other), allow_pickle=False)


def another_shape(path: Path, chance: random.Random) -> None:
    array = _array(path)
    np.save(path, array[: len(array) - 1] if chance.random() < 0.5 else array[..., None], allow_pickle=False)


def out_of_range(path: Path, chance: random.Random) -> None:
    """One number that refers to nothing, or is none."""
    array = _array(path)
    if array.size:
        value = chance.choice([2**30, -1]) if array.dtype.kind == "i" else 65_535
        odd = chance.choice([np.nan, np.inf]) if array.dtype.kind == "f" else value
        array.reshape(-1)[chance.randrange(array.size)] = odd
    np.save(path, array, allow_pickle=False)


def huge_header(path: Path, chance: random.Random) -> None:
    """A header that says a shape beyond any memory."""
    content = path.read_bytes()
    np.save(path, np.zeros(1, np.float32))
    head = path.read_bytes().replace(b"(1,), }" + b" " * 12, b"(1000000000000000,)}"[:19])
    path.write_bytes(head + content[:64])


def pickled(path: Path, chance: random.Random) -> None:
    """Python objects, which loading must never run."""
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)


def nested(path: Path, chance: random.Random) -> None:
    path.write_text("[" * 200_000 + "]" * 200_000)


def another_json(path: Path, chance: random.Random) -> None:
    path.write_text(chance.choice(["[]", "{}", "null", "3", '"text"', '{"a": [1, {"b": null}]}']))


def _array(path: Path) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(np.load(path, allow_pickle=False))


ALL: dict[str, Damage] = {
    damage.__name__: damage for damage in (cut, emptied, flipped, overwritten, missing, linked, a_folder)
}
OF_ARRAYS = {
    damage.__name__: damage
    for damage in (swapped_bytes, another_type, another_shape, out_of_range, huge_header, pickled)
}
OF_JSON = {damage.__name__: damage for damage in (nested, another_json)}


def damages_of(path: Path) -> dict[str, Damage]:
    """What is tried on a file, by its kind."""
    of_kind = {".npy": OF_ARRAYS, ".json": OF_JSON}.get(path.suffix, {})
    return {**ALL, **of_kind}
