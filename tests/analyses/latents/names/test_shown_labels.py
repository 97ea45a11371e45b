from __future__ import annotations

from collections import Counter

import numpy as np

from analyses.latents.latent_table import automatic_vocabulary
from analyses.latents.names._nearby import FEWEST, N_CONTEXTS, REACH, is_content, nearby_words
from analyses.latents.names.shown_labels import shown_labels
from analyses.latents.regions import latent_words
from analyses.text.latent_names import first_word
from analyses.text.word_table import word_table
from retrieval.study import Study


def test_words_nearby_are_those_around_the_strongest_tokens(tiny_study: Study) -> None:
    table = word_table(tiny_study)
    active = np.flatnonzero(np.diff(tiny_study.contexts.ptr) > 0)[::30]
    found = nearby_words(tiny_study.contexts, tiny_study.tokens, table, active)
    assert found
    for latent in active.tolist():
        near: Counter[str] = Counter()
        for token in tiny_study.contexts.latent(latent)[0][:N_CONTEXTS].tolist():
            document = tiny_study.tokens.document(int(tiny_study.tokens.document_of(np.array([token]))[0]))
            beside = range(max(token - REACH, document.start), min(token + REACH + 1, document.stop))
            near.update({int(table.word[t]) for t in beside} - {int(table.word[token])})
        expected = {table.words[w] for w, n in near.items() if n >= FEWEST and is_content(table.words[w])}
        words = found.get(latent, [])
        assert set(words) <= expected
        assert len(words) == min(len(expected), 6)


def test_labels_are_told_apart(tiny_study: Study) -> None:
    table, vocabulary = word_table(tiny_study), automatic_vocabulary(tiny_study)
    shown = shown_labels(tiny_study, vocabulary, latent_words(tiny_study, table), table)
    before = dict(zip(vocabulary["latent"].tolist(), vocabulary["label"].tolist(), strict=True))
    assert list(shown.labels) == list(before)
    assert all((shown.labels[latent] == "") == (label == "") for latent, label in before.items())
    again = [
        sum(n for n in Counter(filter(None, labels)).values() if n > 1)
        for labels in (before.values(), shown.labels.values())
    ]
    assert again[1] < again[0] / 2  # a few have no word that a sibling lacks
    pieces = vocabulary.set_index("latent").loc[list(shown.subwords)]
    assert (pieces["top_wordpiece_share"] >= 0.5).all()
    for latent, subword in shown.subwords.items():
        assert first_word(shown.labels[latent]) == subword.piece
        assert all(subword.piece.strip("-") in word for word in subword.words)
