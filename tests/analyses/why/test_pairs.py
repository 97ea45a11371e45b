"""Edits keep length and words, their scores are the collection's, and lexical BM25 moves as its formula says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import colbert_folder
from analyses.figures.why.pairs import pairs_figure
from analyses.why.pairs import Pairs, pairs_are_kept, read_pairs, write_pairs
from analyses.why.reading.edited_documents import COLUMNS
from analyses.why.reading.edited_scores import TextScorer, bm25_of_texts, maxsim_of_texts
from analyses.why.reading.edits import KINDS, Edited, Source
from analyses.why.reading.word_choice import CollectionWords, words_of_texts
from data.collections import load_collection
from data.encoders import Encoder, EncoderConfig
from data.ragged import Ragged, offsets_of
from retrieval.bm25 import LEXICAL as LEXICAL_PARAMETERS
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.lexical import stems_of
from retrieval.maxsim import maxsim_scores
from retrieval.pipeline import build_study
from retrieval.queries import study_queries
from retrieval.run import Run
from retrieval.search import scores_of_all
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL, MAXSIM, rank
from retrieval.vocabularies.text_terms import TextTerms
from retrieval.weighted_index import WeightedIndex
from sae.control_dictionaries import drawn_directions

TEXTS = [
    "The heart pumps blood through large vessels. Cardiac muscle is strong and never rests. Valves are closed.",
    "Blood vessels carry oxygen. A vessel was narrow. The pumps are old, and pumping costs energy every day.",
    "Storms move across the ocean. Wind is measured by ships. A storm carries water and energy towards land.",
    "Ships cross the ocean every day. Old ships are slow. The wind moves strong ships across large oceans.",
    "Muscles need oxygen and energy. The heart is a muscle. Hearts rest between beats, and blood carries oxygen.",
    "Water vessels are old. Strong wind pumps water towards the land. Measured costs were large every day.",
]
QUERY = "blood vessels and the energy of ships"
Scores = Callable[[list[str]], NDArray[np.float64]]


@pytest.fixture(scope="module")
def words() -> CollectionWords:
    plain = words_of_texts([*TEXTS, *TEXTS])
    return CollectionWords(
        plain.words, plain.frequency, plain.stems, lambda word: ("ocean", "muscle", "wind")
    )


@pytest.fixture(scope="module")
def lexical() -> Scores:
    terms = TextTerms.of(TEXTS, stems_of)
    index = WeightedIndex.of(Index.from_counts(terms.count(TEXTS)), LEXICAL_PARAMETERS)
    return lambda texts: bm25_of_texts(index, terms.count([QUERY] * len(texts)), terms.count(texts))


def edits(kind: str, words: CollectionWords) -> list[tuple[str, Edited]]:
    """The edits of a kind, of each text with several seeds."""
    query = frozenset(stems_of(QUERY))
    found = []
    for text in TEXTS:
        for seed in range(8):
            edited = KINDS[kind].edit(Source(text, query, words, np.random.default_rng(seed)))
            if edited is not None:
                found.append((text, edited))
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_and_its_control_have_as_many_words_and_differ(kind: str, words: CollectionWords) -> None:
    for text, pair in edits(kind, words):
        assert len(pair.edit.split()) == len(pair.control.split())
        assert len({text, pair.edit, pair.control}) == 3


@pytest.mark.parametrize("kind", ["order", "proximity"])
def test_moved_words_are_the_same_words(kind: str, words: CollectionWords) -> None:
    for text, pair in edits(kind, words):
        for changed in (pair.edit, pair.control):
            assert sorted(stems_of(changed)) == sorted(stems_of(text))


def test_words_brought_together_are_neighbours(words: CollectionWords) -> None:
    for _, pair in edits("proximity", words):
        assert pair.word in pair.edit
        assert pair.instead in pair.control


def test_one_more_mention_always_raises_lexical_bm25(words: CollectionWords, lexical: Scores) -> None:
    for text, pair in edits("mention", words):
        document, edit, control = lexical([text, pair.edit, pair.control])
        assert edit > document > control


def test_another_form_keeps_lexical_bm25_and_a_filler_loses_it(
    words: CollectionWords, lexical: Scores
) -> None:
    for text, pair in edits("form", words):
        document, edit, control = lexical([text, pair.edit, pair.control])
        assert edit == pytest.approx(document)
        assert control < document


@pytest.mark.parametrize("kind", ["synonym", "order", "negation", "proximity"])
def test_what_lexical_bm25_does_not_read_ties(kind: str, words: CollectionWords, lexical: Scores) -> None:
    for _, pair in edits(kind, words):
        edit, control = lexical([pair.edit, pair.control])
        assert edit == pytest.approx(control, rel=1e-12)


def test_a_filler_is_as_long_and_as_frequent_and_in_neither_text_nor_query(words: CollectionWords) -> None:
    filler = words.filler("blood", {"blood", "ocean"}, np.random.default_rng(0))
    assert filler is not None
    assert not set(stems_of(filler)) & {"blood", "ocean"}
    assert words.filler("blood", set(words.stems), np.random.default_rng(0)) is None


@pytest.mark.parametrize(
    "parameters", [LEXICAL_PARAMETERS, Bm25Parameters(), Bm25Parameters(idf="lucene", phi="log1p")]
)
def test_a_document_of_the_collection_has_the_score_that_search_gives_it(parameters: Bm25Parameters) -> None:
    terms = TextTerms.of(TEXTS, stems_of)
    counts, query = terms.count(TEXTS), terms.count([QUERY] * len(TEXTS))
    index = WeightedIndex.of(Index.from_counts(counts), parameters)
    expected = scores_of_all(index, terms.count([QUERY]))
    assert bm25_of_texts(index, query, counts) == pytest.approx(expected, rel=1e-5)


def test_maxsim_of_pairs_is_the_diagonal_of_maxsim_of_all() -> None:
    generator = np.random.default_rng(0)
    queries, texts = (
        Ragged(generator.standard_normal((sum(lengths), 8)).astype(np.float32), offsets_of(lengths))
        for lengths in ([3, 1, 4], [5, 2, 6])
    )
    assert maxsim_of_texts(queries, texts) == pytest.approx(np.diag(maxsim_scores(texts, queries)), rel=1e-5)


def scored_alike(study: Study, own: str) -> None:
    """Every system's score of whole documents, as if they were edited, is the one that its ranking has."""
    rows = np.array([0, 1])
    runs = {
        name: study_run(study, rows, name)
        for name in (LATENT.name, LATENT_LUCENE_IDF.name, LEXICAL.name, own)
    }
    texts = list(study.corpus.texts[:24])
    for place, row in enumerate(rows.tolist()):
        scores = TextScorer(study).scores(np.full(len(texts), row), texts)
        for name, run in runs.items():
            found = (run.documents[place] >= 0) & (run.documents[place] < len(texts))
            documents, expected = run.documents[place][found], run.scores[place][found]
            assert scores[name][documents] == pytest.approx(expected, rel=2e-3, abs=2e-3), name


