"""Text for a terminal: what a corpus, a file or a model says is shown there and never obeyed.

Escape sequences can rewrite what stands on the screen, the window's title and the clipboard, and direction
overrides reverse what a reader sees (Boucher and Anderson 2021, Trojan Source). Every print goes through `say`.
"""

from __future__ import annotations

import re
import sys
from typing import TextIO

# C0 but tab and newline, DEL, C1; embeddings, overrides and isolates of direction; halves of a surrogate pair.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object) -> str:
    """The text with every character that a terminal would obey as its escape: `\\x1b`, `\\u202e`."""
    return UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), str(text))


def printable_json(text: str) -> str:
    """JSON of the same value in which every such character is JSON's escape."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def say(*parts: object, file: TextIO | None = None, end: str = "\n", flush: bool = False) -> None:
    """Print a line, on standard output or `file`."""
    print(*map(printable, parts), file=sys.stdout if file is None else file, end=end, flush=flush)
