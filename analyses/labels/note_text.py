"""Clean text of labels, tags and notes: one form for equal texts, of limited length."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from data.errors import UserError

# Bidirectional controls, which would reverse the text of a page around them.
DIRECTIONS = {*("LRE", "RLE", "LRO", "RLO", "PDF"), *("LRI", "RLI", "FSI", "PDI")}
LONGEST = {"label": 120, "tag": 40, "note": 10_000}  # characters


def clean_label(text: str) -> str:
    """One line, single spaces, no control characters."""
    return _bounded("label", " ".join(_printable("label", text).split()))


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, whatever its case, in alphabetical order; a comma separates tags."""
    words = (word for tag in tags for word in _printable("tag", tag).split(","))
    tidy = (_bounded("tag", " ".join(word.split())) for word in words)
    kept = {tag.casefold(): tag for tag in tidy if tag}
    return tuple(kept[name] for name in sorted(kept))


def clean_note(text: str) -> str:
    """The lines without control characters and trailing blanks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _bounded("note", "\n".join(_printable("note", line).rstrip() for line in lines).strip("\n"))


def _printable(kind: str, text: str) -> str:
    """Control characters become spaces, DIRECTIONS are dropped; what UTF-8 cannot hold is a `UserError`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(
            f"the {kind} holds half a character (a lone surrogate): expected plain text"
        ) from None
    kept = (letter for letter in text if unicodedata.bidirectional(letter) not in DIRECTIONS)
    return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in kept)


def _bounded(kind: str, text: str) -> str:
    if len(text) > LONGEST[kind]:
        raise UserError(f"the {kind} has {len(text):,} characters: expected {LONGEST[kind]:,} at most")
    return text
