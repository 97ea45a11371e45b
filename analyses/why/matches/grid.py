"""Pairs of tokens summed by words: a row per word of the query, a column per word of the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.why.matches.parts import KINDS
from analyses.why.token_pairs import TokenPairs, kinds_of

SPECIAL = "special tokens"
N_COLUMNS = 40
N_LATENTS = 3  # named for a cell
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """One system's credits. credit: (n_rows, n_columns); left_out: of all further columns, (n_rows,).

    latents: the strongest N_LATENTS of each cell, latent and credit, (n_rows, n_columns) of tuples; () for other
    systems than latent.
    """

    pairs: TokenPairs
    credit: Floats
    left_out: Floats
    latents: Sequence[Sequence[tuple[tuple[int, float], ...]]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Several systems' credits over the same words.

    rows, columns: distinct folded words in text order, the special tokens last. kind: (n_rows, n_columns), of
    KINDS. n_left_out: words of the document that carry something and have no column.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    kind: NDArray[np.str_]
    layers: tuple[Layer, ...]
    n_left_out: int


def pair_grid(systems: Sequence[TokenPairs], n_columns: int = N_COLUMNS) -> Grid:
    """The words of the query, and those n_columns words of the document that carry most for any of the systems.

    The special tokens' column comes on top of n_columns, where these tokens carry something.
    """
    rows = _words([pairs.query for pairs in systems])
    every = _words([pairs.document for pairs in systems])
    summed = [
        _one_hot(pairs.query["word"].tolist(), rows).T
        @ pairs.credit
        @ _one_hot(pairs.document["word"].tolist(), every)
        for pairs in systems
    ]
    strength = np.max(
        [np.abs(one).sum(axis=0) / max(np.abs(one).sum(), 1e-30) for one in summed], axis=0, initial=0.0
    )
    carrying = [place for place, word in enumerate(every) if word and strength[place] > 0]
    strongest = sorted(carrying, key=lambda place: -strength[place])[:n_columns]
    chosen = sorted(strongest) + [p for p, word in enumerate(every) if not word and strength[p] > 0]
    left = sorted(set(carrying) - set(strongest))
    columns = [every[place] for place in chosen]
    layers = tuple(
        Layer(pairs, one[:, chosen], one[:, left].sum(axis=1), _latents(pairs, rows, columns))
        for pairs, one in zip(systems, summed, strict=True)
    )
    kind = (
        np.array(KINDS)[kinds_of(rows, columns, systems[0].lexical)]
        if rows and columns
        else np.zeros((len(rows), 0), "U9")
    )
    return Grid(
        tuple(word or SPECIAL for word in rows),
        tuple(word or SPECIAL for word in columns),
        kind,
        layers,
        len(left),
    )


def _words(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Distinct words of the tokens of one text as several systems read it, in text order, "" last."""
    first: dict[str, int] = {}
    for table in tables:
        for word, start in zip(table["word"].tolist(), table["start"].tolist(), strict=True):
            first[word] = min(start, first.get(word, start))
    return sorted(first, key=lambda word: (word == "", first[word]))


def _one_hot(words: Sequence[str], names: Sequence[str]) -> Floats:
    """(n_tokens, n_names), 1 where a token's word is the name."""
    place = {name: at for at, name in enumerate(names)}
    hot = np.zeros((len(words), len(names)))
    for token, word in enumerate(words):
        if word in place:
            hot[token, place[word]] = 1.0
    return hot


def _latents(
    pairs: TokenPairs, rows: Sequence[str], columns: Sequence[str]
) -> Sequence[Sequence[tuple[tuple[int, float], ...]]]:
    """The latents that make most of each cell."""
    if not len(pairs.latents):
        return ()
    on_query = _one_hot(pairs.query["word"].tolist(), rows).T @ pairs.on_query
    on_document = _one_hot(pairs.document["word"].tolist(), columns).T @ pairs.on_document
    named = []
    for row in on_query:
        of_row = []
        for credit in on_document * row:  # (n_columns, n_shared)
            strongest = np.argsort(-credit, kind="stable")[:N_LATENTS]
            of_row.append(
                tuple((int(pairs.latents[j]), float(credit[j])) for j in strongest.tolist() if credit[j] > 0)
            )
        named.append(of_row)
    return named
