"""Dictionary entries: contexts fall, stand where they say, and agree with the index."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyses.dictionary.entry import activation_histogram, latent_entry, whole_entry
from analyses.latents.latent_table import compute_vocabulary, vocabulary_table
from analyses.latents.types import latent_types, write_types
from analyses.text.token_words import label_of, readable_wordpiece, word_around
from data.errors import UserError
from own_study import as_built
from retrieval.study import Study


@pytest.fixture(scope="module")
def latents(tiny_study: Study) -> list[int]:
    """A frequent, a middling and a rare latent."""
    frequency = tiny_study.index.document_frequency
    order = np.argsort(-frequency)
    return [int(order[rank]) for rank in (0, len(order) // 4, int((frequency > 0).sum()) - 1)]


def test_contexts_fall_and_stand_in_different_documents(tiny_study: Study, latents: list[int]) -> None:
    for latent in latents:
        contexts = latent_entry(tiny_study, latent).contexts
        activations = [context.activation for context in contexts]
        assert activations == sorted(activations, reverse=True)
        assert len({context.doc_id for context in contexts}) == len(contexts) > 0


def test_contexts_are_windows_of_their_documents(tiny_study: Study, latents: list[int]) -> None:
    for latent in latents:
        for context in latent_entry(tiny_study, latent).contexts:
            text = tiny_study.corpus.texts[tiny_study.position[context.doc_id]]
            assert text[context.offset : context.offset + len(context.text)] == context.text
            for mark in context.highlights:
                assert 0 <= mark.start < mark.end <= len(context.text)
                assert 0 < mark.value
            if context.focus.end:
                assert context.focus in context.highlights
                assert context.focus.value == pytest.approx(context.activation)


def test_the_first_context_is_the_strongest_token(tiny_study: Study, latents: list[int]) -> None:
    indices = np.asarray(tiny_study.tokens.indices).astype(int)
    for latent in latents:
        strongest = tiny_study.tokens.activations[indices == latent].max()
        assert latent_entry(tiny_study, latent).contexts[0].activation == pytest.approx(float(strongest))


def test_statistics_agree_with_the_index(tiny_study: Study, latents: list[int]) -> None:
    for latent in latents:
        entry = latent_entry(tiny_study, latent)
        token, value = tiny_study.contexts.latent(latent)
        assert entry.statistics["document_frequency"] == tiny_study.index.document_frequency[latent]
        assert entry.statistics["token_count"] == len(token) == entry.token_histogram["count"].sum()
        assert entry.statistics["document_frequency"] == entry.document_histogram["count"].sum()
        assert entry.statistics["collection_frequency"] == pytest.approx(float(value.sum()), rel=1e-5)
        assert len(np.unique(tiny_study.tokens.document_of(token))) == entry.statistics["document_frequency"]


def test_wordpieces_hold_all_activation_where_all_are_shown(tiny_study: Study) -> None:
    frequency = tiny_study.index.document_frequency
    rarest = int(np.where(frequency > 0, frequency, frequency.max()).argmin())
    pieces = latent_entry(tiny_study, rarest).wordpieces.table
    assert pieces["activation"].is_monotonic_decreasing
    assert pieces["share"].sum() == pytest.approx(1.0)


def test_an_entry_is_json(tiny_study: Study, latents: list[int]) -> None:
    read = json.loads(json.dumps(latent_entry(tiny_study, latents[1]).to_dict(), allow_nan=False))
    assert read["latent"] == latents[1]
    assert read["contexts"][0]["highlights"]
    assert sum(band["n_tokens"] for band in read["bands"]) == read["statistics"]["token_count"]


def test_a_whole_entry_is_json_with_labelled_neighbours(tiny_study: Study, latents: list[int]) -> None:
    label = vocabulary_table(tiny_study)["label"]
    for latent in latents:
        read = json.loads(json.dumps(whole_entry(tiny_study, latent), allow_nan=False))
        assert len(read["neighbours"]["direction"]["table"]) == 12
        for rows in read["neighbours"].values():
            assert all(row["label"] == label[row["latent"]] for row in rows["table"])
        assert read["documents"]["table"][0]["mass"] > 0
        assert read["queries"]["n_judged"] == len(read["queries"]["table"])


def test_a_type_is_told_where_the_study_keeps_what_tells_it(
    tiny_study: Study, latents: list[int], tmp_path: Path
) -> None:
    study = Study.open(shutil.copytree(as_built(), tmp_path / "typed"))
    (study.path / "types.parquet").unlink(missing_ok=True)
    assert latent_entry(study, latents[0]).statistics["type"] is None
    write_types(study)
    types = latent_types(study)["type"]
    for latent in latents:
        assert latent_entry(study, latent).statistics["type"] == types[latent]


@pytest.fixture
def silent_study(tiny_study: Study) -> Study:
    """The small study, with one more latent that never fires."""
    sae = {**tiny_study.manifest["sae"], "n_latents": tiny_study.n_latents + 1}
    study = replace(tiny_study, manifest={**tiny_study.manifest, "sae": sae})
    contexts, index = tiny_study.contexts, tiny_study.index
    vars(study)["contexts"] = replace(contexts, ptr=np.append(contexts.ptr, contexts.ptr[-1]))
    vars(study)["index"] = replace(index, indptr=np.append(index.indptr, index.indptr[-1]))
    return study


def test_a_dead_latent_is_calm(silent_study: Study) -> None:
    dead = silent_study.n_latents - 1
    vocabulary = compute_vocabulary(silent_study)
    assert vocabulary["label"][dead] == ""
    assert vocabulary["collection_frequency"][dead] == 0
    entry = latent_entry(silent_study, dead, vocabulary=vocabulary)
    assert entry.dead
    assert entry.contexts == ()
    assert entry.bands == ()
    assert whole_entry(silent_study, dead)["neighbours"]["direction"] == {"table": []}
    assert json.dumps(whole_entry(silent_study, dead), allow_nan=False)


@pytest.mark.parametrize("latent", [-1, 10**6])
def test_a_latent_that_is_not_there_is_one_sentence(tiny_study: Study, latent: int) -> None:
    with pytest.raises(UserError, match=f"latent {latent} is outside"):
        latent_entry(tiny_study, latent)


def test_histogram_counts_every_activation_once() -> None:
    value = np.array([9.0, 3.0, 3.0, 0.5, 0.5, 0.1], np.float32)
    table = activation_histogram(value, 5)
    assert table["count"].sum() == 6
    ratios = table["high"] / table["low"]
    np.testing.assert_allclose(ratios, ratios.iloc[0])
    assert activation_histogram(np.ones(4, np.float32))["count"].sum() == 4
    assert activation_histogram(np.zeros(0, np.float32)).empty


def test_words_around_a_span() -> None:
    assert word_around("An Integral, twice", 5, 8) == "integral"
    assert word_around("a (b)", 2, 3) == "("
    assert word_around("", 0, 0) == ""
    assert readable_wordpiece("Ġthe") == "the"
    assert label_of(["rain", "rain", "", "snow"]) == "rain · snow"
