"""The item on the latents that the paper's clip silences: what is special about them, and what do they do?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.figures.paper_mechanism import silenced_print
from analyses.intervals import wilson
from analyses.silenced import GROUPS, compared_groups, group_types, kinds_of_all, silenced_table
from analyses.silenced_effects import TREATMENTS, silenced_effects
from analyses.types import TYPES
from workbench.paper.items import Evidence, Item, Made, collection_of, compared, interval, p_text, records

MEASURE = "nDCG@10"
SHARES = {
    "document_share", "mass", "activation", "top_form_share", "special", "stop word", "punctuation", "first_tenth",
    "length_share", "burst",
}  # fmt: skip
EFFECTS = {
    "lifted": "clip lifted for them",
    "zeroed": "Lucene's idf, theirs 0",
    "unmeasured, clipped": "out of |d|, clipped idf",
    "unmeasured, lucene": "out of |d|, Lucene's idf",
}
CONTROLS = {"random": "random others of as many postings", "matched": "the most frequent others"}
DONE = {
    "lifted": "Lifting the clip for {} alone",
    "zeroed": "Setting the idf of {} to 0, with Lucene's for all others,",
    "unmeasured, clipped": "Taking {} out of |d| (clipped idf)",
    "unmeasured, lucene": "Taking {} out of |d| (Lucene's idf)",
}


def silenced(evidence: Evidence) -> Made:
    """The silenced latents beside the most frequent others and all others, and what each does to rankings."""
    study = evidence.study()
    latents = silenced_table(study)
    n = int((latents["group"] == "silenced").sum())
    if not n:
        told = f"No latent is in half of the {collection_of(study)}: the clip silences none."
        return Made(latents, told, (told,), pd.DataFrame({"": []}))
    groups, types = compared_groups(latents), group_types(latents, TYPES)
    kept = silenced_effects(study)
    effects, tells = kept if kept is not None else (pd.DataFrame({"treatment": []}), pd.DataFrame())
    facts = [
        _who(latents, n),
        _types(types),
        *_differences(groups, kinds_of_all(study)),
        *_effect_facts(effects, n),
    ]
    if len(tells):
        facts.insert(-len(EFFECTS) - 2 if len(effects) else len(facts), _discrimination(tells))
    caption = (
        f"The {n:,} latents of one SAE that the paper's clipped idf sets to 0 in {collection_of(study)}, beside "
        "as many others of the highest document frequency, and all others. Left: the chance that a silenced "
        "latent has more of a property (.5: no difference; bootstrap over latents, not corrected for their "
        "number). Right: "
        + (
            f"change of {MEASURE} when they are treated so, on {int(effects['n_queries'].iloc[0]):,} queries; "
            f"the random others have as many postings, mean of {int(effects['n_draws'].iloc[0])} draws; 95% "
            "bootstrap over queries."
            if len(effects)
            else "nothing, since no query is judged."
        )
    )
    table = _whole_table(groups, types, effects, tells)
    chart = silenced_print(groups, effects, EFFECTS)
    return Made(table, caption, tuple(facts), _shown(groups, types, effects, tells), chart, "double", 0.62)


def _who(latents: pd.DataFrame, n: int) -> str:
    mine = latents[latents["group"] == "silenced"]
    return (
        f"{n:,} of the {len(latents):,} latents that occur ({n / len(latents):.1%}) are in half of the documents "
        f"or more, so that the clipped idf is 0; they hold {mine['mass'].sum():.1%} of all |d| and "
        f"{mine['activation'].sum():.1%} of all activation."
    )


def _types(types: pd.DataFrame) -> str:
    told = []
    for row in records(types[types["group"].isin(["silenced", "matched"])]):
        low, high = wilson(row["broad"], row["n"])
        name = "Of the silenced" if row["group"] == "silenced" else "of the most frequent others"
        told.append(f"{name}, {row['broad']:,} of {row['n']:,} are broad ({low:.0%} to {high:.0%})")
    return f"{'; '.join(told)}, by our rule."


def _differences(groups: pd.DataFrame, of_all: dict[str, float]) -> list[str]:
    """A sentence a property that tells them from the most frequent others, and one on those that do not."""
    facts, open_ = [], []
    for row in records(groups):
        low, high = row["over_matched_low"], row["over_matched_high"]
        if low != low or row["measure"] == "document_share":  # which they have more of by their choice
            continue
        if low <= 0.5 <= high:
            open_.append(row["told"])
            continue
        told = f"{_value(row, 'silenced')} against {_value(row, 'matched')} in the median"
        chance = f"P(more) {row['over_matched']:.2f} ({low:.2f} to {high:.2f})"
        blind = of_all.get(row["measure"])
        beside = f"; of all tokens that is {blind:.1%}" if blind is not None else ""
        verb = "more" if low > 0.5 else "less"
        facts.append(
            f"The silenced have {verb} than the most frequent others in {row['told']}: {told}, {chance}{beside}."
        )
    if open_:
        facts.append(f"No difference from the most frequent others is shown in: {', '.join(open_)}.")
    return facts


def _discrimination(tells: pd.DataFrame) -> str:
    of = {row["group"]: row for row in records(tells)}
    parts = {name: interval(row["mean"], row["low"], row["high"]) for name, row in of.items()}
    return (
        "The chance that a relevant document has more of a query's latent than any document has (.5: none), by "
        f"saturated weight: silenced {parts['silenced']}, most frequent others {parts['matched']}, all others "
        f"{parts['other']}; silenced less most frequent others {parts['difference']}, "
        f"{of['difference']['n_queries']:,} queries."
    )


def _effect_facts(effects: pd.DataFrame, n: int) -> list[str]:
    facts = []
    rows = {row["treatment"]: row for row in records(effects)}
    for name in TREATMENTS:
        if name not in rows:
            continue
        row, done = rows[name], DONE[name].format(f"the {n:,} silenced")
        change = interval(row["silenced"], row["silenced_low"], row["silenced_high"], signed=True)
        facts.append(f"{done} changes {MEASURE} by {change}.")
        for other, told in CONTROLS.items():
            if row[f"versus_{other}"] == row[f"versus_{other}"]:
                versus = {key: row[f"versus_{other}{end}"] for key, end in
                          (("difference", ""), ("low", "_low"), ("high", "_high"))}  # fmt: skip
                facts[-1] += " " + compared("That", f"the same done to {told}", versus, MEASURE)
    if "lucene" in rows:
        whole, rest = rows["lucene"], rows["lucene, others"]
        facts.append(
            f"Lucene's idf for all latents changes {MEASURE} by "
            f"{interval(whole['silenced'], whole['silenced_low'], whole['silenced_high'], signed=True)}; for all "
            "but the silenced, by "
            f"{interval(rest['silenced'], rest['silenced_low'], rest['silenced_high'], signed=True)}."
        )
    return facts


def _shown(
    groups: pd.DataFrame, types: pd.DataFrame, effects: pd.DataFrame, tells: pd.DataFrame
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
        told = f"{chance[0]:.2f} ({chance[1]:.2f} to {chance[2]:.2f})" if chance[0] == chance[0] else "–"
        rows.append(
            {"": row["told"], **{group: _value(row, group) for group in GROUPS}, "against": f"P {told}"}
        )
    if len(tells):
        of = {row["group"]: interval(row["mean"], row["low"], row["high"]) for row in records(tells)}
        rows.append({"": "tells relevant documents, .5 is chance", **{group: of[group] for group in GROUPS},
                     "against": of["difference"]})  # fmt: skip
    for row in records(effects[effects["treatment"].isin(list(EFFECTS))]):
        columns = dict(zip(GROUPS, ("silenced", "matched", "random"), strict=True))
        cells = {group: _signed(row, column) for group, column in columns.items()}
        against = f"{_signed(row, 'versus_matched')}, p {p_text(row['versus_matched_p_holm']) or '–'}"
        rows.append({"": f"{MEASURE}: {EFFECTS[row['treatment']]}", **cells, "against": against})
    names = {
        "silenced": "Silenced", "matched": "Most frequent others", "other": "All others (rankings: random)",
        "against": "Silenced against most frequent others",
    }  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=["", *names]).fillna("").rename(columns=names)


def _whole_table(
    groups: pd.DataFrame, types: pd.DataFrame, effects: pd.DataFrame, tells: pd.DataFrame
) -> pd.DataFrame:
    """Everything with every digit, one part under the other: part, then the columns of each."""
    parts = {"property": groups, "types": types, "discrimination": tells, "ranking": effects}
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
    Item("silenced", "The latents that the clip silences", silenced, needs_study=True, parts=("silenced",)),
)
