"""The share of one SAE's latents that recur in another: by decoder or activation, by frequency and by type.

A latent recurs where its partner of the one-to-one matching (analyses.saes.matching) is similar enough: decoder
cosine, or correlation over documents, of at least 0.7. The chance level is the same share against a control with
the other SAE's statistics and none of its latents. A table is of one pair of SAEs, a and b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.latents.frequency_bands import band_names, frequency_bands
from analyses.latents.types import TYPES, UNTYPED
from analyses.saes.matching import (
    activation_correlation,
    decoder_cosine,
    match,
    mutual_nearest,
    permuted_documents,
    random_directions,
)
from analyses.statistics.intervals import wilson


@dataclass(frozen=True)
class RecurrenceThresholds:
    """The least similarity of a latent that recurs, by decoder cosine and by activation correlation."""

    decoder: float = 0.7
    activation: float = 0.7


def match_decoders(a: NDArray[np.float32], b: NDArray[np.float32], seed: int = 0) -> pd.DataFrame:
    """by, latent, partner, similarity, mutual, chance, of decoder directions (n_a, d_model), (n_b, d_model)."""
    chance = match(decoder_cosine(a, random_directions(b, seed))).similarity
    return _matched("decoder", decoder_cosine(a, b), chance)


def match_activations(a: csr_array, b: csr_array, seed: int = 0) -> pd.DataFrame:
    """by, latent, partner, similarity, mutual, chance, of counts (n_docs, n_a), (n_docs, n_b)."""
    chance = match(activation_correlation(a, permuted_documents(b, seed))).similarity
    return _matched("activation", activation_correlation(a, b), chance)


def recurrence(
    latents: pd.DataFrame, thresholds: RecurrenceThresholds, n_docs: int | None = None
) -> pd.DataFrame:
    """The share of a's latents that recur in b: of all, by document-frequency band and by type.

    latents: the rows of one or more pairs and matchings, as `SaeComparison` has them; with n_docs also by band
    and type. Columns a, b, by, group ("all", "document_frequency", "type"), value (the band, the type), n_latents,
    n_recur, share, low, high (Wilson, 95%), chance (the control's share) and mutual (share of latents that recur
    and are, with their partner, each other's nearest). Dead latents count: the share is of all latents.
    """
    least = latents["by"].map(dict(vars(thresholds)))
    recurs = latents["similarity"] >= least
    table = pd.DataFrame(
        {"recurs": recurs, "chance": latents["chance"] >= least, "mutual": recurs & latents["mutual"]}
    )
    table["all"], orders = "all", {"all": ["all"]}
    if n_docs is not None:
        table["document_frequency"] = frequency_bands(latents["document_frequency"].to_numpy(), n_docs)
        table["type"] = latents["type"]
        orders |= {"document_frequency": band_names(n_docs), "type": [*TYPES, *UNTYPED]}
    rows = []
    for (a, b, by), pair in latents.groupby(["a", "b", "by"], sort=False):
        of_pair = table.loc[pair.index]
        for group, values in orders.items():
            for value in values:
                part = of_pair[of_pair[group] == value]
                if n := len(part):
                    k = int(part["recurs"].sum())
                    others = part["chance"].mean(), part["mutual"].mean()
                    rows.append((a, b, by, group, value, n, k, k / n, *wilson(k, n), *others))
    counts = ["n_latents", "n_recur", "share", "low", "high", "chance", "mutual"]
    return pd.DataFrame(rows, columns=["a", "b", "by", "group", "value", *counts])


def _matched(by: str, similarity: NDArray[np.float32], chance: NDArray[np.float32]) -> pd.DataFrame:
    pairs = match(similarity)
    return pd.DataFrame(
        {
            "by": by,
            "latent": np.arange(len(similarity)),
            "partner": pairs.partner,
            "similarity": pairs.similarity,
            "mutual": pairs.matched & (mutual_nearest(similarity).partner == pairs.partner),
            "chance": chance,
        }
    )
