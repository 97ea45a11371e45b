"""Words and latents: every token counts once, and what a word gets of each latent adds up to the latent."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from analyses.dictionary.lookup import find_latents, word_contexts, word_entry
from analyses.latents.latent_table import vocabulary_table
from analyses.text.word_table import WordTable, compute_words, folded, word_table, write_words
from data.errors import UserError
from retrieval.study import Study


@pytest.fixture(scope="module")
def words(tiny_study: Study) -> WordTable:
    return compute_words(tiny_study)


def frequent(words: WordTable) -> str:
    """The whole word of letters that has the most tokens."""
    spelled = [i for i, word in enumerate(words.words) if word.isalpha()]
    return words.words[max(spelled, key=lambda i: int(words.ptr[i + 1] - words.ptr[i]))]


def test_the_tokens_of_a_word_spell_a_part_of_it(tiny_study: Study, words: WordTable) -> None:
    table, texts = tiny_study.tokens, tiny_study.corpus.texts
    word = frequent(words)
    for token in words.tokens_of(word)[:50]:
        start, end = table.spans[token]
        document = int(table.document_of(np.array([token]))[0])
        assert folded(texts[document][start:end]) in word


def test_special_tokens_are_words_of_their_own(tiny_study: Study, words: WordTable) -> None:
    assert len(words.tokens_of("[CLS]")) == len(tiny_study.corpus)


def test_case_and_accents_name_one_word(words: WordTable) -> None:
    word = frequent(words)
    accented = word[0] + "\N{COMBINING ACUTE ACCENT}" + word[1:].upper()
    np.testing.assert_array_equal(words.tokens_of(accented), words.tokens_of(word))
    assert len(words.tokens_of("")) == len(words.tokens_of("zzqqzz")) == 0


def test_masses_of_all_words_sum_to_the_latents_mass(tiny_study: Study, words: WordTable) -> None:
    vocabulary = vocabulary_table(tiny_study)
    summed, count = np.zeros(tiny_study.n_latents), np.zeros(tiny_study.n_latents, int)
    for word in words.words:
        latents = word_entry(tiny_study, word, words, vocabulary).latents
        summed[latents["latent"]] += latents["mass"]
        count[latents["latent"]] += latents["token_count"]
    np.testing.assert_allclose(summed, vocabulary["collection_frequency"], rtol=1e-5)
    np.testing.assert_array_equal(count, vocabulary["token_count"])


def test_shares_are_counts_over_the_words_tokens(tiny_study: Study, words: WordTable) -> None:
    entry = word_entry(tiny_study, frequent(words), words)
    activations = np.asarray(tiny_study.tokens.activations)[entry.tokens]
    indices = np.asarray(tiny_study.tokens.indices)[entry.tokens]
    assert len(entry.latents) == len(np.unique(indices[activations > 0]))
    for row in entry.latents.head(20).to_dict("records"):
        on = activations[(indices == row["latent"]) & (activations > 0)]
        assert row["share"] == pytest.approx(len(on) / len(entry.tokens))
        assert row["mean_activation"] == pytest.approx(float(on.mean()), rel=1e-5)
        assert 0 < row["share_of_latent"] <= 1 + 1e-6


def test_contexts_of_a_word_hold_it_and_fall(tiny_study: Study, words: WordTable) -> None:
    entry = word_entry(tiny_study, frequent(words), words)
    contexts = word_contexts(tiny_study, entry, int(entry.latents["latent"][0]))
    assert len({context.doc_id for context in contexts}) == len(contexts) > 0
    activations = [context.activation for context in contexts]
    assert activations == sorted(activations, reverse=True)
    for context in contexts:
        assert folded(context.text[context.focus.start : context.focus.end]) in entry.word


def test_a_wordpiece_that_is_no_whole_word_is_looked_up_too(tiny_study: Study, words: WordTable) -> None:
    ids = np.asarray(tiny_study.tokens.token_ids)
    piece = next(i for i in np.unique(ids) if tiny_study.wordpieces[int(i)].startswith("##"))
    entry = word_entry(tiny_study, tiny_study.wordpieces[int(piece)], words)
    assert not entry.whole
    np.testing.assert_array_equal(entry.tokens, np.flatnonzero(ids == piece))


def test_a_word_that_no_document_holds_is_one_sentence(tiny_study: Study, words: WordTable) -> None:
    with pytest.raises(UserError, match='part of the word "zzqqzz"'):
        word_entry(tiny_study, "zzqqzz", words)
    assert set(find_latents(tiny_study, "zzqqzz", words)["how"]) == {"sentence"}
    assert find_latents(tiny_study, " ", words, encode=tiny_study.encode).empty


def test_words_kept_in_the_study_are_the_words_computed(
    tiny_study: Study, words: WordTable, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_study.path, copy)
    write_words(Study.open(copy))
    kept = word_table(Study.open(copy))
    assert list(kept.words) == list(words.words)
    np.testing.assert_array_equal(kept.ptr, words.ptr)
    np.testing.assert_array_equal(kept.token, words.token)
