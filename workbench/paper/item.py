"""What a paper consists of: each item is a table, a figure where it can be seen, and the facts to quote from it.

An item says which experiments it needs, so that `--only` measures nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.print_style import Width
from retrieval.study import Study
from retrieval.systems import LATENT, LATENT_LUCENE_IDF, system_title, within_sentence
from retrieval.vocabularies import RANDOM_DIRECTIONS
from workbench.paper.config import PaperConfig

INDISTINGUISHABLE = "the interval holds 0, so these queries show no difference"
IDF_NAMES = {"clipped": "clipped", "lucene": "Lucene's"}
IDF_SYSTEMS = {"clipped": LATENT.name, "lucene": LATENT_LUCENE_IDF.name}


class Evidence(Protocol):
    """What items are made from."""

    config: PaperConfig

    def measured(self, experiment: str) -> pd.DataFrame:
        """A row per query of each measurement: its labels, n_docs, query_id, and a column per measure."""
        ...

    def study(self) -> Study:
        """The first collection, indexed by the first encoder's first SAE of the first seed."""
        ...


@dataclass(frozen=True)
class Made:
    """A finished item: `table` with every digit, and `shown`, the part that print has room for, as text.

    facts: sentences that the numbers support, each with its interval or its count. ratio: the figure's height over
    its width.
    """

    table: pd.DataFrame
    caption: str
    facts: tuple[str, ...]
    shown: pd.DataFrame | None = None
    chart: go.Figure | None = None
    width: Width = "column"
    ratio: float = 0.68


@dataclass(frozen=True)
class Item:
    """name: of its files. experiments: whose cells it needs. wanted: whether a configuration asks for it at all.
    formerly: older names, by which `--only`, figures and papers still find it.

    needs_study: it reads `Evidence.study`; parts: of `making.parts.PARTS`, what must be there.
    """

    name: str
    title: str
    make: Callable[[Evidence], Made]
    experiments: tuple[str, ...] = ()
    needs_study: bool = False
    parts: tuple[str, ...] = ()
    wanted: Callable[[PaperConfig], bool] = lambda config: True
    formerly: tuple[str, ...] = ()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, by column."""
    return table.to_dict("records")  # type: ignore[return-value]  # columns are named by text


def collection_of(study: Study) -> str:
    """A study's collection as captions name it."""
    return f"{len(study.corpus):,} documents of {study.manifest['collection']['name']}"


def row_name(row: Mapping[str, Any], config: PaperConfig) -> str:
    """A system as tables print it: with its encoder and SAE where there are several."""
    details = []
    if row["encoder"] and (len(config.encoders) > 1 or row["control"]):
        details.append(str(row["encoder"]))
    if row["sae"] and len(config.saes) > 1 and not row["control"]:
        details.append(str(row["sae"]))
    name = RANDOM_DIRECTIONS.title if row["system"] == RANDOM_DIRECTIONS.name else system_title(row["system"])
    return f"{name} ({', '.join(details)})" if details else name


def own_score_name(system: str) -> str:
    """An encoder's own score within a sentence."""
    return within_sentence(system)


def interval(mean: float, low: float, high: float, signed: bool = False) -> str:
    """.627 (.610 to .645)."""
    sign = "+" if signed else ""
    return f"{mean:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def p_text(p: float) -> str:
    """A p-value as print has it."""
    return "" if p != p else "< .001" if p < 0.001 else f"{p:.3f}"


def compared(name: str, other: str, row: Mapping[str, Any], measure: str) -> str:
    """A sentence on one difference that claims no more than its interval supports."""
    low, high = row["low"], row["high"]
    difference = f"by {interval(row['difference'], low, high, signed=True)} in {measure}"
    if low > 0:
        return f"{name} is above {other} {difference}."
    if high < 0:
        return f"{name} is below {other} {difference}."
    return f"{name} differs from {other} {difference}: {INDISTINGUISHABLE}."
