"""The tables of one query, compiled: which words share which of its latents.

A query's latents of a weight above 0 have a place, 0 to n_places; its distinct words a number, and those of equal
stems a group. With these the tables of a query stay in the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analyses.why.matches._kernel_arrays import Query
from data.compiled import compiled

_kernel: Any = compiled(error_model="numpy")


@_kernel
def open_query(q, queries, vocabulary, by_max, places):  # type: ignore[no-untyped-def]
    """The tables of one query; `places` are set."""
    weight, n_places = np.zeros(queries.indptr[q + 1] - queries.indptr[q]), 0
    for p in range(queries.indptr[q], queries.indptr[q + 1]):
        if queries.weights[p] > 0:
            places.latent[queries.latents[p]] = n_places
            weight[n_places] = queries.weights[p]
            n_places += 1
    weight = weight[:n_places]
    first, n_tokens = queries.offsets[q], queries.offsets[q + 1] - queries.offsets[q]
    words, group = np.empty(n_tokens, np.int64), np.empty(n_tokens, np.int64)
    counted, n_words, n_groups = np.zeros(n_tokens, np.bool_), 0, 0
    for t in range(first, first + n_tokens):
        w = queries.word[t]
        if w < 0 or places.word[w] >= 0:
            continue
        if places.stem[vocabulary.stem[w]] < 0:
            places.stem[vocabulary.stem[w]] = n_groups
            n_groups += 1
        places.word[w], words[n_words] = n_words, w
        group[n_words] = places.stem[vocabulary.stem[w]]
        counted[group[n_words]] |= vocabulary.content[w]
        n_words += 1
    of_word, special = np.zeros((n_words, n_places)), np.zeros(n_places)
    _share(q, queries, by_max, places, of_word, special)
    of_group = np.zeros((n_groups, n_places))
    special *= weight
    for w in range(n_words):
        of_word[w] *= weight
        of_group[group[w]] += of_word[w]
    return Query(weight, words[:n_words], group[:n_words], counted[:n_groups], of_word, of_group, special)


@_kernel
def _share(q, queries, by_max, places, of_word, special):  # type: ignore[no-untyped-def]
    """Fill of_word and special with each word's share of the query's latents."""
    tokens = range(queries.offsets[q], queries.offsets[q + 1])
    largest, total = np.zeros(len(special)), np.zeros(len(special))
    for t in tokens:
        for s in range(queries.indices.shape[1]):
            at = places.latent[queries.indices[t, s]]
            if at >= 0:
                largest[at] = max(largest[at], queries.activations[t, s])
    for t in tokens:
        for s in range(queries.indices.shape[1]):
            at, z = places.latent[queries.indices[t, s]], np.float64(queries.activations[t, s])
            if at < 0 or z <= 0:
                continue
            if by_max:
                z = np.float64(z == largest[at])
            total[at] += z
            if queries.word[t] < 0:
                special[at] += z
            else:
                of_word[places.word[queries.word[t]], at] += z
    for at in range(len(total)):
        if total[at] > 0:
            special[at] /= total[at]
            of_word[:, at] /= total[at]
