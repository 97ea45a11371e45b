"""The item on latents in half of the documents or more, whose idf is 0 under the paper's formula."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.figures.paper.paper_mechanism import zero_idf_print
from analyses.interventions.zero_idf import GROUPS, compared_groups, group_types, kinds_of_all, zero_idf_table
from analyses.interventions.zero_idf_effects import TREATMENTS, zero_idf_effects
from analyses.latents.types import TYPES
from analyses.statistics.intervals import wilson
from workbench.paper.item import (
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
SHARES = {
    "document_share",
    "mass",
    "activation",
    "top_form_share",
    "special",
    "stop word",
    "punctuation",
    "first_tenth",
    "length_share",
    "burst",
}
EFFECTS = {
    "lifted": "clipped idf, theirs Lucene's",
    "zeroed": "Lucene's idf, theirs 0",
    "unmeasured, clipped": "out of document length, clipped idf",
    "unmeasured, lucene": "out of document length, Lucene's idf",
}
CONTROLS = {"random": "random others of as many postings", "matched": "the most frequent others"}
NAME = "zero-idf latents"
TREATED = {
    "lifted": "Setting the idf of {} to Lucene's, with the clipped one for all others,",
    "zeroed": "Setting the idf of {} to 0, with Lucene's for all others,",
    "unmeasured, clipped": "Leaving {} out of document lengths (clipped idf)",
    "unmeasured, lucene": "Leaving {} out of document lengths (Lucene's idf)",
}


def zero_idf(evidence: Evidence) -> Made:
    """Zero-idf latents beside the most frequent others and all others, and the effect of each on rankings."""
    study = evidence.study()
    latents = zero_idf_table(study)
    n = int((latents["group"] == "silenced").sum())
    if not n:
        none = f"No latent is in half of the {collection_of(study)}, so none has an idf of 0."
        return Made(latents, none, (none,), pd.DataFrame({"": []}))
    groups, types = compared_groups(latents), group_types(latents, TYPES)
    kept = zero_idf_effects(study)
    effects, discriminating = kept if kept is not None else (pd.DataFrame({"treatment": []}), pd.DataFrame())
    facts = [
        _who(latents, n),
        _types(types),
        *_differences(groups, kinds_of_all(study)),
        *_effect_facts(effects, n),
    ]
    if len(discriminating):
        facts.insert(-len(EFFECTS) - 2 if len(effects) else len(facts), _discrimination(discriminating))
    caption = (
        f"The {n:,} zero-idf latents of one SAE in {collection_of(study)}: in half of the documents or more, "
        "so that idf is 0 under the paper's formula. Beside them, as many others of the highest document "
        "frequency, and all others. Left: the chance that a zero-idf latent has more of a property (.5: no "
        "difference; bootstrap over latents, not corrected for their number). Right: "
        + (
            f"change of {MEASURE} under each treatment, on {int(effects['n_queries'].iloc[0]):,} queries; "
            f"the random others have as many postings, mean of {int(effects['n_draws'].iloc[0])} draws; 95% "
            "bootstrap over queries."
            if len(effects)
            else "nothing, since no query is judged."
        )
    )
    table = _whole_table(groups, types, effects, discriminating)
    chart = zero_idf_print(groups, effects, EFFECTS)
    return Made(
        table, caption, tuple(facts), _shown(groups, types, effects, discriminating), chart, "double", 0.62
    )


def _who(latents: pd.DataFrame, n: int) -> str:
    zero = latents[latents["group"] == "silenced"]
    return (
        f"{n:,} of the {len(latents):,} latents that occur ({n / len(latents):.1%}) are in half of the "
        "documents or more, so that idf is 0 under the paper's formula (zero-idf latents); they are "
        f"{zero['mass'].sum():.1%} of the sum of document lengths and {zero['activation'].sum():.1%} of all "
        "activation."
    )


def _types(types: pd.DataFrame) -> str:
    counts = []
    for row in records(types[types["group"].isin(["silenced", "matched"])]):
        low, high = wilson(row["broad"], row["n"])
        name = f"Of the {NAME}" if row["group"] == "silenced" else "of the most frequent others"
        counts.append(f"{name}, {row['broad']:,} of {row['n']:,} are broad ({low:.0%} to {high:.0%})")
    return f"{'; '.join(counts)}, by our rule."


def _differences(groups: pd.DataFrame, of_all: dict[str, float]) -> list[str]:
    """A sentence per property in which they differ from the most frequent others, and one on the rest."""
    facts, open_ = [], []
    for row in records(groups):
        low, high = row["over_matched_low"], row["over_matched_high"]
        if low != low or row["measure"] == "document_share":  # higher by the choice of the groups
            continue
        if low <= 0.5 <= high:
            open_.append(row["description"])
            continue
        medians = f"{_value(row, 'silenced')} against {_value(row, 'matched')} in the median"
        chance = f"P(more) {row['over_matched']:.2f} ({low:.2f} to {high:.2f})"
        share_of_all = of_all.get(row["measure"])
        beside = f"; of all tokens that is {share_of_all:.1%}" if share_of_all is not None else ""
        verb = "more" if low > 0.5 else "less"
        facts.append(
            f"The {NAME} have {verb} than the most frequent others in {row['description']}: "
            f"{medians}, {chance}{beside}."
        )
    if open_:
        facts.append(f"No difference from the most frequent others is shown in: {', '.join(open_)}.")
    return facts


def _discrimination(table: pd.DataFrame) -> str:
    of = {row["group"]: row for row in records(table)}
    parts = {name: interval(row["mean"], row["low"], row["high"]) for name, row in of.items()}
    return (
        "The chance that a relevant document has more of a query's latent than any document has (.5: none), "
        f"by saturated term frequency: {NAME} {parts['silenced']}, most frequent others {parts['matched']}, "
        f"all others {parts['other']}; {NAME} less most frequent others {parts['difference']}, "
        f"{of['difference']['n_queries']:,} queries."
    )


def _effect_facts(effects: pd.DataFrame, n: int) -> list[str]:
    facts = []
    rows = {row["treatment"]: row for row in records(effects)}
    for name in TREATMENTS:
        if name not in rows:
            continue
        row, treatment = rows[name], TREATED[name].format(f"the {n:,} {NAME}")
        change = interval(row["silenced"], row["silenced_low"], row["silenced_high"], signed=True)
        facts.append(f"{treatment} changes {MEASURE} by {change}.")
        for other, name_of_control in CONTROLS.items():
            if row[f"versus_{other}"] == row[f"versus_{other}"]:
                versus = {
                    key: row[f"versus_{other}{end}"]
                    for key, end in (("difference", ""), ("low", "_low"), ("high", "_high"))
                }
                facts[-1] += " " + compared("That", f"the same done to {name_of_control}", versus, MEASURE)
    if "lucene" in rows:
        whole, rest = rows["lucene"], rows["lucene, others"]
        facts.append(
            f"Lucene's idf for all latents changes {MEASURE} by "
            f"{interval(whole['silenced'], whole['silenced_low'], whole['silenced_high'], signed=True)}; for "
            f"all but the {NAME}, by "
            f"{interval(rest['silenced'], rest['silenced_low'], rest['silenced_high'], signed=True)}."
        )
    return facts


def _shown(
    groups: pd.DataFrame, types: pd.DataFrame, effects: pd.DataFrame, discriminating: pd.DataFrame
) -> pd.DataFrame:
    rows = [
        {"": "latents", **{group: f"{row['n']:,}" for group, row in zip(GROUPS, records(types), strict=True)}}
    ]
    rows += [
        {
            "": f"{kind}, of them",
            **{row["group"]: f"{row[kind] / max(row['n'], 1):.0%}" for row in records(types)},
        }
        for kind in TYPES
    ]
    for row in records(groups):
        chance = [row[f"over_matched{end}"] for end in ("", "_low", "_high")]
        interval_of = (
            f"{chance[0]:.2f} ({chance[1]:.2f} to {chance[2]:.2f})" if chance[0] == chance[0] else "–"
        )
        rows.append(
            {
                "": row["description"],
                **{group: _value(row, group) for group in GROUPS},
                "against": f"P {interval_of}",
            }
        )
    if len(discriminating):
        of = {row["group"]: interval(row["mean"], row["low"], row["high"]) for row in records(discriminating)}
        rows.append(
            {
                "": "discriminates relevant documents, .5 is chance",
                **{group: of[group] for group in GROUPS},
                "against": of["difference"],
            }
        )
    for row in records(effects[effects["treatment"].isin(list(EFFECTS))]):
        columns = dict(zip(GROUPS, ("silenced", "matched", "random"), strict=True))
        cells = {group: _signed(row, column) for group, column in columns.items()}
        against = f"{_signed(row, 'versus_matched')}, p {p_text(row['versus_matched_p_holm']) or '–'}"
        rows.append({"": f"{MEASURE}: {EFFECTS[row['treatment']]}", **cells, "against": against})
    names = {
        "silenced": "Zero idf",
        "matched": "Most frequent others",
        "other": "All others (rankings: random)",
        "against": "Zero idf against most frequent others",
    }
    return pd.DataFrame(rows).reindex(columns=["", *names]).fillna("").rename(columns=names)


def _whole_table(
    groups: pd.DataFrame, types: pd.DataFrame, effects: pd.DataFrame, discriminating: pd.DataFrame
) -> pd.DataFrame:
    """All tables with every digit, one under the other: part, then the columns of each."""
    parts = {"property": groups, "types": types, "discrimination": discriminating, "ranking": effects}
    return pd.concat(
        [table.assign(part=name) for name, table in parts.items() if len(table)], ignore_index=True
    )


def _value(row: dict[str, Any], group: str) -> str:
    value = row[group]
    return "–" if value != value else f"{value:.2%}" if row["measure"] in SHARES else f"{value:.2f}"


def _signed(row: dict[str, Any], column: str) -> str:
    value = row[column]
    return (
        "–" if value != value else interval(value, row[f"{column}_low"], row[f"{column}_high"], signed=True)
    )


ITEMS = (
    Item(
        "zero-idf",
        "Latents whose idf is 0 under the paper's formula",
        zero_idf,
        needs_study=True,
        parts=("zero_idf",),
        formerly=("silenced",),
    ),
)
