"""Regions of a map: areas of high density, named by the words that their latents share.

    density = count of latents on a grid, smoothed; a region: all cells whose steepest way up ends at one summit
    score(word, region) = p_r(word) ln(p_r(word) / p(word))

p(word) is the mean share of a latent's activation that falls on the word, over all latents; p_r, over the region's.
The score is the word's term of the Kullback-Leibler divergence of the region from the whole: large for words that
are frequent in the region and more frequent there than elsewhere. Shares, not sums, give each latent equal weight.

The regions are deterministic and take a few milliseconds; their number is no estimate of a number of topics.
Counting the words of all latents takes seconds on a large study, so `write_latent_words` keeps them in it, as
latent_words.parquet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

from analyses.latents.latent_table import top_terms
from analyses.text.word_table import WordTable
from retrieval.lexical import STOP_WORDS
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

KEPT = "latent_words.parquet"
CELLS = 160  # along the longer side of the map
BANDWIDTH = 3.0  # of the Gaussian, in cells
FEWEST = 12  # latents of a region
DEPTH = 8  # words of a latent
N_WORDS = 2  # in a region's name


@dataclass(frozen=True)
class LatentWords:
    """words: the study's, folded. shares: csr (n_latents, n_words), of a latent's activation on its top words."""

    words: Sequence[str]
    shares: csr_array


def latent_words(study: Study, table: WordTable) -> LatentWords:
    """The DEPTH words of each latent with most of its activation, kept or counted; table: its `word_table`."""
    counted = read_kept(study.path / KEPT, _facts(study))
    counted = count_words(study, table) if counted is None else counted
    of_words = (counted["share"].to_numpy(), (counted["latent"].to_numpy(), counted["word"].to_numpy()))
    return LatentWords(table.words, csr_array(of_words, shape=(study.n_latents, len(table.words))))


def latent_words_are_kept(study: Study) -> bool:
    """Whether the study keeps `latent_words`."""
    return read_kept(study.path / KEPT, _facts(study)) is not None


def write_latent_words(study: Study, table: WordTable) -> None:
    """Keep what `latent_words` counts in the study's folder."""
    write_kept(study.path / KEPT, count_words(study, table), _facts(study))


def count_words(study: Study, table: WordTable) -> pd.DataFrame:
    """One row per latent and one of its top words: latent, word (its number in the table), share of the
    activation.
    """
    chosen, shares, _, _ = top_terms(study, table.word, np.ones(len(table.words)), DEPTH)
    latent, place = np.nonzero(chosen >= 0)
    return pd.DataFrame({"latent": latent, "word": chosen[latent, place], "share": shares[latent, place]})


def distinctive_words(words: LatentWords, latents: NDArray[np.integer], depth: int = DEPTH) -> list[str]:
    """The words with the highest score in a group of latents, best first; only those with a score above 0."""
    if not len(latents) or not words.words:
        return []
    here = np.asarray(words.shares[latents].mean(axis=0)).ravel()
    whole = np.asarray(words.shares.mean(axis=0)).ravel()
    score = np.zeros(len(here))
    used = here > 0
    score[used] = here[used] * np.log(here[used] / whole[used])
    order = np.argsort(-score, kind="stable")[:depth]
    return [words.words[word] for word in order if score[word] > 0]


def naming_words(words: LatentWords, latents: NDArray[np.integer], depth: int) -> list[str]:
    """Distinctive words to name a group by; punctuation, stop words and special tokens only if there are no
    others.
    """
    candidates = distinctive_words(words, latents, 4 * DEPTH)
    content = [word for word in candidates if word[0].isalnum() and word not in STOP_WORDS]
    return (content or candidates)[:depth]


def regions(
    xy: NDArray[np.float32], cells: int = CELLS, bandwidth: float = BANDWIDTH, fewest: int = FEWEST
) -> NDArray[np.int64]:
    """The region of each latent, int64 (n_latents,): 0 is the largest, -1 none (fewer than `fewest` latents)."""
    if not len(xy):
        return np.empty(0, np.int64)
    low = xy.min(axis=0)
    side = max(float((xy.max(axis=0) - low).max()), 1e-12) / cells
    column, row = np.minimum((xy - low) / side, cells - 1).astype(np.int64).T
    counts = np.zeros((cells, cells))
    np.add.at(counts, (row, column), 1)
    summit = _summits(gaussian_filter(counts, bandwidth, mode="constant"))[row, column]
    _, region, size = np.unique(summit, return_inverse=True, return_counts=True)
    rank = np.empty(len(size), np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.where(size[region] >= fewest, rank[region], -1)


def region_table(xy: NDArray[np.float32], region: NDArray[np.int64], words: LatentWords) -> pd.DataFrame:
    """One row per region, the largest first: region, x, y (medians), n_latents, words (its naming words,
    joined).
    """
    rows = []
    for number in range(int(region.max(initial=-1)) + 1):
        members = np.flatnonzero(region == number)
        x, y = np.median(xy[members], axis=0)
        names = " · ".join(naming_words(words, members, N_WORDS))
        rows.append((number, float(x), float(y), len(members), names))
    return pd.DataFrame(rows, columns=["region", "x", "y", "n_latents", "words"])


def _facts(study: Study) -> dict[str, Any]:
    return {"study": study.manifest["fingerprint"], "depth": DEPTH}


def _summits(density: NDArray[np.float64]) -> NDArray[np.int64]:
    """The flat index of the summit that each cell's steepest ascent, over eight neighbours, ends at."""
    rows, columns = density.shape
    best, padded = density, np.pad(density, 1, constant_values=-np.inf)
    up = np.arange(density.size).reshape(density.shape)
    numbers = np.pad(up, 1)
    for row in range(3):
        for column in range(3):
            place = (slice(row, row + rows), slice(column, column + columns))
            higher = padded[place] > best
            best, up = np.where(higher, padded[place], best), np.where(higher, numbers[place], up)
    flat = up.ravel()
    while not np.array_equal(flat, flat[flat]):
        flat = flat[flat]
    return flat.reshape(density.shape)
