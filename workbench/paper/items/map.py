"""The item on the map: decoder directions in two dimensions, coloured by type."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.figures.paper.paper_vocabulary import map_print
from analyses.latents.map import latent_map
from analyses.latents.map_quality import SAMPLE, nearest_on_map
from analyses.latents.regions import latent_words, region_table, regions
from analyses.latents.types import TYPES, kept_types
from analyses.text.word_table import word_table
from workbench.paper.item import Evidence, Item, Made, collection_of

LEGEND = 0.2  # of a column, the height of the map's legend
N_NEAREST, N_SHUFFLES = 10, 200


def latents_map(evidence: Evidence) -> Made:
    """The UMAP of decoder directions, coloured by type."""
    study = evidence.study()
    layout = latent_map(study)
    kinds = kept_types(study).to_numpy()
    points = pd.DataFrame(
        {"latent": np.arange(len(layout.xy)), "x": layout.xy[:, 0], "y": layout.xy[:, 1], "type": kinds}
    )
    named = region_table(layout.xy, regions(layout.xy), latent_words(study, word_table(study)))
    facts = [_neighbours_fact(points)]
    if layout.quality:
        kept = {row["map"]: row for row in layout.quality}
        shares = ", ".join(f"{kept[name]['kept_10']:.1%} ({name})" for name in kept)
        facts.insert(
            0,
            "Share of a latent's ten nearest decoder directions that are among its ten nearest on the map: "
            f"{shares}; means over {kept[layout.method]['sampled']:,} latents. Latents that are far apart on "
            "the map need not be so in the decoder.",
        )
    caption = (
        f"The {study.n_latents:,} latents by decoder direction, in two dimensions "
        f"({layout.method.upper()}, cosine, seed {layout.parameters.get('seed', 0)}), coloured by type under our "
        "rule; names are words that a dense region uses more than the rest. Types come from "
        f"{collection_of(study)}."
    )
    shown = pd.DataFrame(
        {
            "Region": named["words"],
            "latents": [f"{n:,}" for n in named["n_latents"]],
        }
    ).head(20)
    spread = np.ptp(layout.xy, axis=0) if len(layout.xy) else np.ones(2)
    ratio = float(np.clip(spread[1] / max(spread[0], 1e-9), 0.5, 1.1))
    chart = map_print(points, named, "column", ratio)
    return Made(points, caption, tuple(facts), shown, chart, "column", ratio + LEGEND)


def _neighbours_fact(points: pd.DataFrame, seed: int = 0) -> str:
    """Whether latents of one type lie together on the map: neighbours of the same type, beside shuffled types."""
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


ITEMS = (Item("map", "Map of the latents", latents_map, needs_study=True, parts=("map",)),)
