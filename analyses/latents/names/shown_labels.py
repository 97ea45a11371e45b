"""The labels that the app shows, by latent: automatic ones told apart, and those of wordpieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyses.latents.names._nearby import is_content, nearby_words
from analyses.latents.regions import LatentWords
from analyses.text.latent_names import Subword, distinct_labels, first_word, subword_of
from analyses.text.word_table import WordTable
from retrieval.study import Study

LEAST = 0.03  # of the activation, for a further word to be in a label


@dataclass(frozen=True)
class ShownLabels:
    """labels: latent -> its automatic label, told apart. subwords: latent -> the wordpiece that it fires on."""

    labels: Mapping[int, str]
    subwords: Mapping[int, Subword]


def shown_labels(study: Study, vocabulary: pd.DataFrame, words: LatentWords, table: WordTable) -> ShownLabels:
    """The labels of all latents of a study. vocabulary: `automatic_vocabulary`; words, table: its kept words."""
    of_latent = top_words(words)
    subwords = subwords_of(vocabulary, of_latent)
    automatic = dict(zip(vocabulary["latent"].tolist(), vocabulary["label"].tolist(), strict=True))
    labels = automatic | {latent: each.label for latent, each in subwords.items()}
    first = {latent: first_word(label) for latent, label in labels.items() if label}
    times, whole = Counter(first.values()), Counter(labels.values())
    alike = [
        latent
        for latent, word in first.items()
        if times[word] > 1 and (whole[labels[latent]] > 1 or labels[latent] == word)
    ]
    nearby = nearby_words(study.contexts, study.tokens, table, np.array(alike, np.int64))
    further = {
        latent: [
            *(word for word, share in of_latent.get(latent, ()) if share >= LEAST and is_content(word)),
            *nearby.get(latent, ()),
        ]
        for latent in alike
    }
    return ShownLabels(distinct_labels(labels, further), subwords)


def top_words(words: LatentWords) -> dict[int, list[tuple[str, float]]]:
    """Latent -> its words with most of its activation, and their shares, the largest first."""
    shares, found = words.shares, {}
    for latent in np.flatnonzero(np.diff(shares.indptr)).tolist():
        row = slice(int(shares.indptr[latent]), int(shares.indptr[latent + 1]))
        order = np.argsort(-shares.data[row], kind="stable")
        found[latent] = [
            (words.words[word], float(share))
            for word, share in zip(shares.indices[row][order], shares.data[row][order], strict=True)
        ]
    return found


def subwords_of(
    vocabulary: pd.DataFrame, of_latent: Mapping[int, list[tuple[str, float]]]
) -> dict[int, Subword]:
    """Latent -> its wordpiece, where one has most of its activation and no word has (`subword_of`)."""
    found = {}
    for latent, piece, share in zip(
        *(vocabulary[name] for name in ("latent", "top_wordpiece", "top_wordpiece_share")), strict=True
    ):
        words = of_latent.get(int(latent), [])
        subword = subword_of(
            str(piece), float(share), [word for word, _ in words], [part for _, part in words]
        )
        if subword is not None:
            found[int(latent)] = subword
    return found
