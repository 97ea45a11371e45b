"""The item on idf: Lucene's against the paper's clipped one, query by query."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.comparison.paper_tables import difference_table
from analyses.figures.paper.paper import differences_figure
from retrieval.systems import LATENT, LATENT_LUCENE_IDF
from workbench.paper.item import IDF_SYSTEMS, Evidence, Item, Made, compared, interval, p_text, records


def idf(evidence: Evidence) -> Made:
    """Lucene's idf against the paper's clipped one, query by query."""
    measured = evidence.measured("retrieval")
    latent = measured[measured["system"].isin(IDF_SYSTEMS.values()) & ~measured["control"].astype(bool)]
    by = ["collection", "encoder", "sae"]
    table = difference_table(latent, by, "system", LATENT_LUCENE_IDF.name, LATENT.name)
    table.insert(0, "name", [" · ".join(row[name] for name in by if row[name]) for row in records(table)])
    facts = tuple(
        compared(f"On {row['name']}, Lucene's idf", "the clipped one", row, "nDCG@10")
        for row in records(table)
    )
    height = 80 + 34 * len(table)
    chart = differences_figure(table, "name", "nDCG@10, Lucene's idf minus clipped", height=height)
    caption = (
        "Lucene's idf, ln(1 + (N - n + .5)/(n + .5)), against the paper's, which is 0 for latents in half of the "
        "documents or more: mean difference in nDCG@10 with its 95% interval over queries; thin lines span "
        "single seeds."
    )
    shown = pd.DataFrame([_printed_difference(row) for row in records(table)])
    return Made(table, caption, facts, shown, chart, ratio=min(1.2, height / 320))


def _printed_difference(row: dict[str, Any]) -> dict[str, str]:
    return {
        "": row["name"],
        "Lucene's idf": f"{row['mean']:.3f}",
        "clipped idf": f"{row['other_mean']:.3f}",
        "difference": interval(row["difference"], row["low"], row["high"], signed=True),
        "single seeds": f"{row['seed_low']:+.3f} to {row['seed_high']:+.3f}",
        "won/lost": f"{row['wins']:.0f}/{row['losses']:.0f}",
        "p (Holm)": p_text(row["p_holm"]),
    }


ITEMS = (Item("idf", "Lucene's idf against the clipped one", idf, ("retrieval",)),)
