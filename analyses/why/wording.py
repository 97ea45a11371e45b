"""Sentences on differences that claim no more than their intervals bear."""

from __future__ import annotations

NO_DIFFERENCE = "these queries show no difference"
LEVEL = 0.05


def difference(
    name: str, other: str, value: float, low: float, high: float, p: float, measure: str = "nDCG@10"
) -> str:
    """One sentence on ranking by `name` less ranking by `other`: 95% interval, and p after Holm's correction."""
    return f"Ranking by {name} is {against(f'ranking by {other}', value, low, high, p, f' in {measure}')}."


def against(other: str, value: float, low: float, high: float, p: float, unit: str = "") -> str:
    """Where something stands against `other`: "below ranking by cosine by 0.057 (0.014 to 0.102)", say."""
    if low <= 0 <= high:
        signed = f"{value:+.3f} ({low:+.3f} to {high:+.3f}){unit}"
        return f"not told apart from {other}, {NO_DIFFERENCE}: {signed}"
    corrected = "" if p < LEVEL else f", but one of many comparisons, with p {p:.3f} after Holm's correction"
    sizes = (value, low, high) if low > 0 else (-value, -high, -low)
    by = "{:.3f} ({:.3f} to {:.3f})".format(*sizes)
    return f"{'above' if low > 0 else 'below'} {other} by {by}{unit}{corrected}"
