"""A disk that takes no more, or a folder that may not be written: one sentence with the path."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # numpy's, which has no number
OF_A_LIBRARY = re.compile(r"(?:os error|Errno) (\d+)")  # safetensors' and pyarrow's


@contextmanager
def message_if_unwritable(path: Path) -> Iterator[None]:
    """Turn a full disk or quota, and a refusal to write `path` or beside it, into a `UserError`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if (number := _number(error)) in FULL or number == errno.EFBIG:
            raise UserError(
                f"{path} could not be written, since its disk or quota is full ({os.strerror(number)}): free some "
                "space, then repeat the command"
            ) from None
        if (
            isinstance(error, OSError)
            and number in (errno.EACCES, errno.EPERM, errno.EROFS)
            and _near(error, path)
        ):
            raise UserError(
                f"{path} could not be written ({os.strerror(number)}): make its folder writable, or choose another"
            ) from None
        raise


def _number(error: Exception) -> int:
    """The system's number of an error, 0 if it has none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if CUT_SHORT.search(str(error)):
        return errno.ENOSPC
    found = OF_A_LIBRARY.search(str(error))
    return int(found[1]) if found else 0


def _near(error: OSError, path: Path) -> bool:
    """Whether the error is about the path, what stands beside it, or a folder above it."""
    if error.filename is None:
        return True
    about = Path(os.fsdecode(error.filename))
    return about.parent == path.parent or about in path.parents or path in about.parents
