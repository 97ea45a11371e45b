"""The lexicon: every latent of a study in one table of frequencies, types and top words.

`lexicon` joins the vocabulary (analyses.latents.latent_table) and the measures of types (analyses.latents.types).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from analyses.latents.frequency_bands import frequency_bands
from analyses.latents.regions import LatentWords
from analyses.latents.types import TypeThresholds, classify
from analyses.text.word_table import folded
from data.csv_text import csv_of
from data.errors import UserError
from data.files import new_file

Alive = Literal["yes", "no", "any"]
NOTED = "noted"
NOTES = ("automatic_label", "tags", "note")
MEASURES = ("top_form", "top_form_share", "top_forms", "form_entropy", "closeness", "coherence")


def lexicon(
    vocabulary: pd.DataFrame, measures: pd.DataFrame, thresholds: TypeThresholds, n_docs: int
) -> pd.DataFrame:
    """One row per latent, most frequent first (in documents; equal ones by number).

    vocabulary: `latent_table.vocabulary_table`, measures: `types.type_measures`, whose columns are
    kept; also type, by the thresholds; rank by document frequency (from 1, equal ones alike); band of it
    (`frequency_bands.frequency_bands`); alive, whether the latent fires on any token of the study.
    """
    frequency = vocabulary["document_frequency"]
    table = vocabulary.assign(
        type=classify(measures, thresholds),
        rank=frequency.rank(method="min", ascending=False).astype(np.int64),
        band=frequency_bands(frequency.to_numpy(), n_docs),
        alive=vocabulary["token_count"] > 0,
        **{name: measures[name] for name in MEASURES},
    )
    first = ["latent", "label", "type", "rank", "document_frequency"]
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    return table.sort_values("document_frequency", ascending=False, kind="stable", ignore_index=True)


def matching(
    table: pd.DataFrame,
    wanted: str = "",
    types: Collection[str] = (),
    band: str = "",
    alive: Alive = "any",
    noted: str = "",
    also: Collection[int] = (),
) -> pd.DataFrame:
    """Rows of the types and band whose label, top words, wordpiece or notes contain `wanted`, or whose number
    it is.

    also: latents that have `wanted` otherwise. noted: NOTED for latents with a note, else a tag. An empty filter
    passes all; rows stay in order.
    """
    keep = np.ones(len(table), dtype=bool)
    if wanted:
        keep = ((table["latent"].astype(str) == wanted) | table["latent"].isin(list(also))).to_numpy()
        for column in {"label", "top_forms", "top_wordpiece", *NOTES} & set(table.columns):
            keep = keep | table[column].str.contains(wanted, case=False, regex=False).to_numpy(bool)
    if types:
        keep = keep & table["type"].isin(list(types)).to_numpy()
    if band:
        keep = keep & (table["band"] == band).to_numpy()
    if alive != "any":
        keep = keep & (table["alive"] == (alive == "yes")).to_numpy()
    if noted == NOTED:
        own = table["label"] != table["automatic_label"]
        keep = keep & (own | (table["tags"] != "") | (table["note"] != "")).to_numpy()
    elif noted:
        keep = keep & np.array([noted in tags.split(", ") for tags in table["tags"]], bool)
    return table[keep]


def on_word(words: LatentWords, wanted: str) -> dict[int, float]:
    """Latent -> the share of its activation that falls on its words that contain `wanted`; only those above 0.

    Of the words that a latent has most of its activation on (`regions.latent_words`).
    """
    target = folded(wanted)
    columns = [number for number, word in enumerate(words.words) if target and target in word]
    if not columns:
        return {}
    share = np.asarray(words.shares[:, columns].sum(axis=1)).ravel()
    return {int(latent): float(share[latent]) for latent in np.flatnonzero(share > 0)}


def ranked(table: pd.DataFrame, wanted: str, share: Mapping[int, float]) -> pd.DataFrame:
    """The rows with a column on_word, by how much of each latent's activation the word has: the largest first.

    The latent whose number is `wanted` comes before all; equal ones stay in order.
    """
    shares = table["latent"].map(share).fillna(0.0).astype(np.float64)
    order = np.lexsort((-shares.to_numpy(), table["latent"].astype(str) != wanted))
    return table.assign(on_word=shares).iloc[order]


def tags_of(table: pd.DataFrame) -> list[str]:
    """Every tag of some latent, in order."""
    return sorted({tag for tags in table["tags"].unique() for tag in tags.split(", ") if tag})


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as .parquet or .csv (UTF-8), whole or not at all; any other ending is a `UserError`."""
    check_ending(path)
    with new_file(path) as temporary:
        if path.suffix == ".csv":
            temporary.write_text(csv_of(table), encoding="utf-8", newline="")
        else:
            table.to_parquet(temporary, index=False)


def check_ending(path: Path) -> None:
    """Refuse a file that `write_table` cannot write, before anything is computed for it."""
    if path.suffix not in (".parquet", ".csv"):
        raise UserError(f"{path} is not a table's name: expected one that ends in .parquet or .csv")
