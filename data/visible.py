"""Text of a collection for a page or a figure: what would act there is shown, or left out."""

from __future__ import annotations

from collections.abc import Mapping

PICTURES: Mapping[int, int] = {  # control characters, and what is shown instead
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
    **dict.fromkeys((0x202D, 0x202E), 0xFFFD),  # overrides of direction, which reverse what a reader sees
}
DIRECTIONS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def visible(text: str) -> str:
    """Control characters as their pictures, character for character, so that spans still fit."""
    return text.translate(PICTURES)


def undirected(text: str) -> str:
    """`visible`, without marks that turn the direction of what follows, as for a label that shares its line."""
    return visible(text.translate(DIRECTIONS))
