"""Counts, layers and latents as people write them, in a shell and in the app; a wrong one is a `UserError`."""

from __future__ import annotations

from data.errors import UserError


def parse_count(text: str, option: str = "--tokens") -> int:
    """A count such as 6M, 250k or 1_000_000, as a whole number above 0."""
    number, unit = text.strip().replace("_", "").replace(",", ""), 1
    for suffix, factor in (("k", 10**3), ("m", 10**6), ("g", 10**9), ("b", 10**9)):
        if number.lower().endswith(suffix):
            number, unit = number[:-1], factor
    try:
        count = round(float(number) * unit)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise UserError(f"{option} {text} is not a count: expected something like 500k, 6M or 250000")
    return count


def written_count(count: int) -> str:
    """A count as people write it, which `parse_count` reads back: 6M, 250k, 1234."""
    for suffix, factor in (("M", 10**6), ("k", 10**3)):
        if count >= factor and count % factor == 0:
            return f"{count // factor}{suffix}"
    return str(count)


def parse_layer(layer: str) -> int | str | None:
    """The layer as an `EncoderConfig` has it: None for the final states, a number, or a hook point's name."""
    if layer in ("", "final"):
        return None
    return int(layer) if layer.isdecimal() else layer


def parse_latents(text: str) -> list[int]:
    """Latents' numbers, apart by commas or spaces."""
    words = text.replace(",", " ").split()
    if not words or not all(word.isdecimal() for word in words):
        raise UserError(f"--latents {text!r} is not a list of numbers: expected something like 12,88")
    return [int(word) for word in words]
