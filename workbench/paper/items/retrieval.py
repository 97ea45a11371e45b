"""Items on retrieval: every system on every collection, and LIMIT-style collections by their size."""

from __future__ import annotations

import pandas as pd

from analyses.comparison.paper_tables import mean_over_seeds, retrieval_table
from analyses.comparison.published_scores import SOURCE, published_ndcg
from analyses.figures.paper.paper import curves_figure, systems_figure
from retrieval.systems import system_title
from workbench.paper.item import (
    Evidence,
    Item,
    Made,
    compared,
    interval,
    own_score_name,
    p_text,
    records,
    row_name,
)

LIMIT_DEPTHS = (2, 10, 20, 100, 1000)


def systems(evidence: Evidence, measure: str) -> Made:
    """Means with intervals over queries, the spread over seeds, and tests against the encoder's own score."""
    config = evidence.config
    table = retrieval_table(evidence.measured("retrieval"), measure)
    table["name"] = [row_name(row, config) for row in records(table)]
    table["published"] = _published(table, evidence) if measure == "nDCG@10" else float("nan")
    published = bool(table["published"].notna().any())
    own_scores = [own_score_name(own) for own in table["own"].dropna().unique()]
    sizes = table.groupby("collection", sort=False)["n_queries"].first()
    queries = ", ".join(f"{n:,} queries of {name}" for name, n in sizes.items())
    caption = (
        f"{measure} on {queries}: mean over queries of the mean over seeds ({len(config.seeds)} SAEs; of controls "
        f"{config.controls.seeds}), with 95% bootstrap intervals over queries. Against the same encoder's "
        f"{' or '.join(own_scores)}: mean difference, queries won and lost, and a paired randomisation test, "
        "Holm-corrected by collection." + (f" Published: {SOURCE}." if published else "")
    )
    facts = tuple(
        compared(
            f"On {row['collection']}, {row['name']}",
            own_score_name(row["own"]),
            {"difference": row["versus_own"], "low": row["versus_low"], "high": row["versus_high"]},
            measure,
        )
        for row in records(table[table["p"].notna()])
    )
    height = 90 + 26 * table["name"].nunique()
    minus = f"minus {own_scores[0] if len(own_scores) == 1 else 'own score'}"
    shown = pd.DataFrame([_printed_row(row, measure, minus, published) for row in records(table)])
    return Made(table, caption, facts, shown, systems_figure(table, measure, height), "double", height / 620)


def _printed_row(row: dict[str, object], measure: str, minus: str, published: bool) -> dict[str, str]:
    numbers = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
    tested = not pd.isna(numbers["p"])
    spread = numbers["seed_sd"]
    mean, low, high = (numbers[name] for name in ("versus_own", "versus_low", "versus_high"))
    cells = {
        "Collection": str(row["collection"]),
        "System": str(row["name"]),
        measure: interval(numbers["mean"], numbers["low"], numbers["high"]),
        "SD, seeds": "–" if pd.isna(spread) else f"{spread:.3f}",
        minus: interval(mean, low, high, signed=True) if tested else "",
        "won/lost": f"{numbers['wins']:.0f}/{numbers['losses']:.0f}" if tested else "",
        "p (Holm)": p_text(numbers["p_holm"]),
    }
    there = numbers["published"]
    return cells | ({"published": "" if pd.isna(there) else f"{there:.3f}"} if published else {})


def _published(table: pd.DataFrame, evidence: Evidence) -> list[float]:
    """Published figures for the same system, encoder and collection; NaN where there is none."""
    config = evidence.config
    sources = {named.name: named.source for named in config.collections}
    models = {encoder.name: encoder.config.model for encoder in config.encoders}
    models[""] = config.controls.learned_sparse  # what else has no encoder needs no name
    published = [
        published_ndcg(row["system"], models.get(row["encoder"], ""), sources[row["collection"]])
        for row in records(table)
    ]
    return [
        float("nan") if value is None or control else value
        for value, control in zip(published, table["control"], strict=True)
    ]


def limit_curve(evidence: Evidence) -> Made:
    """Recall over corpus size, by system."""
    measured, by = evidence.measured("limit"), ["collection", "n_docs", "system"]
    table = pd.concat(
        [mean_over_seeds(measured, by, f"R@{depth}").assign(measure=f"R@{depth}") for depth in LIMIT_DEPTHS],
        ignore_index=True,
    )
    ten = table[table["measure"] == "R@10"]
    generated = ten[ten["collection"].str.startswith("limit:")]
    chart = curves_figure(
        generated if len(generated) else ten, "n_docs", "documents", "recall at 10", log=True
    )
    cells = table.assign(cell=[f"{mean:.3f}" for mean in table["mean"]]).pivot(
        index=by, columns="measure", values="cell"
    )
    shown = cells[[f"R@{depth}" for depth in LIMIT_DEPTHS]].sort_index(level="n_docs").reset_index()
    shown = shown.assign(
        n_docs=[f"{n:,}" for n in shown["n_docs"]], system=[system_title(name) for name in shown["system"]]
    ).rename(columns={"collection": "Collection", "n_docs": "Documents", "system": "System"})
    facts = []
    for (name, n_docs), part in ten.groupby(["collection", "n_docs"], sort=False):
        recalls = [
            f"{interval(row['mean'], row['low'], row['high'])} by {system_title(row['system'])}"
            for row in records(part)
        ]
        facts.append(f"{name}, {n_docs:,} documents: recall at 10 is {', '.join(recalls)}.")
    caption = (
        "Recall on LIMIT-style collections by corpus size. Generated ones (limit:) are made in the manner of LIMIT "
        "and are not the published collection; the figure shows R@10, with 95% intervals over queries."
    )
    return Made(table, caption, tuple(facts), shown, chart)


ITEMS = (
    Item("retrieval", "Retrieval: nDCG@10", lambda evidence: systems(evidence, "nDCG@10"), ("retrieval",)),
    Item("recall", "Retrieval: recall at 100", lambda evidence: systems(evidence, "R@100"), ("retrieval",)),
    Item(
        "limit",
        "LIMIT by corpus size",
        limit_curve,
        ("limit",),
        wanted=lambda config: bool(config.limit.sizes or config.limit.sources),
    ),
)