def study_run(study: Study, rows: NDArray[np.int64], name: str) -> Run:
    return rank(study, study_queries(study, rows), name, len(study.corpus))


def test_whole_documents_have_the_scores_of_their_rankings(tiny_study: Study) -> None:
    scored_alike(tiny_study, COSINE.name)


@pytest.mark.slow
def test_whole_documents_have_the_maxsim_of_a_multi_vector_encoder(tmp_path: Path) -> None:
    collection = load_collection("limit:40")
    encoder = Encoder.load(
        EncoderConfig(
            model=str(colbert_folder.pylate_folder(tmp_path / "colbert")), max_length=40, device="cpu"
        )
    )
    states = encoder.encode(list(collection.corpus.texts)).states.values
    drawn = drawn_directions(64, 4, states, 0)
    sae = replace(drawn, trained_on={"encoder": encoder.describe()})
    study = build_study(collection, encoder, sae, tmp_path / "study")
    scored_alike(study, MAXSIM.name)


def test_no_pairs_make_no_claims() -> None:
    nothing = Pairs(pd.DataFrame({name: [] for name in COLUMNS}))
    assert nothing.to_dict() == {}
    assert nothing.sentences() == []
    assert len(pairs_figure(nothing.summary).data) == 0


@pytest.fixture(scope="module")
def kept(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    copied = tmp_path_factory.mktemp("copied") / "tiny"
    shutil.copytree(tiny_study.path, copied)
    study = Study.open(copied)
    write_pairs(study, n_documents=12)
    return study


def test_pairs_of_a_study_are_kept_and_read(kept: Study) -> None:
    pairs = read_pairs(kept)
    assert pairs_are_kept(kept)
    assert pairs is not None
    rows = pairs.summary.set_index(["kind", "system"])
    assert rows.loc[("mention", "bm25"), "share"] == 1
    assert rows.loc[("synonym", "bm25"), "tied"] == rows.loc[("synonym", "bm25"), "n"]
    for _, part in pairs.scores.groupby(["kind", "system"]):
        assert part["doc_id"].is_unique
    assert set(json.loads(json.dumps(pairs.to_dict()))) == set(KINDS)
    assert len(pairs.sentences()) == len(KINDS)


def test_a_kind_that_is_lost_is_made_again_as_it_was_and_no_other(kept: Study) -> None:
    before = read_pairs(kept)
    files = {kind: kept.path / "why" / f"pairs-{kind}.parquet" for kind in KINDS}
    files["form"].unlink()
    written = {kind: file.stat().st_mtime_ns for kind, file in files.items() if kind != "form"}
    assert read_pairs(kept) is None
    write_pairs(kept, n_documents=12)
    after = read_pairs(kept)
    assert before is not None
    assert after is not None
    assert written == {kind: files[kind].stat().st_mtime_ns for kind in written}
    assert after.scores["edit"].to_numpy() == pytest.approx(before.scores["edit"].to_numpy(), rel=1e-3)
