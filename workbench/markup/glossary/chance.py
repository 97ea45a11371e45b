"""The glossary on chance: what an effect among many is compared with."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

CHANCE = (
    Entry(
        "Adjusted p",
        "How often chance alone gives an effect as large as this one to any of the latents looked at: the signs of "
        "the queries' losses are flipped, of all latents at once, and the largest standardised sum is taken.",
        "(1 + #{flips: max t ≥ t_j}) / (1 + n), step-down (Westfall and Young 1993)",
        ("help beyond chance", "hurt beyond chance", "p_adjusted"),
    ),
)
