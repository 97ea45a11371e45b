"""Scores taken apart into matches, against loops over every pair of tokens; words have no soft match."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from analyses.why.match import match, match_is_kept, write_match
from analyses.why.matches.parts import KINDS, RANKED, score_parts
from analyses.why.matches.table import match_table
from analyses.why.matches.word_tokens import Words, WordTokens
from own_study import as_built
from retrieval.bm25 import LEXICAL, Bm25Parameters, term_weight
from retrieval.index import Index
from retrieval.search import scores_of_all
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

NAMES = ["run", "running", "runs", "cat", "cats", "the", "xenon", "tree"]
N_DOCS, N_QUERIES, N_LATENTS, K = 30, 8, 12, 3
Pooling = Literal["sum", "max"]


@dataclass(frozen=True)
class World:
    """Random tokens of documents and queries, and their pooled counts."""

    documents: WordTokens
    queries: WordTokens
    words: Words
    judged: Judged
    counts: csr_array
    pooling: Pooling


def drawn(rng: np.random.Generator, n_texts: int, longest: int) -> WordTokens:
    lengths = rng.integers(1, longest, n_texts)
    n = int(lengths.sum())
    indices = np.argsort(rng.random((n, N_LATENTS)), axis=1)[:, :K].astype(np.uint16)
    activations = -np.sort(-rng.gamma(1, 1, (n, K)).astype(np.float32), axis=1)
    activations[rng.random((n, K)) < 0.2] = 0  # unused slots, whose latents mean nothing
    word = rng.integers(-1, len(NAMES), n).astype(np.int32)
    return WordTokens(np.append(0, np.cumsum(lengths)), indices, activations, word)


def pooled(tokens: WordTokens, pooling: Pooling, kept: np.ndarray | None = None) -> csr_array:
    counts = np.zeros((len(tokens.offsets) - 1, N_LATENTS))
    for text in range(len(counts)):
        for t in range(tokens.offsets[text], tokens.offsets[text + 1]):
            for j, z in zip(tokens.indices[t], tokens.activations[t], strict=True):
                if kept is None or kept[t]:
                    counts[text, j] = max(counts[text, j], z) if pooling == "max" else counts[text, j] + z
    return csr_array(counts.astype(np.float32))


def world(pooling: Pooling, seed: int = 0) -> World:
    rng = np.random.default_rng(seed)
    documents, queries = drawn(rng, N_DOCS, 9), drawn(rng, N_QUERIES, 6)
    for array in (documents.offsets, documents.indices, documents.activations):
        array.flags.writeable = False  # as a study maps them, so that one compilation serves both
    query = np.repeat(np.arange(N_QUERIES), 2)
    document = np.concatenate([np.sort(rng.permutation(N_DOCS)[:2]) for _ in range(N_QUERIES)])
    counts = pooled(queries, pooling)
    ids = [str(row) for row in range(N_QUERIES)]
    judged = Judged(ids, np.arange(N_QUERIES), counts, query, document, np.ones(len(query)), N_DOCS)
    return World(documents, queries, Words.of(NAMES, documents), judged, pooled(documents, pooling), pooling)


def shares(tokens: WordTokens, text: int, pooling: Pooling) -> dict[tuple[int, int], float]:
    """(token, latent) -> the token's share of the latent's count."""
    rows = range(tokens.offsets[text], tokens.offsets[text + 1])
    z = {
        (t, int(j)): float(v)
        for t in rows
        for j, v in zip(tokens.indices[t], tokens.activations[t], strict=True)
        if v
    }
    if pooling == "max":
        largest = {j: max(v for (_, i), v in z.items() if i == j) for _, j in z}
        z = {key: float(v == largest[key[1]]) for key, v in z.items()}
    total = {j: sum(v for (_, i), v in z.items() if i == j) for _, j in z}
    return {(t, j): v / total[j] for (t, j), v in z.items()}


def kind_of(words: Words, a: int, b: int) -> str:
    if a < 0 or b < 0:
        return "special"
    return "exact" if a == b else "inflected" if words.stem[a] == words.stem[b] else "soft"


def by_hand(one: World, index: WeightedIndex, query: int, document: int) -> dict[str, float]:
    """The parts of one score, pair by pair of tokens."""
    parts = dict.fromkeys(KINDS, 0.0)
    of_query, of_document = (
        shares(tokens, text, one.pooling)
        for tokens, text in ((one.queries, query), (one.documents, document))
    )
    row, whole = one.judged.counts[[query]], {}
    positions = index.index.positions(document, row.indices)
    for j, count, position in zip(row.indices, row.data, positions, strict=True):
        if position >= 0:
            weight = float(term_weight(count, index.parameters.phi)) * index.idf[j]
            whole[int(j)] = weight * float(index.impact[position])
    for (s, i), share in of_query.items():
        for (t, j), other in of_document.items():
            if i == j and j in whole:
                kind = kind_of(one.words, one.queries.word[s], one.documents.word[t])
                parts[kind] += whole[j] * share * other
    return parts


@pytest.mark.parametrize("pooling", ["sum", "max"])
@pytest.mark.parametrize("parameters", [Bm25Parameters(idf="lucene"), Bm25Parameters(2.0, 0.4, "log1p")])
def test_parts_are_sums_over_pairs_and_rankings_are_by_them(
    pooling: Pooling, parameters: Bm25Parameters
) -> None:
    one = world(pooling)
    index = WeightedIndex.of(Index.from_counts(one.counts), parameters)
    pairs = np.repeat(np.arange(N_QUERIES), N_DOCS), np.tile(np.arange(N_DOCS), N_QUERIES)
    parts = score_parts(one.documents, one.queries, one.words, index, one.judged, pooling, pairs)
    whole = np.array([scores_of_all(index, one.judged.counts[[q]]) for q in range(N_QUERIES)])
    np.testing.assert_allclose(parts.credit.sum(axis=(1, 2)), whole.ravel(), rtol=1e-5, atol=1e-6)
    expected = np.array([list(by_hand(one, index, q, d).values()) for q, d in zip(*pairs, strict=True)])
    np.testing.assert_allclose(parts.credit.sum(axis=1), expected, rtol=1e-4, atol=1e-6)
    for place, kind in enumerate(KINDS[:3]):
        scores = expected[:, place].reshape(N_QUERIES, N_DOCS)
        ranked = parts.ranked[kind]
        for row, documents in enumerate(ranked):
            found = documents[documents >= 0]
            np.testing.assert_allclose(scores[row, found], -np.sort(-scores[row])[: len(found)], rtol=1e-4)
            assert (scores[row] > 1e-5).sum() == len(found) or len(found) == 10
    assert set(parts.ranked) == set(RANKED if pooling == "sum" else RANKED[:3])


def test_counts_of_forms_and_of_others_are_counted_again() -> None:
    one, parameters = world("sum", 3), Bm25Parameters(idf="lucene")
    index = WeightedIndex.of(Index.from_counts(one.counts), parameters)
    none = np.zeros(0, np.int64)
    parts = score_parts(one.documents, one.queries, one.words, index, one.judged, "sum", (none, none))
    stems = np.append(one.words.stem, -1)[one.documents.word]
    for query in range(N_QUERIES):
        tokens = slice(one.queries.offsets[query], one.queries.offsets[query + 1])
        own = one.queries.word[tokens]
        forms = np.isin(stems, one.words.stem[own[own >= 0]])
        for name, kept in (("forms", forms), ("others", ~forms)):
            d = np.sqrt(pooled(one.documents, "sum", kept).toarray())
            norm = 1 - parameters.b + parameters.b * index.document_length / index.average_length
            weight = np.sqrt(one.judged.counts[[query]].toarray()[0]) * index.idf
            scores = (d * (parameters.k1 + 1) / (d + parameters.k1 * norm[:, None])) @ weight
            found = parts.ranked[name][query]
            found = found[found >= 0]
            np.testing.assert_allclose(scores[found], -np.sort(-scores)[: len(found)], rtol=1e-4)
            assert (scores > 1e-4).sum() == len(found) or len(found) == 10


def test_the_parts_of_ndcg_sum_to_it_and_shares_to_one() -> None:
    one = world("sum", 5)
    index = WeightedIndex.of(Index.from_counts(one.counts), Bm25Parameters(idf="lucene"))
    table = match_table(one.documents, one.queries, one.words, index, one.judged)
    values = table.set_index(["about", "measure", "name"])["value"].sort_index()
    assert values["part", "nDCG_part"].sum() == pytest.approx(values["part", "nDCG@10", "all"])
    for measure in ("share_top10", "share_relevant", "share_other"):
        assert values["part", measure].sum() == pytest.approx(1)
    assert values["band", "share_top10"].sum() == pytest.approx(1)
    less = values["part", "all_minus"]
    np.testing.assert_allclose(less, values["part", "nDCG@10", "all"] - values["part", "nDCG@10"][less.index])


def test_lexical_bm25_is_exact_or_inflected_alone(tiny_study: Study) -> None:
    """Words as a dictionary: each token is a word, its one latent the word's stem."""
    stems, texts = tiny_study.stems, tiny_study.corpus.texts
    names: dict[str, int] = {}

    def read(texts: list[str]) -> WordTokens:
        from retrieval.lexical import word_spans

        spans = [[span for span in word_spans(text) if span.stem in stems.terms.columns] for text in texts]
        found = [
            (text[s.start : s.end].lower(), s.stem)
            for text, row in zip(texts, spans, strict=True)
            for s in row
        ]
        word = np.array([names.setdefault(name, len(names)) for name, _ in found], np.int32)
        latent = np.array([[stems.terms.columns[stem]] for _, stem in found], np.int32)
        offsets = np.append(0, np.cumsum([len(row) for row in spans]))
        return WordTokens(offsets, latent, np.ones((len(found), 1), np.float32), word)

    rows = [row for row, query in enumerate(tiny_study.queries.ids) if query in tiny_study.qrels]
    documents = read(list(texts))
    queries = read([tiny_study.queries.texts[row] for row in rows])
    counts: Any = csr_array(stems.query_counts[np.array(rows)])
    none = np.zeros(0, np.int64)
    judged = Judged([str(row) for row in rows], np.array(rows), counts, none, none, np.zeros(0), len(texts))
    weighted = WeightedIndex.of(stems.index, LEXICAL)
    pairs = np.repeat(np.arange(len(rows)), len(texts)), np.tile(np.arange(len(texts)), len(rows))
    parts = score_parts(documents, queries, Words.of(list(names), documents), weighted, judged, "sum", pairs)
    whole = np.array([scores_of_all(weighted, counts[[q]]) for q in range(len(rows))]).ravel()
    of_kind = parts.credit.sum(axis=1)
    np.testing.assert_allclose(of_kind[:, :2].sum(axis=1), whole, rtol=1e-4, atol=1e-4)
    assert (of_kind[:, 2:] == 0).all()
    assert of_kind[:, 1].sum() > 0
    assert (parts.ranked["soft"] == -1).all()
    assert (parts.ranked["others"] == -1).all()


def test_a_study_keeps_it(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "study")
    own = Study.open(tmp_path / "study")
    assert match(own) is None
    write_match(own)
    assert match_is_kept(own)
    found = match(own)
    assert found is not None
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["all"]["nDCG@10"] == pytest.approx(tiny_study.evaluation["latent"]["nDCG@10"])
    assert sum(record[kind]["share_of_nDCG@10"] for kind in KINDS) == pytest.approx(1)
    assert record["soft_share_top10"] == record["soft"]["share_top10"]["value"]
    assert len(found.sentences()) >= 2 + len(RANKED)
