"""Items on the vocabulary that the latents form: is it a language, how does it grow, and what is in it?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.dictionary import kept_types
from analyses.figures.paper_vocabulary import map_print
from analyses.figures.types import CONTROL_NAMES, TYPE_NAMES, type_shares_figure
from analyses.map_quality import SAMPLE, nearest_on_map
from analyses.maps import latent_map
from analyses.regions import latent_words, region_table, regions
from analyses.type_controls import control_shares, type_controls
from analyses.type_examples import N_EXAMPLES, type_examples
from analyses.types import TYPES, TypeThresholds, classify, shares_by_threshold, type_measures, type_shares
from analyses.words import word_table
from workbench.paper import law_items
from workbench.paper.items import Evidence, Item, Made, collection_of, records

LEGEND = 0.2  # of a column, the height of the map's legend
N_NEAREST, N_SHUFFLES = 10, 200
STEP = 0.1  # by which a threshold of the rule is moved, to say how much hangs on it


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
        "The paper reports 33% lexical, 10% narrow and 57% broad by a procedure that is not known: shares by our "
        "rule stand beside them, and neither confirm nor refute them."
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
    told = [
        f"{row['share']:.1%} {row['type']} ({row['low']:.1%} to {row['high']:.1%})" for row in records(part)
    ]
    return f"{name}: of {int(part['count'].sum()):,} that have a type by our rule, {', '.join(told)}."


def _moved(measures: pd.DataFrame, rule: TypeThresholds, threshold: str) -> str:
    """How far the shares go when one threshold is moved by STEP either way."""
    at = getattr(rule, threshold)
    curves = shares_by_threshold(measures, rule, 11)
    curves = curves[(curves["threshold"] == threshold) & (np.abs(curves["value"] - at) < STEP * 1.01)]
    spans = curves.groupby("type")["share"].agg(["min", "max"]).reindex(list(TYPES))
    told = ", ".join(f"{kind} {row['min']:.0%} to {row['max']:.0%}" for kind, row in spans.iterrows())
    return f"With the threshold {threshold} moved from {at - STEP:g} to {at + STEP:g}, the shares go from: {told}."


def latents_map(evidence: Evidence) -> Made:
    """The UMAP of decoder directions, coloured by type."""
    study = evidence.study()
    found = latent_map(study)
    kinds = kept_types(study).to_numpy()
    points = pd.DataFrame(
        {"latent": np.arange(len(found.xy)), "x": found.xy[:, 0], "y": found.xy[:, 1], "type": kinds}
    )
    named = region_table(found.xy, regions(found.xy), latent_words(study, word_table(study)))
    facts = [_neighbours_fact(points)]
    if found.quality:
        kept = {row["map"]: row for row in found.quality}
        told = ", ".join(f"{kept[name]['kept_10']:.1%} ({name})" for name in kept)
        facts.insert(
            0,
            f"Of a latent's ten nearest decoder directions, so many are among its ten nearest on the map: {told}; "
            f"means over {kept[found.method]['sampled']:,} latents. What lies far apart on it need not be so.",
        )
    caption = (
        f"The {study.n_latents:,} latents by decoder direction, in two dimensions "
        f"({found.method.upper()}, cosine, seed {found.parameters.get('seed', 0)}), coloured by type under our "
        "rule; names are words that a dense region uses more than the rest. Types are of "
        f"{collection_of(study)}."
    )
    shown = pd.DataFrame(
        {
            "Region": named["words"],
            "latents": [f"{n:,}" for n in named["n_latents"]],
        }
    ).head(20)
    spread = np.ptp(found.xy, axis=0) if len(found.xy) else np.ones(2)
    ratio = float(np.clip(spread[1] / max(spread[0], 1e-9), 0.5, 1.1))
    chart = map_print(points, named, "column", ratio)
    return Made(points, caption, tuple(facts), shown, chart, "column", ratio + LEGEND)


def _neighbours_fact(points: pd.DataFrame, seed: int = 0) -> str:
    """Whether types lie together on the map: neighbours of the same type, beside shuffled types."""
    typed = points[points["type"].isin(TYPES)]
    if len(typed) <= N_NEAREST + 1:
        return f"Too few latents have a type ({len(typed)}) to say whether types lie together."
    generator, kinds = np.random.default_rng(seed), typed["type"].to_numpy()
    chosen = np.sort(generator.permutation(len(typed))[:SAMPLE])
    near = nearest_on_map(typed[["x", "y"]].to_numpy(np.float32), chosen, N_NEAREST)
    same = float((kinds[near] == kinds[chosen][:, None]).mean())
    shuffled = []
    for _ in range(N_SHUFFLES):
        other = generator.permutation(kinds)
        shuffled.append(float((other[near] == other[chosen][:, None]).mean()))
    low, high = np.quantile(shuffled, [0.025, 0.975])
    return (
        f"Of a typed latent's {N_NEAREST} nearest on the map, {same:.1%} have its type; with the types shuffled "
        f"{np.mean(shuffled):.1%} (95% of {N_SHUFFLES} shuffles: {low:.1%} to {high:.1%}); {len(chosen):,} latents."
    )


def examples(evidence: Evidence) -> Made:
    """Examples of latents of each type, by a rule, as a typeset table."""
    study = evidence.study()
    table = type_examples(study)
    shown = pd.DataFrame(
        {
            "Type": [TYPE_NAMES[kind] for kind in table["type"]],
            "Latent": [f"{row['latent']}: {row['label']}" for row in records(table)],
            "documents": [f"{n:,}" for n in table["document_frequency"]],
            "Top words": table["words"],
            "Strongest context": [
                f"{row['before']}⟨{row['marked']}⟩{row['after']}"
                if row["marked"]
                else row["before"] + row["after"]
                for row in records(table)
            ],
        }
    )
    caption = (
        f"Latents of each type (our rule) in {collection_of(study)}, not chosen by hand: of each type, ordered by "
        f"document frequency, the middle one of each of {N_EXAMPLES} equal parts. Words by share of the "
        "activation; the context is where the latent fires most strongly, the word it fires on marked (none: a "
        "special token)."
    )
    facts = tuple(
        f"{TYPE_NAMES[str(kind)]}: {len(part)} of {int(part['n_of_type'].iloc[0]):,} latents are shown, in "
        f"{int(part['document_frequency'].min()):,} to {int(part['document_frequency'].max()):,} documents."
        for kind, part in table.groupby("type", sort=False)
    )
    return Made(table, caption, facts, shown)


ITEMS = (
    *law_items.ITEMS,
    Item("types", "Types of latents", types, needs_study=True, parts=("type_controls",)),
    Item("map", "Map of the latents", latents_map, needs_study=True, parts=("map",)),
    Item("examples", "Examples of latents of each type", examples, needs_study=True),
)
