"""The item on axioms: does each system order documents as the axioms of retrieval prefer?"""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.axioms import axioms_figure
from analyses.why.axioms import DEPTH, read_axioms
from analyses.why.reading.axiom_rules import AXIOMS
from retrieval.systems import system_title
from workbench.paper.item import Evidence, Item, Made, collection_of, interval, p_text, records


def axioms_item(evidence: Evidence) -> Made:
    """Agreement of each system with each axiom, beside a random order and lexical BM25."""
    study = evidence.study()
    answer = read_axioms(study)
    assert answer is not None  # a part of the item
    table = answer.summary
    n = answer.by_query["query_id"].nunique()
    axioms = "; ".join(f"{name}, {axiom.says} ({axiom.source})" for name, axiom in AXIOMS.items())
    caption = (
        f"Agreement with axioms on {n:,} queries, {collection_of(study)}: of the pairs of documents among a "
        f"system's own first {DEPTH} on which an axiom has a preference, the share that the system orders as "
        f"preferred; .5 by chance. Pooled: pairs among the first {DEPTH} of all systems. 95% bootstrap intervals "
        f"over queries. {axioms}."
    )
    known = table[table["pairs"] > 0]
    shown = pd.DataFrame(
        {
            "Axiom": known["axiom"].tolist(),
            "system": [system_title(system) for system in known["system"]],
            "agreement": [interval(row["share"], row["low"], row["high"]) for row in records(known)],
            "pooled": [
                interval(row["pooled_share"], row["pooled_low"], row["pooled_high"]) for row in records(known)
            ],
            "pairs": [f"{pairs:,}" for pairs in known["pairs"]],
            "minus lexical BM25": [
                interval(row["minus_lexical"], row["minus_low"], row["minus_high"], signed=True)
                if row["minus_lexical"] == row["minus_lexical"]
                else "–"
                for row in records(known)
            ],
            "p (Holm)": [p_text(row["p_holm"]) or "–" for row in records(known)],
        }
    )
    return Made(table, caption, tuple(answer.sentences()), shown, axioms_figure(table), "double", 0.6)


ITEMS = (
    Item(
        "axioms",
        "Axioms of retrieval",
        axioms_item,
        needs_study=True,
        parts=("why_axioms",),
        wanted=lambda config: config.controls.why,
    ),
)
