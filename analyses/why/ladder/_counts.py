"""Counts of every cell of a ladder in one pass over the token states, block by block on disk.

    block-00003/<n>.npz           counts of the block's documents in cell n, csr (n_block_docs, n_latents)
    block-00003/<n>.pieces.npz    summed activation of each latent on each wordpiece, csr (n_latents, n_pieces),
                                  over the tokens of every SAMPLED-th document
    block-00003/<n>.tokens.npz    latents of each token, of the cells in NULLS alone
    block-00003/<n>.npy           of a row of states: mean state of each document, float32 (n_block_docs, d_model)

A finished block is whole or absent, so an interrupted ladder goes on with the next block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack

from analyses.why.ladder.dictionaries import DICTIONARIES
from analyses.why.ladder.names import (
    AS_THEY_ARE,
    LAYER_0,
    MEAN_OF_DOCUMENTS,
    RANDOM,
    RANDOM_ENCODER,
    SHUFFLED_ANY,
    TRAINED,
    WORDPIECE_MEANS,
)
from analyses.why.ladder.states import STATES, Changed, each_once, wordpiece_mean
from data.arrays import map_array
from data.encoders import TokenStates
from data.files import new_folder
from data.ragged import Ragged, mean_of_rows, offsets_of
from data.wordpiece_means import Floats, WordpieceMeans
from retrieval.counts import read_counts, write_counts
from sae.latents import TokenLatents, pool, token_latents
from sae.model import SparseAutoencoder

CHECKS = (SHUFFLED_ANY, MEAN_OF_DOCUMENTS)  # rows that check another one, with few dictionaries
FEW = (TRAINED, WORDPIECE_MEANS, RANDOM)
# Cells whose exact and soft matches say what these are by chance.
NULLS = tuple((states, RANDOM) for states in (AS_THEY_ARE, LAYER_0, RANDOM_ENCODER))
SAMPLED = 8  # one document in so many says which wordpieces a latent fires on
QUERIES = 0xFFFF  # the seed of the block of queries
Drawn = tuple[str, int]  # a dictionary and its seed
REMEDY = "remove that folder of blocks, and measure the ladder again to go on"


@dataclass(frozen=True)
class Cell:
    """states x dictionary, the dictionary drawn by a seed. number: names its files."""

    states: str
    dictionary: str
    seed: int
    number: int


@dataclass(frozen=True, eq=False)
class Space:
    """Rows of states that share dictionaries. states: their names. saes: dictionary and seed -> SAE.

    document_means: of the row MEAN_OF_DOCUMENTS, None where there is no such row.
    """

    states: Sequence[str]
    means: WordpieceMeans
    saes: Mapping[Drawn, SparseAutoencoder]
    document_means: WordpieceMeans | None = None

    def columns(self, states: str) -> list[Drawn]:
        """The dictionaries of a row's cells, those that are the first latent of another one included."""
        own = self.dictionaries(states)
        firsts = [
            (name, seed)
            for name, dictionary in DICTIONARIES.items()
            for of, seed in own
            if dictionary.first_of == of
        ]
        return [*own, *firsts]

    def sae_of(self, dictionary: str, seed: int) -> SparseAutoencoder:
        """The SAE that gives a column's latents."""
        return self.saes[DICTIONARIES[dictionary].first_of or dictionary, seed]

    def k_of(self, dictionary: str, seed: int) -> float:
        """A column's latents per token at most; NaN for an SAE with a threshold."""
        sae = self.sae_of(dictionary, seed)
        return (
            1.0
            if DICTIONARIES[dictionary].first_of
            else np.nan
            if sae.threshold is not None
            else float(sae.k)
        )

    def changed(
        self, states: str, values: Floats, token_ids: NDArray[np.int32], generator: np.random.Generator
    ) -> Changed:
        """The states of one row of the ladder, from a block's own, `values`."""
        if states == MEAN_OF_DOCUMENTS and self.document_means is not None:
            return wordpiece_mean(values, token_ids, self.document_means, generator)
        if states == LAYER_0:
            return each_once(values)
        row = STATES.get(states)  # the random encoder has one row, of its own states
        return row.change(values, token_ids, self.means, generator) if row else Changed(values)

    def row(self, states: str, values: Floats, token_ids: NDArray[np.int32], seed: int) -> Floats:
        """The states of one row alone, as `latents_by_row` has them: rows draw from one generator in turn."""
        generator = block_generator(seed)
        for name in self.states[: list(self.states).index(states)]:
            self.changed(name, values, token_ids, generator)
        return self.changed(states, values, token_ids, generator).states

    def dictionaries(self, states: str) -> dict[Drawn, SparseAutoencoder]:
        """The dictionaries of one row."""
        return {drawn: sae for drawn, sae in self.saes.items() if states not in CHECKS or drawn[0] in FEW}


def block_generator(seed: int) -> np.random.Generator:
    """The generator that rows of a block draw from; seed: the block's number, QUERIES for the queries."""
    return np.random.default_rng([seed, 5])


