"""One item for each thing that is varied, on the first collection, with its controls beside it."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analyses.figures.paper import curves_figure, heat_figure
from analyses.paper_tables import mean_over_seeds
from retrieval.bm25 import Bm25Parameters
from workbench.formats import counted
from workbench.paper.config import PaperConfig
from workbench.paper.items import Evidence, Item, Made, interval, records

MEASURE = "nDCG@10"
TITLES = {
    "n_latents": ("Dictionary size", "latents", True),
    "k": ("Latents a token", "k", True),
    "n_tokens": ("Training length", "token views", True),
    "layer": ("Layer", "layer", False),
    "max_length": ("Document length read", "tokens read of a document, at most", True),
    "pooling": ("Pooling", "pooling over tokens", False),
    "phi": ("Transformation of the mass", "phi", False),
    "seed": ("Seeds", "seed", False),
}
APART = ("pooling", "phi", "seed")  # whose values have nothing between them
FIELDS = {"layer": "layers", "seed": ""}  # where a sweep's field in the configuration has another name


def swept(evidence: Evidence, name: str) -> Made:
    """nDCG@10 over the values, with intervals over queries; what the values do not change stands as a line."""
    title, axis, log = TITLES[name]
    measured = evidence.measured(f"sweep {name}")
    mine = measured[measured["sweep"] == name]
    if not log:
        mine = mine.assign(value=mine["value"].astype(str))
    if name == "seed":
        mine = mine.assign(seed=0)  # a value each, not replicates of one
    table = mean_over_seeds(mine, ["value", "system"], MEASURE)
    levels = mean_over_seeds(measured[measured["sweep"] == ""], ["value", "system"], MEASURE)
    levels = levels[~levels["system"].isin(table["system"])]
    chart = curves_figure(
        table,
        "value",
        axis,
        MEASURE,
        names={"random_directions": "Random directions"},
        levels=levels,
        log=log,
        joined=name not in APART,
    )
    latent = table[table["system"] == "latent"]
    best, worst = records(latent.nlargest(1, "mean"))[0], records(latent.nsmallest(1, "mean"))[0]
    facts = (
        f"{title}: of {len(latent)} values, {best['value']} gives the highest mean {MEASURE}, "
        f"{interval(best['mean'], best['low'], best['high'])}, and {worst['value']} the lowest, "
        f"{interval(worst['mean'], worst['low'], worst['high'])}; the best was chosen on these very queries.",
    )
    where = evidence.config.collections[0].name
    caption = (
        f"{title}: {MEASURE} on {where}, {int(latent['n_queries'].iloc[0]):,} queries, mean over "
        f"{counted(int(latent['n_seeds'].iloc[0]), 'SAE')}; intervals are 95%, bootstrap over queries."
    )
    shown = pd.DataFrame(
        {
            axis: [f"{value:,}" if isinstance(value, int) else str(value) for value in table["value"]],
            "System": table["system"].str.replace("_", " "),
            MEASURE: [interval(row["mean"], row["low"], row["high"]) for row in records(table)],
            "SD, seeds": ["–" if sd != sd else f"{sd:.3f}" for sd in table["seed_sd"]],
        }
    )
    return Made(pd.concat([table, levels], ignore_index=True), caption, facts, shown, chart)


def heat(evidence: Evidence) -> Made:
    """nDCG@10 over k1 and b, the paper's untuned 8 and .7 ringed."""
    measured = evidence.measured("sweep k1_b")
    mine = measured[measured["sweep"] == "k1_b"]
    mine = mine.assign(k1=[value[0] for value in mine["value"]], b=[value[1] for value in mine["value"]])
    table = mean_over_seeds(mine, ["k1", "b"], MEASURE)
    paper = Bm25Parameters()
    best = records(table.nlargest(1, "mean"))[0]
    untuned = table[(table["k1"] == paper.k1) & (table["b"] == paper.b)]
    told = ""
    if len(untuned):
        row = records(untuned)[0]
        told = f"; the paper's k1 = 8, b = .7 gives {interval(row['mean'], row['low'], row['high'])}"
    facts = (
        f"The highest mean {MEASURE} is {interval(best['mean'], best['low'], best['high'])}, at k1 = "
        f"{best['k1']:g} and b = {best['b']:g}, chosen on these very queries{told}.",
    )
    caption = (
        f"{MEASURE} over k1 and b on {evidence.config.collections[0].name}, mean over "
        f"{counted(int(table['n_seeds'].iloc[0]), 'seed')}. The frame marks the paper's untuned k1 = 8 and b = .7."
    )
    chart = heat_figure(table, (paper.k1, paper.b), MEASURE)
    shown = table.pivot(index="b", columns="k1", values="mean").map(lambda mean: f"{mean:.3f}").reset_index()
    shown.columns = pd.Index(["b", *(f"k1 = {k1:g}" for k1 in shown.columns[1:])])
    return Made(table, caption, facts, shown.astype(str), chart, "double", 0.5)


def _is_swept(config: PaperConfig, name: str) -> bool:
    values = config.seeds if name == "seed" else getattr(config.sweeps, FIELDS.get(name, name))
    return len(values) > 1


ITEMS = (
    *(
        Item(
            f"sweep-{name.replace('_', '-')}",
            f"Sweep: {title}",
            partial(swept, name=name),
            (f"sweep {name}",),
            wanted=partial(_is_swept, name=name),
        )
        for name, (title, _, _) in TITLES.items()
    ),
    Item(
        "sweep-k1-b",
        "Sweep: k1 and b",
        heat,
        ("sweep k1_b",),
        wanted=lambda config: len(config.sweeps.k1) > 1 and len(config.sweeps.b) > 1,
    ),
)
