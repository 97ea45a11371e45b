"""Words: what is cut and counted, and lexical BM25 against bm25s on the same words."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.bm25 import LEXICAL
from retrieval.evaluate import evaluate, means
from retrieval.index import Index, WeightedIndex, write_index
from retrieval.lexical import LexicalVocabulary, count_words, stems_of, word_spans
from retrieval.search import search

TEXTS = [
    "The bridges of Paris",
    "A bridge too far, a BRIDGE!",
    "",
    "x y z",
    "Café tables in Paris; paris_2 ok",
]


def test_words_by_hand() -> None:
    assert stems_of(TEXTS[0]) == ["bridg", "pari"]
    assert stems_of(TEXTS[1]) == ["bridg", "too", "far", "bridg"]
    assert stems_of(TEXTS[3]) == []
    assert stems_of(TEXTS[4]) == ["café", "tabl", "pari", "paris_2", "ok"]


@given(text=st.text(max_size=60))
def test_spans_point_at_the_words(text: str) -> None:
    spans = word_spans(text)
    assert [span.stem for span in spans] == stems_of(text)
    assert [stems_of(text[span.start : span.end]) for span in spans] == [[span.stem] for span in spans]


@given(texts=st.lists(st.text("ab \n", max_size=12) | st.text(max_size=20), max_size=8))
def test_counts_are_counts(texts: list[str]) -> None:
    counts, vocabulary = count_words(texts)
    assert counts.shape == (len(texts), len(vocabulary))
    assert list(vocabulary.words) == sorted(set(vocabulary.words))
    for row, text in zip(counts.toarray(), texts, strict=True):
        expected = Counter(stems_of(text))
        assert {vocabulary.words[j]: row[j] for j in np.flatnonzero(row)} == expected


def test_unknown_words_of_a_query_are_dropped() -> None:
    _, vocabulary = count_words(TEXTS)
    query = vocabulary.count(["unheard bridges, bridging unheard gaps"])
    assert {vocabulary.words[j]: n for j, n in zip(query.indices, query.data, strict=True)} == {"bridg": 2.0}


def test_blocks_build_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.lexical.BLOCK", 2)
    counts, vocabulary = count_words(TEXTS)
    written = write_index(tmp_path / "words", vocabulary.count_blocks(iter(TEXTS)), len(vocabulary))
    expected = Index.from_counts(counts)
    np.testing.assert_array_equal(written.mass, expected.mass)
    np.testing.assert_array_equal(written.documents, expected.documents)


def test_a_vocabulary_comes_back(tmp_path: Path) -> None:
    _, vocabulary = count_words(TEXTS)
    vocabulary.save(tmp_path)
    assert LexicalVocabulary.open(tmp_path) == vocabulary
    (tmp_path / "vocabulary.json").write_text("{}")
    with pytest.raises(UserError, match="not a list of words"):
        LexicalVocabulary.open(tmp_path)


@pytest.mark.slow
def test_scifact_equals_bm25s(shared_collections: Path) -> None:
    """Golden reference: bm25s's own index over the same stems; and the figure of the literature, .686."""
    folder = shared_collections / "scifact"
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    texts = [f"{document['title']} {document['text']}" for document in documents]
    ids = [document["_id"] for document in documents]
    topics = {t["_id"]: t["text"] for t in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))}
    qrels: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[document] = int(grade)

    counts, vocabulary = count_words(texts)
    index = WeightedIndex.of(Index.from_counts(counts), LEXICAL)
    queries = vocabulary.count(topics[query] for query in qrels)
    run = search(index, queries, len(ids), list(qrels), ids)
    assert means(evaluate(run, qrels))["nDCG@10"] == pytest.approx(0.686, abs=0.001)

    reference = bm25s.BM25(method="lucene", k1=LEXICAL.k1, b=LEXICAL.b)
    reference.index([stems_of(text) for text in texts], show_progress=False)
    for row, query in enumerate(list(qrels)[:50]):
        expected = reference.get_scores([s for s in stems_of(topics[query]) if s in vocabulary.columns])
        scores = np.zeros(len(ids), np.float32)
        found = run.documents[row] >= 0
        scores[run.documents[row][found]] = run.scores[row][found] / (
            LEXICAL.k1 + 1
        )  # Lucene drops that factor
        np.testing.assert_allclose(scores, expected, rtol=2e-5)
