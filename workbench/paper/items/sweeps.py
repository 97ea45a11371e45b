"""An item per setting that is varied, on the first collection, with its controls beside it."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analyses.comparison.paper_tables import mean_over_seeds
from analyses.figures.paper.paper import curves_figure, heat_figure
from retrieval.bm25 import Bm25Parameters
from retrieval.systems import LATENT
from workbench.markup.formats import counted
from workbench.paper.config import PaperConfig
from workbench.paper.item import Evidence, Item, Made, interval, records

MEASURE = "nDCG@10"
TITLES = {
    "n_latents": ("Dictionary size", "latents", True),
    "k": ("Latents per token (L0)", "k", True),
    "n_tokens": ("Training length", "training tokens (repeats counted)", True),
    "layer": ("Layer", "layer", False),
    "max_length": ("Tokens read of a document", "tokens read of a document, at most", True),
    "pooling": ("Pooling", "pooling over tokens", False),
    "phi": ("Transformation of the summed activation", "phi", False),
    "seed": ("Seeds", "seed", False),
}
APART = ("pooling", "phi", "seed")  # values without an order, which no line joins
FIELDS = {"layer": "layers", "seed": ""}  # where a sweep's field in the configuration has another name


def swept(evidence: Evidence, name: str) -> Made:
    """nDCG@10 over the values, with intervals over queries; systems that do not depend on them are level lines."""
    title, axis, log = TITLES[name]
    measured = evidence.measured(f"sweep {name}")
    of_sweep = measured[measured["sweep"] == name]
    if not log:
        of_sweep = of_sweep.assign(value=of_sweep["value"].astype(str))
    if name == "seed":
        of_sweep = of_sweep.assign(seed=0)  # values of a sweep, not replicates of one
    table = mean_over_seeds(of_sweep, ["value", "system"], MEASURE)
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
    latent = table[table["system"] == LATENT.name]
    best, worst = records(latent.nlargest(1, "mean"))[0], records(latent.nsmallest(1, "mean"))[0]
    facts = (
        f"{title}: of {len(latent)} values, {best['value']} gives the highest mean {MEASURE}, "
        f"{interval(best['mean'], best['low'], best['high'])}, and {worst['value']} the lowest, "
        f"{interval(worst['mean'], worst['low'], worst['high'])}; the best was chosen on the same queries.",
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
    """nDCG@10 over k1 and b, the paper's untuned 8 and .7 framed."""
    measured = evidence.measured("sweep k1_b")
    of_sweep = measured[measured["sweep"] == "k1_b"]
    of_sweep = of_sweep.assign(
        k1=[value[0] for value in of_sweep["value"]], b=[value[1] for value in of_sweep["value"]]
    )
    table = mean_over_seeds(of_sweep, ["k1", "b"], MEASURE)
    paper = Bm25Parameters()
    best = records(table.nlargest(1, "mean"))[0]
    untuned = table[(table["k1"] == paper.k1) & (table["b"] == paper.b)]
    untuned_mean = ""
    if len(untuned):
        row = records(untuned)[0]
        untuned_mean = f"; the paper's k1 = 8, b = .7 gives {interval(row['mean'], row['low'], row['high'])}"
    facts = (
        f"The highest mean {MEASURE} is {interval(best['mean'], best['low'], best['high'])}, at k1 = "
        f"{best['k1']:g} and b = {best['b']:g}, chosen on the same queries{untuned_mean}.",
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
