"""A sweep over layers: the same SAE trained at each layer, and how well its latents retrieve."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analyses.comparison.evaluation_table import evaluation_table
from data.errors import UserError
from retrieval.study import Study

MEASURES = ("nDCG@10", "R@100")
COLUMNS = [
    *("layer", "position", "system", "measure", "mean", "low", "high", "n_queries"),
    *("fvu", "n_alive_latents", "study"),
]


def layer_table(
    studies: Sequence[Study],
    measures: Sequence[str] = MEASURES,
    n_resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per layer, system and measure, from studies of one collection by one encoder, from shallow to deep.

    Columns: layer, its label ("embeddings", "1", ..., "final", or a hook point's name); position, 0 for the first;
    system: latent, latent_lucene_idf, and the controls cosine and bm25, which no layer changes; measure; mean over
    queries with its 95% bootstrap interval low, high (as `evaluation_table.summarise`) and n_queries; fvu, of the
    training's last batch (NaN where unknown); n_alive_latents, latents that some document has; study, its name.
    """
    _check_comparable(studies)
    rows = []
    for position, study in enumerate(sorted(studies, key=lambda study: depth_of(layer_of(study)))):
        table = evaluation_table(study, n_resamples=n_resamples, seed=seed)
        facts: dict[str, Any] = {
            "layer": layer_label(layer_of(study)),
            "position": position,
            "fvu": study.manifest["sae"]["trained_on"].get("last_batch", {}).get("fvu", float("nan")),
            "n_alive_latents": int(study.manifest["counts"]["n_alive_latents"]),
            "study": study.name,
        }
        rows.append(table[table["measure"].isin(measures)].assign(**facts))
    return pd.concat(rows, ignore_index=True)[COLUMNS]


def layer_of(study: Study) -> int | str | None:
    """The layer or hook point that a study's token states were read at; None is the final hidden states."""
    return study.manifest["encoder"]["config"]["layer"]  # type: ignore[no-any-return]


def layer_label(layer: int | str | None) -> str:
    """A layer's label: "embeddings", its number or hook point, or "final"."""
    return "final" if layer is None else "embeddings" if layer == 0 else str(layer)


def depth_of(layer: int | str | None) -> tuple[float, str]:
    """A sort key by depth: a hook point inside block i lies between hidden states i and i + 1."""
    if layer is None:
        return float("inf"), ""
    if isinstance(layer, int):
        return float(layer), ""
    block = re.match(r"blocks\.(\d+)\.", layer)
    return (int(block[1]) + 0.5 if block else -0.5), layer


def _check_comparable(studies: Sequence[Study]) -> None:
    if not studies:
        raise UserError("there is no study to compare layers of: expected one study a layer, got none")
    for name, value_of in (
        ("encoder", lambda study: study.manifest["encoder"]["fingerprint"]),
        ("collection", lambda study: study.manifest["collection"]["fingerprint"]),
        ("queries", lambda study: list(study.queries.ids)),
    ):
        if odd := [study.name for study in studies if value_of(study) != value_of(studies[0])]:
            raise UserError(
                f"studies {studies[0].name} and {odd[0]} differ in their {name}: a sweep over layers compares "
                "studies of one collection by one encoder"
            )
    layers = [layer_label(layer_of(study)) for study in studies]
    if twice := [layer for layer in layers if layers.count(layer) > 1]:
        raise UserError(f"two studies are of layer {twice[0]}: give one study a layer")
    if unjudged := [study.name for study in studies if study.per_query.empty]:
        raise UserError(
            f"study {unjudged[0]} has no relevance judgements: sweep over a collection that has qrels"
        )
