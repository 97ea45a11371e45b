"""Numbers as text: two to three digits, thousands apart, a unit where there is one."""

from __future__ import annotations


def count(number: float) -> str:
    """`6,975`; from a million on, `1.05 million`."""
    return f"{number / 1e6:.2f} million" if abs(number) >= 1e6 else f"{number:,.0f}"


def counted(number: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def percent(part: float) -> str:
    """A part of 1 as a percentage of two to three digits: `12.3%`, `0.012%`."""
    if part == 0:
        return "0%"
    hundredths = 100 * part
    return f"{hundredths:.0f}%" if hundredths >= 99.95 else f"{hundredths:.3g}%"


def number(value: float) -> str:
    """A measured number: three significant digits, without an exponent from 0.001 to 100,000."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e5 else count(value)
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """`41 s`, `4 min 10 s`, `1 h 05 min`."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def size(n_bytes: float) -> str:
    """`640 kB`, `1.2 GB`: bytes, by thousands."""
    power = 0
    while abs(n_bytes) >= 999.5 and power < 4:
        n_bytes, power = n_bytes / 1000, power + 1
    digits = ".0f" if power == 0 or abs(n_bytes) >= 9.95 else ".1f"
    return f"{n_bytes:{digits}} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"
