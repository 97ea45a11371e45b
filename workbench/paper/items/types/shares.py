"""The item on types: lexical, narrow and broad latents by our rule, beside the paper's shares and controls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.figures.latents.types import CONTROL_NAMES, TYPE_NAMES, type_shares_figure
from analyses.latents.type_evidence.type_controls import control_shares, type_controls
from analyses.latents.types import (
    TYPES,
    TypeThresholds,
    classify,
    shares_by_threshold,
    type_measures,
    type_shares,
)
from workbench.paper.item import Evidence, Item, Made, collection_of, records

STEP = 0.1  # by which a threshold of the rule is moved, to measure how much hangs on it


def types(evidence: Evidence) -> Made:
    """Types and their shares by our rule, beside the paper's and controls."""
    study, rule = evidence.study(), TypeThresholds()
    measures, controls = type_measures(study), type_controls(study)
    assert controls is not None  # a part of the item
    shares = {"Latents": type_shares(classify(measures, rule))}
    n_sample = int(controls["n_documents"].min())
    for control, table in control_shares(controls, rule).items():
        shares[CONTROL_NAMES[control]] = table
    table = pd.concat([part.assign(vocabulary=name) for name, part in shares.items()], ignore_index=True)
    table.insert(0, "vocabulary", table.pop("vocabulary"))
    facts = [_shares_fact(name, part) for name, part in shares.items()]
    facts.append(
        "The paper reports 33% lexical, 10% narrow and 57% broad by a procedure that is not known: "
        "shares by our rule stand beside these, and neither confirm nor refute them."
    )
    for threshold in ("lexical", "narrow", "closeness"):
        facts.append(_moved(measures, rule, threshold))
    caption = (
        f"Types of the latents in {collection_of(study)} by our rule, not the paper's: lexical, if one form has at "
        f"least {rule.lexical:.0%} of the activation; narrow, if five forms have {rule.narrow:.0%} and a mean "
        f"cosine of {rule.closeness:g} by the encoder's own vectors; broad, the rest. Latents on fewer than "
        f"{rule.fewest_tokens} tokens are left out. The sample is of {n_sample:,} documents; random directions "
        "were never trained; wordpieces are a vocabulary as lexical as one can be."
    )
    shown = pd.DataFrame(
        {
            "Vocabulary": table["vocabulary"],
            "Type": [TYPE_NAMES[kind] for kind in table["type"]],
            "terms": [f"{count:,}" for count in table["count"]],
            "share (95%)": [
                f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})" for row in records(table)
            ],
            "paper": [
                f"{row['paper']:.0%}" if row["vocabulary"] == "Latents" else "" for row in records(table)
            ],
        }
    )
    return Made(table, caption, tuple(facts), shown, type_shares_figure(shares), "double", 0.36)


def _shares_fact(name: str, part: pd.DataFrame) -> str:
    named = [
        f"{row['share']:.1%} {row['type']} ({row['low']:.1%} to {row['high']:.1%})" for row in records(part)
    ]
    return f"{name}: of {int(part['count'].sum()):,} that have a type by our rule, {', '.join(named)}."


def _moved(measures: pd.DataFrame, rule: TypeThresholds, threshold: str) -> str:
    """The range of the shares when one threshold is moved by STEP either way."""
    at = getattr(rule, threshold)
    curves = shares_by_threshold(measures, rule, 11)
    curves = curves[(curves["threshold"] == threshold) & (np.abs(curves["value"] - at) < STEP * 1.01)]
    spans = curves.groupby("type")["share"].agg(["min", "max"]).reindex(list(TYPES))
    ranges = ", ".join(f"{kind} {row['min']:.0%} to {row['max']:.0%}" for kind, row in spans.iterrows())
    return f"With the threshold {threshold} moved from {at - STEP:g} to {at + STEP:g}, the shares range: {ranges}."


ITEMS = (Item("types", "Types of latents", types, needs_study=True, parts=("type_controls",)),)
