"""The latents that two SAEs give one word, paired by their directions.

    s_ij = cos(W_dec_i, W'_dec_j), i and j among the latents that fire on the word

Two latents are a pair if each is the other's nearest and s_ij is at least RECURS. Studies of one SAE are paired by
the latents' numbers; SAEs of two encoders have no pairs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.dictionary.lookup import WordEntry, word_entry
from analyses.saes.matching import decoder_cosine, mutual_nearest
from retrieval.study import Study

RECURS = 0.7  # cosine of directions from which two latents count as one
SIDE = ["latent", "label", "share", "share_of_latent", "idf_lucene"]


def two_dictionaries(study: Study, word: str, other: Study, other_word: str) -> pd.DataFrame:
    """The latents of a word in a study beside those of a word in another; see `beside`."""
    return beside(study, word_entry(study, word), other, word_entry(other, other_word))


def beside(study: Study, entry: WordEntry, other: Study, other_entry: WordEntry) -> pd.DataFrame:
    """Each latent of either word, pairs in one row.

    Columns latent, label, share (of the word's tokens), share_of_latent, the same with _other (<NA>, "" and NaN
    where that side has none), cosine (of their directions, NaN without a pair). Falling by the larger share x idf.
    """
    left, right = entry.latents[SIDE].reset_index(drop=True), other_entry.latents[SIDE].reset_index(drop=True)
    partner, cosine = paired(study, other, left["latent"].to_numpy(), right["latent"].to_numpy())
    left = left.assign(partner=partner, cosine=cosine)
    right = right.assign(partner=np.arange(len(right))).add_suffix("_other")
    both = left.merge(right, left_on="partner", right_on="partner_other", how="outer")
    score = np.fmax(
        (both["share"] * both["idf_lucene"]).fillna(0.0).to_numpy(np.float64),
        (both["share_other"] * both["idf_lucene_other"]).fillna(0.0).to_numpy(np.float64),
    )
    both = both.iloc[np.argsort(-score, kind="stable")].reset_index(drop=True)
    for side in ("", "_other"):
        both[f"latent{side}"] = both[f"latent{side}"].astype("Int64")
        both[f"label{side}"] = both[f"label{side}"].fillna("")
    names = ["latent", "label", "share", "share_of_latent"]
    return both[[*names, *(f"{name}_other" for name in names), "cosine"]]


def paired(
    study: Study, other: Study, left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each latent of `left` the place of its partner in `right` and the cosine of the two; NaN without one."""
    partner, cosine = np.full(len(left), np.nan), np.full(len(left), np.nan)
    if not len(left) or not len(right):
        return partner, cosine
    if study.manifest["sae"]["fingerprint"] == other.manifest["sae"]["fingerprint"]:
        places = {latent: place for place, latent in enumerate(right.tolist())}
        partner = np.array([places.get(latent, np.nan) for latent in left.tolist()], np.float64)
        return partner, np.where(np.isnan(partner), np.nan, 1.0)
    if study.manifest["encoder"]["fingerprint"] != other.manifest["encoder"]["fingerprint"]:
        return partner, cosine
    found = mutual_nearest(decoder_cosine(study.decoder[left], other.decoder[right]))
    near = found.matched & (found.similarity >= RECURS)
    partner[near], cosine[near] = found.partner[near], found.similarity[near]
    return partner, cosine
