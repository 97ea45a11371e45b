"""Items on frequency bands: nDCG@10 without the most and the least frequent latents."""

from __future__ import annotations

import pandas as pd

from analyses.comparison.paper_tables import difference_table, mean_over_seeds
from analyses.figures.paper.paper import curves_figure
from retrieval.systems import LATENT, LATENT_LUCENE_IDF
from workbench.paper.item import (
    IDF_NAMES,
    IDF_SYSTEMS,
    Evidence,
    Item,
    Made,
    compared,
    interval,
    records,
)

LINES = {
    LATENT.name: "clipped idf",
    LATENT_LUCENE_IDF.name: "Lucene's idf",
    "control_clipped": "clipped, random latents",
    "control_lucene": "Lucene's, random latents",
}


def pruned(evidence: Evidence, part: str, which: str) -> Made:
    """nDCG@10 without a part of the vocabulary, under both idfs, beside as many random postings."""
    measured = evidence.measured("pruning")
    measured = measured[measured["part"] == part]
    table = mean_over_seeds(measured, ["collection", "idf", "left_out", "share"], "nDCG@10")
    first = table[table["collection"] == evidence.config.collections[0].name]
    lines = [
        IDF_SYSTEMS[row["idf"]] if row["left_out"] == "these" else f"control_{row['idf']}"
        for row in records(first)
    ]
    title = f"share of the latents left out, {which} first"
    chart = curves_figure(first.assign(line=lines), "share", title, "nDCG@10", "line", LINES)
    facts = []
    for share in sorted(set(measured["share"]) - {0.0}):
        of_share = measured[measured["share"] == share]
        against = difference_table(of_share, ["collection", "idf"], "left_out", "these", "random ones")
        facts += [
            compared(
                f"On {row['collection']} ({IDF_NAMES[row['idf']]} idf), leaving out the {100 * share:g}% {which} "
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
            "left out": [which if out == "these" else "random ones" for out in table["left_out"]],
            "share": [f"{100 * share:g}%" for share in table["share"]],
            "nDCG@10": [interval(row["mean"], row["low"], row["high"]) for row in records(table)],
        }
    )
    caption = (
        f"nDCG@10 without the {which} latents, which then count neither in scores nor in document lengths; the "
        "control leaves out other latents, drawn at random, that have as many postings together. Figure: "
        f"{first['collection'].iloc[0]}."
    )
    return Made(table, caption, tuple(facts), shown, chart)


ITEMS = (
    Item(
        "frequency-bands-head",
        "nDCG@10 without the most frequent latents",
        lambda evidence: pruned(evidence, "head", "most frequent"),
        ("pruning",),
        wanted=lambda config: len(config.sweeps.head) > 1,
        formerly=("head",),
    ),
    Item(
        "frequency-bands-tail",
        "nDCG@10 without the least frequent latents",
        lambda evidence: pruned(evidence, "tail", "least frequent"),
        ("pruning",),
        wanted=lambda config: len(config.sweeps.tail) > 1,
        formerly=("tail",),
    ),
)
