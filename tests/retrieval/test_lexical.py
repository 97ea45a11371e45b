"""Words of a text, their counts, and lexical BM25 against bm25s on the same words."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.bm25 import LEXICAL
from retrieval.evaluate import evaluate, means
from retrieval.index import Index, write_index
from retrieval.lexical import Words, stems_of, word_spans
from retrieval.search import search
from retrieval.vocabularies.text_terms import TextTerms
from retrieval.weighted_index import WeightedIndex

TEXTS = [
    "The bridges of Paris",
    "A bridge too far, a BRIDGE!",
    "",
    "x y z",
    "Café tables in Paris; paris_2 ok",
]


def count_words(texts: Sequence[str]) -> tuple[csr_array, TextTerms]:
    """The stems of these texts, counted."""
    terms = TextTerms.of(texts, stems_of)
    return terms.count(texts), terms


def test_words_by_hand() -> None:
    assert stems_of(TEXTS[0]) == ["bridg", "pari"]
    assert stems_of(TEXTS[1]) == ["bridg", "too", "far", "bridg"]
    assert stems_of(TEXTS[3]) == []
    assert stems_of(TEXTS[4]) == ["café", "tabl", "pari", "paris_2", "ok"]


def test_words_of_any_script_by_hand() -> None:
    """Hindi's marks belong to their letter; composed and decomposed letters are one; pairs where no space is."""
    assert stems_of("हिन्दी विकिपीडिया में लेख") == ["हिन्दी", "विकिपीडिया", "में", "लेख"]
    assert stems_of("Zürich") == stems_of("Zu\u0308rich") == ["zürich"]
    assert stems_of("e\u0301 é") == []  # one letter each
    assert stems_of("東京都に住むNASAの研究 2023年 猫") == [
        *("東京", "京都", "都に", "に住", "住む", "nasa", "の研", "研究", "2023", "年", "猫")
    ]
    assert stems_of("ภาษาไทย") == ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]
    assert stems_of("한국어 위키") == ["한국어", "위키"]
    assert Words("german").stems("die Häuser and the Haus") == ["die", "haus", "and", "the", "haus"]
    with pytest.raises(UserError, match=r"no stemmer for 'klingon': expected one of arabic, .*english"):
        Words("klingon")


# Letters that this Python does not know yet may be letters to `regex`.
KNOWN = st.characters(exclude_categories=["Cn", "Co", "Cs"])


@given(st.lists(st.text(KNOWN, max_size=12) | st.text("aé\u0308の研ทाह ²\u200c", max_size=8), max_size=5))
def test_a_text_is_cut_wherever_it_stands(texts: list[str]) -> None:
    apart = [stem for text in texts for stem in stems_of(text)]
    assert stems_of("\n".join(texts)) == apart


@given(
    st.lists(
        st.sampled_from(["bridge", "Brücke", "naïve", "x²", "Łódź", "ﬁn", "ЁЖИК", "ἄνθρωπος"]), max_size=9
    )
)
def test_text_without_marks_has_the_words_that_it_had_before(words: list[str]) -> None:
    text = " ".join(words)
    assert [unicodedata.normalize("NFC", stem) for stem in Words(rules=1).stems(text)] == stems_of(text)


def test_a_study_knows_how_its_words_were_cut(tmp_path: Path) -> None:
    Words("french").save(tmp_path)
    assert Words.open(tmp_path) == Words("french")
    (tmp_path / "words.json").unlink()
    assert Words.open(tmp_path) == Words("english", rules=1)  # of a study from before
    assert Words.open(tmp_path).stems("猫が好き Zu\u0308rich") == ["猫が好き", "zu", "rich"]
    (tmp_path / "words.json").write_text('{"language": "english", "rules": 9}')
    with pytest.raises(UserError, match="cut by rules 9, which this version does not know"):
        Words.open(tmp_path)
    (tmp_path / "words.json").write_text("[]")
    with pytest.raises(UserError, match="does not name a language and rules"):
        Words.open(tmp_path)


@given(text=st.text(KNOWN, max_size=60) | st.text("aé\u0308の研ทाह ²\u200c", max_size=12))
def test_spans_point_at_the_words(text: str) -> None:
    spans = word_spans(text)
    assert [span.stem for span in spans] == stems_of(text)
    assert [stems_of(text[span.start : span.end]) for span in spans] == [[span.stem] for span in spans]


@given(texts=st.lists(st.text("ab \n", max_size=12) | st.text(max_size=20), max_size=8))
def test_counts_are_counts(texts: list[str]) -> None:
    counts, vocabulary = count_words(texts)
    assert counts.shape == (len(texts), len(vocabulary))
    assert list(vocabulary.labels) == sorted(set(vocabulary.labels))
    for row, text in zip(counts.toarray(), texts, strict=True):
        expected = Counter(stems_of(text))
        assert {vocabulary.labels[j]: row[j] for j in np.flatnonzero(row)} == expected


def test_unknown_words_of_a_query_are_dropped() -> None:
    _, vocabulary = count_words(TEXTS)
    query = vocabulary.count(["unheard bridges, bridging unheard gaps"])
    assert {vocabulary.labels[j]: n for j, n in zip(query.indices, query.data, strict=True)} == {"bridg": 2.0}


def test_blocks_build_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.vocabularies.text_terms.BLOCK", 2)
    counts, vocabulary = count_words(TEXTS)
    written = write_index(tmp_path / "words", vocabulary.count_blocks(iter(TEXTS)), len(vocabulary))
    expected = Index.from_counts(counts)
    np.testing.assert_array_equal(written.counts, expected.counts)
    np.testing.assert_array_equal(written.documents, expected.documents)


def test_a_vocabulary_comes_back(tmp_path: Path) -> None:
    _, vocabulary = count_words(TEXTS)
    vocabulary.save(tmp_path)
    assert TextTerms.open(tmp_path, stems_of) == vocabulary
    (tmp_path / "terms.json").write_text("{}")
    with pytest.raises(UserError, match="not a list of terms"):
        TextTerms.open(tmp_path, stems_of)


@pytest.mark.slow
def test_scifact_equals_bm25s(shared_collections: Path) -> None:
    """Golden reference: bm25s's own index over the same stems, and the published nDCG@10 of .686."""
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
        observed = run.documents[row] >= 0
        scores[run.documents[row][observed]] = run.scores[row][observed] / (
            LEXICAL.k1 + 1
        )  # Lucene drops that factor
        np.testing.assert_allclose(scores, expected, rtol=2e-5)
