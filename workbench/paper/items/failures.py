"""The item on failures: relevant documents that are missed, by reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.comparison.failures import REASONS, Failures, failures
from analyses.figures.paper.paper_mechanism import REASONS_OF, reasons_print
from analyses.figures.ranking.failures import REASON_NAMES
from retrieval.systems import MAXSIM, own_system
from workbench.paper.item import Evidence, Item, Made, collection_of, records

DEPTH = 10


def failure_item(evidence: Evidence) -> Made:
    """Relevant documents that are missed, by reason, beside what cosine misses."""
    study = evidence.study()
    misses = failures(study, k=DEPTH)
    shares = {group: _reasons(misses, group) for group in REASONS_OF}
    facts = [
        f"The first {DEPTH} hold {len(misses.found_length):,} of {misses.n_relevant:,} relevant documents of "
        f"{misses.n_queries:,} queries; {len(misses.misses):,} are missed"
        + (f" ({misses.n_absent:,} more are not in the corpus)." if misses.n_absent else "."),
        *(
            f"Of the relevant documents {REASONS_OF[group]}: {shares[group]}."
            for group in ("missed", "cosine")
        ),
        f"Control, of the nearest documents below a miss that are not judged relevant: {shares['next']}.",
    ]
    if len(misses.found_length) and len(misses.missed_length):
        facts.append(
            f"The median document length, relative to the mean, is {np.median(misses.found_length):.2f} of "
            f"those that are found and {np.median(misses.missed_length):.2f} of those that are missed."
        )
    caption = (
        f"Relevant documents beyond the first {DEPTH}, by the first reason that holds, in "
        f"{collection_of(study)}: shares with 95% intervals (Wilson). The same reasons are given for cosine's "
        "misses, some of which the latents find, and, as a control, for the nearest documents below each miss that "
        "are not relevant."
    )
    if own_system(study).name == MAXSIM.name:
        caption += (
            " The encoder is multi-vector: this cosine is of its mean vectors, and not its own score, MaxSim."
        )
    rows = [
        row
        for row in records(misses.classes)
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
    return Made(misses.classes, caption, tuple(facts), shown, reasons_print(misses.classes), ratio=0.9)


def _reasons(misses: Failures, group: str) -> str:
    part = misses.classes[misses.classes["group"] == group]
    rows = [row for row in records(part) if row["n"] and (row["count"] or row["reason"] in REASONS)]
    if not rows:
        return "none"
    parts = [
        f"{row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%}) {REASON_NAMES[row['reason']]}"
        for row in rows
    ]
    return f"{', '.join(parts)}; n = {rows[0]['n']:,}"


ITEMS = (Item("failures", "Relevant documents that are missed, by reason", failure_item, needs_study=True),)
