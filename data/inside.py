"""Names from files as paths: a received file may name what is beside it, and nothing that is elsewhere."""

from __future__ import annotations

from pathlib import Path, PurePath

from data.errors import UserError


def inside(folder: Path, name: str, where: str) -> Path:
    """The path of `name` in a folder; what leads elsewhere, also by a link, is a `UserError`.

    where: the file that names it, for the message.
    """
    plain = isinstance(name, str) and name not in ("", ".", "..") and PurePath(name).name == name
    if not plain or "\0" in name or "\\" in name:
        shown = str(name)[:80]
        raise UserError(f"{where} names {shown!r}: expected the name of a file beside it, without a folder")
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"{where} names {name!r}, which is a link to another folder: put the file itself there"
        )
    return path
