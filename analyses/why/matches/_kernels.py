"""The loops over documents, compiled; all release the interpreter lock."""

from __future__ import annotations

from typing import Any

import numpy as np

from analyses.why.matches._kernel_arrays import Places
from analyses.why.matches._query_kernels import open_query
from data.compiled import compiled
from retrieval.top_k import select

_kernel: Any = compiled(error_model="numpy")
EXACT, INFLECTED, SOFT, SPECIAL = 0, 1, 2, 3
ROUNDING = 4e-6  # of a score: what float32 leaves of a part that is nothing


@_kernel
def _impact(count, scale, k1_norm):  # type: ignore[no-untyped-def]
    """w (k1 + 1) / (w + k1 norm) of a count, 0 for none."""
    if count <= 0:
        return 0.0
    weight = count
    if scale.phi == 0:
        weight = np.sqrt(count)
    elif scale.phi == 1:
        weight = np.log1p(count)
    return weight * scale.gain / (weight + k1_norm)


@_kernel
def fill_documents(documents, n_latents, scale, start, stop):  # type: ignore[no-untyped-def]
    """Fill mass and factor of the tokens of documents start..stop."""
    pooled, ties = np.zeros(n_latents), np.zeros(n_latents)
    width = documents.indices.shape[1]
    for d in range(start, stop):
        tokens = range(documents.offsets[d], documents.offsets[d + 1])
        for t in tokens:
            for s in range(width):
                j, z = documents.indices[t, s], np.float64(documents.activations[t, s])
                if not scale.by_max:
                    pooled[j] += z
                elif z > pooled[j]:
                    pooled[j], ties[j] = z, 1.0
                elif z == pooled[j]:
                    ties[j] += 1.0
        for t in tokens:
            for s in range(width):
                j, z = documents.indices[t, s], np.float64(documents.activations[t, s])
                if z > 0:
                    share = z / pooled[j]
                    if scale.by_max:
                        share = 1 / ties[j] if z == pooled[j] else 0.0
                    documents.mass[t, s] = pooled[j]
                    documents.factor[t, s] = _impact(pooled[j], scale, scale.k1_norm[d]) * share
        for t in tokens:
            for s in range(width):
                pooled[documents.indices[t, s]] = 0.0


@_kernel
def score_rows(documents, queries, vocabulary, postings, scale, pairs, start, stop, out):  # type: ignore[no-untyped-def]
    """Queries start..stop: keys (5, n_queries, depth) of the best documents by each part, and their pairs.

    pairs: ptr (n_queries + 1,), document (n_pairs,). out: keys, credit, present, n_content.
    """
    ptr, pair_document = pairs
    keys, credit, present, n_content = out
    n_docs = len(documents.offsets) - 1
    n_stems = vocabulary.stem.max() + 1 if len(vocabulary.stem) else 1
    places = Places(
        np.full(len(postings.indptr) - 1, -1, np.int32),
        np.full(len(vocabulary.stem), -1, np.int32),
        np.full(n_stems, -1, np.int32),
    )
    parts = np.zeros((6, n_docs))
    for q in range(start, stop):
        query = open_query(q, queries, vocabulary, scale.by_max, places)
        _score_all(query, documents, postings, scale, places, q, queries, parts)
        for part in range(5):
            scores = np.where(parts[part] > ROUNDING * parts[5], parts[part], 0.0).astype(np.float32)
            select(scores.view(np.int32), keys[part, q])
        for pair in range(ptr[q], ptr[q + 1]):
            n_content[pair] = query.counted.sum()
            if pair_document[pair] < n_docs:
                present[pair] = _take_apart(
                    query, documents, vocabulary, places, pair_document[pair], credit[pair]
                )
        for p in range(queries.indptr[q], queries.indptr[q + 1]):
            places.latent[queries.latents[p]] = -1
        for w in query.words:
            places.word[w] = -1
            places.stem[vocabulary.stem[w]] = -1


