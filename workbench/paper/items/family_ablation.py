"""The item on families of latents: nDCG@10 without each type and each frequency band."""

from __future__ import annotations

import pandas as pd

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.paper.paper_mechanism import families_print
from analyses.interventions.family_ablation import N_DRAWS, families
from workbench.paper.item import (
    IDF_NAMES,
    Evidence,
    Item,
    Made,
    collection_of,
    compared,
    interval,
    p_text,
    records,
)

MEASURE = "nDCG@10"


def family_item(evidence: Evidence) -> Made:
    """nDCG@10 without each type and frequency band, beside random latents that contribute as much."""
    study = evidence.study()
    table = families(study)
    assert table is not None  # a part of the item
    facts = []
    for row in records(table):
        name = (
            f"Ranking without the {row['n_latents']:,} {_family(row)} latents ({IDF_NAMES[row['idf']]} idf)"
        )
        if not row["n_draws"]:
            facts.append(f"{name} has no control: no random latents contribute as much ({row['share']:.1%}).")
            continue
        excess = {"difference": row["excess"], "low": row["excess_low"], "high": row["excess_high"]}
        random = "random latents" if row["drawn_from"] == "all" else "random other latents"
        as_much = f"ranking without {random} that contribute as much ({row['share']:.0%})"
        facts.append(compared(name, as_much, excess, MEASURE))
    n = int(table["n_queries"].iloc[0]) if len(table) else 0
    caption = (
        f"Change of {MEASURE} on {n:,} queries, {collection_of(study)}, when a family of latents is removed "
        "from every query (one SAE; documents, their lengths and idf stay): a type by our rule, or a band of "
        "document frequency. Controls: random latents outside of the family that contribute as much to the "
        f"first ten documents, or, where there are too few, drawn from all latents; mean of {N_DRAWS} draws. "
        "95% bootstrap intervals over queries."
    )
    shown = pd.DataFrame(
        {
            "Family": [_family(row) for row in records(table)],
            "idf": [IDF_NAMES[idf] for idf in table["idf"]],
            "latents": [f"{n:,}" for n in table["n_latents"]],
            "share": [f"{share:.1%}" for share in table["share"]],
            "change": [interval(row["change"], row["low"], row["high"], True) for row in records(table)],
            "random": [
                interval(row["control"], row["control_low"], row["control_high"], True)
                if row["n_draws"]
                else "–"
                for row in records(table)
            ],
            "drawn from": [name or "–" for name in table["drawn_from"]],
            "p (Holm)": [p_text(p) or "–" for p in table["p_holm"]],
        }
    )
    return Made(table, caption, tuple(facts), shown, families_print(table), "double", 0.5)


def _family(row: dict[str, object]) -> str:
    """A family's name in a sentence."""
    return TYPE_NAMES[str(row["family"])].lower() if row["kind"] == "type" else f'"{row["family"]}"'


ITEMS = (
    Item(
        "family-ablation",
        "nDCG@10 without families of latents",
        family_item,
        needs_study=True,
        parts=("families",),
        formerly=("families",),
    ),
)
