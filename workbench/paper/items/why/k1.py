"""The item on k1: how early a weight should saturate, in units that mean the same on every collection."""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.k1 import NAMES, k1_figure
from analyses.why.k1 import k1_curve
from workbench.paper.item import Evidence, Item, Made, collection_of, interval, p_text, records


def k1_item(evidence: Evidence) -> Made:
    """nDCG@10 along k1, over latents under either idf and over words."""
    study = evidence.study()
    answer = k1_curve(study)
    if answer is None:
        none = f"The {collection_of(study)} have no relevance judgements, so no ranking can be measured."
        return Made(pd.DataFrame(), none, (none,), pd.DataFrame({"": []}))
    rows = [
        {
            "Over": NAMES[row["vocabulary"], row["idf"]][0],
            "k1 / mean weight": f"{row['units']:.3g}{' (its own)' if row['is_own'] else ''}",
            "k1": f"{row['k1']:.3g}",
            "nDCG@10": interval(row["value"], row["low"], row["high"]),
            "minus its own": ""
            if row["is_own"]
            else interval(-row["lost"], -row["lost_high"], -row["lost_low"], True),
            "p (Holm)": "" if row["is_own"] else p_text(row["p_holm"]),
        }
        for row in records(answer.table)
    ]
    caption = (
        f"nDCG@10 by BM25's k1: {answer.n_queries:,} queries, {collection_of(study)}, one SAE. k1 in units of the "
        "mean weight of all postings; each vocabulary keeps its own b. Exact rankings, 95% bootstrap intervals "
        "over queries, over latents and, as the control, over words; differences to its own parameters are "
        "paired, p by paired randomisation with Holm's correction."
    )
    facts = tuple(answer.sentences())
    return Made(answer.table, caption, facts, pd.DataFrame(rows), k1_figure(answer.table), "column", 0.9)


ITEMS = (Item("k1", "How early a weight should saturate", k1_item, needs_study=True, parts=("why_k1",)),)
