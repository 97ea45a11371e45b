"""Two findings to nail down or refute: Lucene's idf against the clipped, and what the frequent latents carry."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.figures.paper import curves_figure, differences_figure
from analyses.paper_tables import difference_table, mean_over_seeds
from workbench.paper.items import IDF_NAMES, Evidence, Item, Made, compared, interval, p_text, records

IDF_COLOURS = {"clipped": "latent", "lucene": "latent_lucene_idf"}
LINES = {
    "latent": "clipped idf",
    "latent_lucene_idf": "Lucene's idf",
    "control_clipped": "clipped, random latents",
    "control_lucene": "Lucene's, random latents",
}


def idf_finding(evidence: Evidence) -> Made:
    """Lucene's idf against the paper's clipped one, query by query."""
    measured = evidence.measured("retrieval")
    latent = measured[measured["system"].isin(IDF_COLOURS.values()) & ~measured["control"].astype(bool)]
    by = ["collection", "encoder", "sae"]
    table = difference_table(latent, by, "system", "latent_lucene_idf", "latent")
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


def pruned(evidence: Evidence, part: str, told: str) -> Made:
    """nDCG@10 without a part of the vocabulary, under both idfs, beside as many random postings."""
    measured = evidence.measured("pruning")
    measured = measured[measured["part"] == part]
    table = mean_over_seeds(measured, ["collection", "idf", "left_out", "share"], "nDCG@10")
    first = table[table["collection"] == evidence.config.collections[0].name]
    lines = [
        IDF_COLOURS[row["idf"]] if row["left_out"] == "these" else f"control_{row['idf']}"
        for row in records(first)
    ]
    title = f"share of the latents left out, {told} first"
    chart = curves_figure(first.assign(line=lines), "share", title, "nDCG@10", "line", LINES)
    facts = []
    for share in sorted(set(measured["share"]) - {0.0}):
        of_share = measured[measured["share"] == share]
        against = difference_table(of_share, ["collection", "idf"], "left_out", "these", "random ones")
        facts += [
            compared(
                f"On {row['collection']} ({IDF_NAMES[row['idf']]} idf), leaving out the {100 * share:g}% {told} "
                "latents",
                "leaving out random latents with as many postings",
                row,
                "nDCG@10",
            )
            for row in records(against)
        ]
    shown = pd.DataFrame(
        {
            "Collection": table["collection"],
            "idf": table["idf"],
            "left out": [told if out == "these" else "random ones" for out in table["left_out"]],
            "share": [f"{100 * share:g}%" for share in table["share"]],
            "nDCG@10": [interval(row["mean"], row["low"], row["high"]) for row in records(table)],
        }
    )
    caption = (
        f"nDCG@10 without the {told} latents, which then count neither in scores nor in |d|; the control leaves "
        "out other latents, drawn at random, that have as many postings together. Figure: "
        f"{first['collection'].iloc[0]}."
    )
    return Made(table, caption, tuple(facts), shown, chart)


ITEMS = (
    Item("idf", "Lucene's idf against the clipped one", idf_finding, ("retrieval",)),
    Item(
        "head",
        "What the most frequent latents carry",
        lambda evidence: pruned(evidence, "head", "most frequent"),
        ("pruning",),
        wanted=lambda config: len(config.sweeps.head) > 1,
    ),
    Item(
        "tail",
        "What the rarest latents carry",
        lambda evidence: pruned(evidence, "tail", "least frequent"),
        ("pruning",),
        wanted=lambda config: len(config.sweeps.tail) > 1,
    ),
)
