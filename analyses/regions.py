"""Regions of a map, and what they are about: dense places, named by the words that their latents share.

    density = count of latents on a grid, smoothed; a region: all cells whose steepest way up ends at one summit
    score(word, region) = p_r(word) ln(p_r(word) / p(word))

p(word) is the mean share of a latent's activation that falls on the word, over all latents; p_r, over the region's.
The score is the word's part in the Kullback-Leibler divergence of the region from the whole: a word counts that is
much used here, and more than elsewhere. Shares, not sums, so that each latent has one vote, however often it fires.

Following the density up costs a few milliseconds and is the same each time; the names are a help to the reader's
eye, no claim that there are so many topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

from analyses.vocabulary import top_terms
from analyses.words import WordTable
from retrieval.study import Study

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


def latent_words(study: Study, table: WordTable, depth: int = DEPTH) -> LatentWords:
    """The `depth` words of each latent with most of its activation; table: the study's `word_table`."""
    chosen, shares, _, _ = top_terms(study, table.word, np.ones(len(table.words)), depth)
    latent, place = np.nonzero(chosen >= 0)
    shape = (study.n_latents, len(table.words))
    of_words = (shares[latent, place], (latent, chosen[latent, place]))
    return LatentWords(table.words, csr_array(of_words, shape=shape))


def distinctive_words(words: LatentWords, latents: NDArray[np.integer], depth: int = DEPTH) -> list[str]:
    """The words with the highest score in a group of latents, best first; only those above 0, which is chance."""
    if not len(latents) or not words.words:
        return []
    here = np.asarray(words.shares[latents].mean(axis=0)).ravel()
    whole = np.asarray(words.shares.mean(axis=0)).ravel()
    score = np.zeros(len(here))
    used = here > 0
    score[used] = here[used] * np.log(here[used] / whole[used])
    order = np.argsort(-score, kind="stable")[:depth]
    return [words.words[word] for word in order if score[word] > 0]


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
    """A row a region, the largest first: region, x, y (medians), n_latents, words (its distinctive ones, joined).

    Punctuation names a region only where nothing else does.
    """
    rows = []
    for number in range(int(region.max(initial=-1)) + 1):
        members = np.flatnonzero(region == number)
        x, y = np.median(xy[members], axis=0)
        names = distinctive_words(words, members, DEPTH)
        names = [name for name in names if any(map(str.isalnum, name))] or names
        rows.append((number, float(x), float(y), len(members), " · ".join(names[:N_WORDS])))
    return pd.DataFrame(rows, columns=["region", "x", "y", "n_latents", "words"])


def _summits(density: NDArray[np.float64]) -> NDArray[np.int64]:
    """The flat index of the summit that each cell's steepest way up, over its eight neighbours, ends at."""
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
