"""Latents whose importance goes beyond chance, and how many would help or hurt by chance alone.

Under the null hypothesis that a query is as good with its latents as without, the signs of its losses are
arbitrary: flips of them, over queries and for all latents at once, give the count that chance gives and p-values
that are adjusted for looking at every latent (analyses.statistics.sign_flips).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analyses.interventions.latent_losses import Lost
from analyses.statistics.sign_flips import sign_flips

LEVEL = 0.05  # of the adjusted p-values


@dataclass(frozen=True)
class Chance:
    """How many latents help and hurt, at all and beyond chance, and how many would by chance.

    n_helping, n_hurting: removing one lowers, or raises, mean nDCG@10. expected, with the middle 95% low to high:
    how many would help if signs were arbitrary, and as many would hurt; of n_flips draws. helping_beyond,
    hurting_beyond: those whose adjusted p is below level.
    """

    n_helping: int
    n_hurting: int
    expected: float
    low: float
    high: float
    n_flips: int
    helping_beyond: int
    hurting_beyond: int
    level: float = LEVEL


def in_words(chance: Chance) -> str:
    """What the counts come to, in two sentences."""
    better, worse = chance.hurting_beyond, chance.helping_beyond
    return (
        f"{worse:,} {'latent makes' if worse == 1 else 'latents make'} nDCG@10 worse and {better:,} better when "
        f"removed, beyond chance (adjusted p below {chance.level:g}). Without adjustment {chance.n_helping:,} make "
        f"it worse and {chance.n_hurting:,} better; expected by chance: {chance.expected:,.0f} each (95%: "
        f"{chance.low:,.0f} to {chance.high:,.0f})."
    )


def chance_table(n_latents: int, n_queries: int, lost: Lost) -> pd.DataFrame:
    """One row per latent of some judged query: latent, p_adjusted; and in each row the numbers of `sign_flips`."""
    chosen = np.unique(lost.latent)
    losses = csr_array((lost.lost, (lost.query, lost.latent)), shape=(n_queries, n_latents))[:, chosen]
    flips = sign_flips(losses)
    numbers = {name: value for name, value in vars(flips).items() if name != "p_adjusted"}
    return pd.DataFrame({"latent": chosen, "p_adjusted": flips.p_adjusted}).assign(**numbers)


def beside_chance(latents: pd.DataFrame, table: pd.DataFrame | None) -> tuple[pd.DataFrame, Chance | None]:
    """The latents with p_adjusted and beyond_chance, and their counts beside chance. table: `chance_table`."""
    if table is None or table.empty:
        return latents.assign(p_adjusted=np.nan, beyond_chance=False), None
    p_adjusted = table.set_index("latent")["p_adjusted"].reindex(latents["latent"]).to_numpy()
    beyond = p_adjusted < LEVEL
    first, lost = table.iloc[0], latents["lost"].to_numpy()
    return latents.assign(p_adjusted=p_adjusted, beyond_chance=beyond), Chance(
        int(first["n_positive"]),
        int(first["n_negative"]),
        float(first["chance"]),
        float(first["chance_low"]),
        float(first["chance_high"]),
        int(first["n_flips"]),
        int((beyond & (lost > 0)).sum()),
        int((beyond & (lost < 0)).sum()),
    )