@_kernel
def _score_all(query, documents, postings, scale, places, q, queries, parts):  # type: ignore[no-untyped-def]
    """Fill parts (6, n_docs): exact, inflected, soft, forms of the query's words, other words, the whole score."""
    parts[:] = 0
    exact, inflected, soft, forms, others = parts[0], parts[1], parts[2], parts[3], parts[4]
    for p in range(queries.indptr[q], queries.indptr[q + 1]):
        at = places.latent[queries.latents[p]]
        if at >= 0:
            plain = query.weight[at] - query.special[at]
            for i in range(postings.indptr[queries.latents[p]], postings.indptr[queries.latents[p] + 1]):
                soft[postings.documents[i]] += plain * postings.impact[i]
                others[postings.documents[i]] += query.weight[at] * postings.impact[i]
    parts[5] = others
    n_places = len(query.weight)
    own, whole = np.zeros(n_places), np.zeros(n_places)  # of a document's latents: from forms, and in all
    touched = np.empty(n_places, np.int64)
    for d in range(len(documents.offsets) - 1):
        n_touched, of_same, of_form, of_special = 0, 0.0, 0.0, 0.0
        for t in range(documents.offsets[d], documents.offsets[d + 1]):
            stem = documents.stem[t]
            group = places.stem[stem] if stem >= 0 else -1
            if stem >= 0 and group < 0:
                continue
            word = places.word[documents.word[t]] if stem >= 0 else -1
            for s in range(documents.indices.shape[1]):
                at = places.latent[documents.indices[t, s]]
                if at < 0 or documents.activations[t, s] <= 0:
                    continue
                factor = documents.factor[t, s]
                if stem < 0:
                    of_special += (query.weight[at] - query.special[at]) * factor
                    continue
                same = query.of_word[word, at] * factor if word >= 0 else 0.0
                form = query.of_group[group, at] * factor
                of_same += same
                of_form += form
                if own[at] == 0:
                    touched[n_touched] = at
                    n_touched += 1
                own[at] += documents.activations[t, s]
                whole[at] = documents.mass[t, s]
        exact[d], inflected[d] = of_same, of_form - of_same
        soft[d] -= of_form + of_special
        _from_forms(query, scale, d, touched[:n_touched], own, whole, forms, others)


@_kernel
def _from_forms(query, scale, d, touched, own, whole, forms, others):  # type: ignore[no-untyped-def]
    """The score of a document from the counts of forms alone, and what the other words' counts lose by them."""
    for at in touched:
        if own[at] > 0:
            rest = max(whole[at] - own[at], 0.0)
            rest = rest if rest > 1e-6 * whole[at] else 0.0  # what float32 leaves of nothing
            forms[d] += query.weight[at] * _impact(own[at], scale, scale.k1_norm[d])
            lost = _impact(whole[at], scale, scale.k1_norm[d]) - _impact(rest, scale, scale.k1_norm[d])
            others[d] -= query.weight[at] * lost
        own[at] = 0.0


@_kernel
def _take_apart(query, documents, vocabulary, places, d, credit):  # type: ignore[no-untyped-def]
    """Add one pair's credit to (n_bands + 1, n_kinds); returns how many of its content stems the document has."""
    found = np.zeros(len(query.counted), np.bool_)
    for t in range(documents.offsets[d], documents.offsets[d + 1]):
        stem = documents.stem[t]
        group = places.stem[stem] if stem >= 0 else -1
        if group >= 0:
            found[group] = True
        for s in range(documents.indices.shape[1]):
            at = places.latent[documents.indices[t, s]]
            if at < 0:
                continue
            factor = documents.factor[t, s]
            credit[-1, SPECIAL] += query.special[at] * factor
            for w in range(len(query.words)):
                kind = SOFT
                if stem < 0:
                    kind = SPECIAL
                elif documents.word[t] == query.words[w]:
                    kind = EXACT
                elif group == query.group[w]:
                    kind = INFLECTED
                credit[vocabulary.band[query.words[w]], kind] += query.of_word[w, at] * factor
    return (found & query.counted).sum()
