"""The item on BM25's factors: which of them does the work, over latents and over words."""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.scoring import FACTOR_NAMES, NAMES, shapley_figure
from analyses.why.scoring import scoring
from retrieval.vocabularies import LATENTS
from workbench.paper.item import Evidence, Item, Made, collection_of, interval, p_text, records


def scoring_item(evidence: Evidence) -> Made:
    """Shapley values of nDCG@10 of BM25's factors, the subsets, and cosines over the same counts."""
    study = evidence.study()
    answer = scoring(study)
    if answer is None:
        return _unjudged(collection_of(study))
    rows = [
        {
            "Factor": FACTOR_NAMES[row["name"]],
            "over": NAMES[vocabulary],
            "Shapley value": interval(row["value"], row["low"], row["high"], True),
            "lost without it alone": interval(row["lost"], row["lost_low"], row["lost_high"], True),
            "p (Holm)": p_text(row["p_holm"]),
        }
        for vocabulary in NAMES
        for row in records(answer.rows(vocabulary, "factor"))
    ]
    rows += [
        {
            "Factor": row["name"],
            "over": NAMES[LATENTS.name],
            "Shapley value": f"nDCG@10 {interval(row['value'], row['low'], row['high'])}",
            "lost without it alone": interval(row["lost"], row["lost_low"], row["lost_high"], True),
            "p (Holm)": p_text(row["p_holm"]),
        }
        for row in records(answer.rows(LATENTS.name, "cosine"))
    ]
    caption = (
        f"What each factor of BM25 adds to nDCG@10: {answer.n_queries:,} queries, {collection_of(study)}, one SAE. "
        "Shapley values over exact rankings by every subset of the factors, over latents and, as the control, over "
        "words, with 95% bootstrap intervals over queries; p by paired randomisation with Holm's correction. "
        "Cosines: their nDCG@10, and that of all factors minus theirs."
    )
    return Made(
        answer.table,
        caption,
        tuple(answer.sentences()),
        pd.DataFrame(rows),
        shapley_figure(answer.table),
        "column",
        0.9,
    )


def _unjudged(collection: str) -> Made:
    none = f"The {collection} have no relevance judgements, so no ranking can be measured."
    return Made(pd.DataFrame(), none, (none,), pd.DataFrame({"": []}))


ITEMS = (
    Item(
        "scoring", "Which part of BM25 does the work", scoring_item, needs_study=True, parts=("why_scoring",)
    ),
)
