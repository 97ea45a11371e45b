"""Items on the mechanism: a score taken apart, what families of latents carry, what is missed, what is silenced."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.failures import REASONS, Failures, failures
from analyses.family_ablation import N_DRAWS, families
from analyses.figures.failures import REASON_NAMES
from analyses.figures.paper_mechanism import REASONS_OF, families_print, reasons_print
from analyses.figures.types import TYPE_NAMES
from workbench.paper import ledger_items, silenced_items
from workbench.paper.items import (
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

MEASURE, DEPTH = "nDCG@10", 10


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
            facts.append(f"{name} changes nothing that could be matched: they contribute {row['share']:.1%}.")
            continue
        excess = {"difference": row["excess"], "low": row["excess_low"], "high": row["excess_high"]}
        random = "random latents" if row["drawn_from"] == "all" else "random other latents"
        as_much = f"ranking without {random} that contribute as much ({row['share']:.0%})"
        facts.append(compared(name, as_much, excess, MEASURE))
    n = int(table["n_queries"].iloc[0]) if len(table) else 0
    caption = (
        f"Change of {MEASURE} on {n:,} queries, {collection_of(study)}, when a family of latents leaves every "
        "query (one SAE; documents, |d| and idf stay): a type by our rule, or a band of document frequency. "
        "Controls: random latents outside of the family that contribute as much to the first ten documents, or "
        f"where there are none such, of all latents; mean of {N_DRAWS} draws. 95% bootstrap intervals over "
        "queries."
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


def failure_item(evidence: Evidence) -> Made:
    """Why relevant documents are missed, beside the same question put to what cosine misses."""
    study = evidence.study()
    found = failures(study, k=DEPTH)
    shares = {group: _told_reasons(found, group) for group in REASONS_OF}
    facts = [
        f"The first {DEPTH} hold {len(found.found_length):,} of {found.n_relevant:,} relevant documents of "
        f"{found.n_queries:,} queries; {len(found.misses):,} are missed"
        + (f" ({found.n_absent:,} more are not in the corpus)." if found.n_absent else "."),
        *(f"Of the relevant documents {REASONS_OF[group]}: {shares[group]}." for group in ("missed", "cosine")),
        f"Control, of the nearest documents below a miss that nobody judged relevant: {shares['next']}.",
    ]  # fmt: skip
    if len(found.found_length) and len(found.missed_length):
        facts.append(
            f"Median |d| / avg|d| is {np.median(found.found_length):.2f} of those found and "
            f"{np.median(found.missed_length):.2f} of those missed."
        )
    caption = (
        f"Relevant documents beyond the first {DEPTH}, by the first reason that holds, in "
        f"{collection_of(study)}: shares with 95% intervals (Wilson). Cosine's misses are put the same question "
        "by the latents, which find some of them; so are, as a control, the nearest documents below each miss "
        "that are not relevant."
    )
    if study.own_score == "maxsim":
        caption += (
            " The encoder is multi-vector: this cosine is of its mean vectors and not its own score, MaxSim."
        )
    rows = [
        row
        for row in records(found.classes)
        if row["n"] and (row["group"], row["reason"]) != ("next", "found")
    ]
    shown = pd.DataFrame(
        {
            "Documents": [REASONS_OF[row["group"]] for row in rows],
            "Reason": [REASON_NAMES[row["reason"]] for row in rows],
            "count": [f"{row['count']:,} of {row['n']:,}" for row in rows],
            "share": [f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})" for row in rows],
        }
    )
    return Made(found.classes, caption, tuple(facts), shown, reasons_print(found.classes), ratio=0.9)


def _told_reasons(found: Failures, group: str) -> str:
    part = found.classes[found.classes["group"] == group]
    rows = [row for row in records(part) if row["n"] and (row["count"] or row["reason"] in REASONS)]
    if not rows:
        return "none"
    told = [
        f"{row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%}) {REASON_NAMES[row['reason']]}"
        for row in rows
    ]
    return f"{', '.join(told)}; n = {rows[0]['n']:,}"


ITEMS = (
    *ledger_items.ITEMS,
    Item("families", "What families of latents carry", family_item, needs_study=True, parts=("families",)),
    Item("failures", "What is missed, and why", failure_item, needs_study=True),
    *silenced_items.ITEMS,
)
