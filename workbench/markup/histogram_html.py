"""A histogram of activations in HTML alone, for the latent's page and for the card, which runs no script."""

from __future__ import annotations

import math

import pandas as pd

from analyses.figures.style.theme import ACTIVATION, translucent
from workbench.markup.formats import count, number
from workbench.markup.templates import escape

MOST_STEPS = 3  # between the lines across


def histogram(table: pd.DataFrame, counted: str = "tokens", quantity: str = "activation") -> str:
    """Bars of `table` (columns low, high, count) on a log axis; the stronger, the deeper the hue; "" of no rows.

    counted: the unit of a count; quantity: the unit of low and high. Hovering over a bar shows its numbers.
    """
    if table.empty:
        return ""
    most, lowest, highest = int(table["count"].max()), float(table["low"].min()), float(table["high"].max())
    step = _step(most)
    top = step * math.ceil(most / step)

    def along(value: float) -> float:
        return 100 * math.log(value / lowest) / math.log(highest / lowest)

    lines = "".join(
        f'<span class="lt-line" style="bottom: {100 * n / top:.2f}%"><i>{_short(n)}</i></span>'
        for n in range(0, top + 1, step)
    )
    bars = "".join(
        f'<b title="{number(low)} to {number(high)}: {count(n)} {escape(counted)}" style="left: {along(low):.2f}%; '
        f"width: {along(high) - along(low):.2f}%; height: {100 * n / top:.2f}%; "
        f'background-color: {translucent(ACTIVATION, 0.25 + 0.75 * math.sqrt(high / highest))}"></b>'
        for low, high, n in table[["low", "high", "count"]].itertuples(index=False)
    )
    ticks = "".join(
        f'<span class="lt-tick" style="left: {along(value):.2f}%">{value:g}</span>'
        for value in log_ticks(lowest, highest)
    )
    return (
        f'<figure class="lt-histogram"><div>{lines}{bars}{ticks}</div>'
        f"<figcaption>{escape(counted)} by {escape(quantity)} (log scale)</figcaption></figure>"
    )


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within [low, high]; every digit where there is little between the two."""
    digits = (1, 2, 5) if high > 5 * low else range(1, 10)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
    return [tick for tick in ticks if low <= tick <= high]


def _short(n: int) -> str:
    return f"{n:,}" if n < 1_000_000 else f"{n / 1_000_000:g}M"


def _step(most: int) -> int:
    """The least of 1, 2, 5, 10, 20 ... that reaches `most` in MOST_STEPS steps."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step * MOST_STEPS >= most:
                return step
        power *= 10