def latents_by_row(
    space: Space,
    block: TokenStates,
    generator: np.random.Generator,
    known: Mapping[Drawn, TokenLatents] | None = None,
) -> Iterator[tuple[str, Floats, Iterator[tuple[Drawn, TokenLatents]]]]:
    """Each row's name, mean states of the texts, and latents of the tokens under each of its dictionaries.

    What several rows share, the block's own states, is encoded once; not under the dictionaries whose latents of
    these states are `known`.
    """
    values, offsets = np.asarray(block.states.values, np.float32), np.asarray(block.states.offsets)
    own = dict(known or {})

    def encoded(drawn: Drawn, rows: Floats) -> TokenLatents:
        sae, whole = space.saes[drawn], np.array([0, len(rows)])
        if rows is not values:
            return token_latents(sae, Ragged(rows, whole))
        if drawn not in own:
            own[drawn] = token_latents(sae, Ragged(rows, whole))
        return own[drawn]

    def columns(states: str, changed: Changed) -> Iterator[tuple[Drawn, TokenLatents]]:
        for name, seed in space.dictionaries(states):
            found = replace(encoded((name, seed), changed.rows), offsets=offsets)
            if (place := changed.place) is not None:
                found = replace(found, activations=found.activations[place], indices=found.indices[place])
            yield (name, seed), found
            for first in (one.name for one in DICTIONARIES.values() if one.first_of == name):
                strongest = found.activations[:, :1].copy(), found.indices[:, :1].copy()
                yield (first, seed), replace(found, activations=strongest[0], indices=strongest[1])

    for states in space.states:
        changed = space.changed(states, values, np.asarray(block.token_ids), generator)
        yield states, mean_of_rows(changed.states, offsets), columns(states, changed)


def count_block(
    folder: Path,
    block: TokenStates,
    space: Space,
    cells: Mapping[tuple[str, str, int], Cell],
    n_pieces: int,
    pooling: Literal["sum", "max"],
    seed: int,
    known: Mapping[Drawn, TokenLatents] | None = None,
) -> None:
    """Write the counts of one block of texts for every cell of a space, completely or not at all."""
    generator = block_generator(seed)
    with new_folder(folder) as temporary:
        for row, (states, pooled, columns) in enumerate(latents_by_row(space, block, generator, known)):
            np.save(temporary / f"{row}.npy", pooled)
            for (dictionary, drawn), latents in columns:
                name = temporary / f"{cells[states, dictionary, drawn].number}"
                n_latents = space.sae_of(dictionary, drawn).n_latents
                write_counts(name.with_suffix(".npz"), pool(latents, n_latents, pooling))
                if (states, dictionary) in NULLS and drawn == 0:
                    np.savez(
                        name.with_suffix(".tokens.npz"),
                        activations=latents.activations,
                        indices=latents.indices,
                        offsets=latents.offsets,
                    )
                pieces = pieces_of(latents, block.token_ids, n_latents, n_pieces)
                write_counts(name.with_suffix(".pieces.npz"), pieces)


def pieces_of(
    latents: TokenLatents, token_ids: NDArray[np.int32], n_latents: int, n_pieces: int
) -> csr_array:
    """Summed activation of each latent on each wordpiece, over the tokens of every SAMPLED-th text."""
    chosen = np.repeat(np.arange(len(latents)) % SAMPLED == 0, np.diff(latents.offsets))
    activations, indices = latents.activations[chosen], latents.indices[chosen]
    pieces = np.repeat(np.asarray(token_ids)[chosen], indices.shape[1])
    fires = activations.ravel() > 0
    places = (indices.ravel()[fires].astype(np.int64), pieces[fires].astype(np.int64))
    return csr_array(coo_array((activations.ravel()[fires], places), shape=(n_latents, n_pieces)))


def counts_of(folders: Sequence[Path], cell: Cell) -> tuple[csr_array, csr_array]:
    """The counts of all texts of these blocks, csr (n_texts, n_latents), and the activations on wordpieces."""
    counts = [read_counts(folder / f"{cell.number}.npz", remedy=REMEDY) for folder in folders]
    pieces = [read_counts(folder / f"{cell.number}.pieces.npz", remedy=REMEDY) for folder in folders]
    return csr_array(vstack(counts, format="csr")), csr_array(sum(pieces[1:], start=pieces[0]))


def latents_of(folders: Sequence[Path], cell: Cell) -> TokenLatents:
    """The latents of each token of all texts of these blocks in a cell of NULLS."""
    blocks = [np.load(folder / f"{cell.number}.tokens.npz", allow_pickle=False) for folder in folders]
    lengths = np.concatenate([np.diff(block["offsets"]) for block in blocks])
    return TokenLatents(
        np.concatenate([block["activations"] for block in blocks]),
        np.concatenate([block["indices"] for block in blocks]),
        offsets_of(lengths),
    )


def vectors_of(folders: Sequence[Path], row: int) -> Floats:
    """The mean states of all texts of these blocks in one row of a space, float32 (n_texts, d_model)."""
    return np.concatenate(
        [map_array(folder / f"{row}.npy", "<f4", (None, None), REMEDY) for folder in folders]
    )
