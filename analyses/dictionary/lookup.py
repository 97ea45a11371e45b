"""From a word, a label, a sentence or a number to latents.

    share_j = |{tokens of the word with z_tj > 0}| / |tokens of the word|
    share_of_latent_j = sum over tokens of the word z_tj / sum over all tokens z_tj

The first is the probability that the latent fires on a token of the word, the second the word's share of the
latent's activation. A word with several senses has latents that fire on a part of its tokens; their contexts show
which sense.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.attribution.score_breakdown import query_latents
from analyses.latents.latent_table import vocabulary_table
from analyses.text.contexts import Context, context_of
from analyses.text.token_words import readable_wordpiece
from analyses.text.word_table import WordTable, folded, word_table
from data.errors import UserError
from retrieval.kernels import kernel
from retrieval.queries import EncodedText
from retrieval.study import Study

FOUND = ("latent", "label", "how", "score", "document_frequency")


@dataclass(frozen=True)
class WordEntry:
    """The latents of one word, or of one wordpiece where the documents lack the word.

    tokens: int32 (n_tokens,), its rows of the TokenTable. n_documents: in which they stand. latents: latent,
    label, token_count (its tokens on which the latent fires), share (of its tokens), mean_activation (where it
    fires), mass (summed activation), share_of_latent, document_frequency, idf_lucene, splitting = mass (1 - share)
    idf_lucene, large where the latent is strong on a part of the tokens; falling by share x idf_lucene.
    """

    word: str
    whole: bool
    tokens: NDArray[np.int32]
    n_documents: int
    latents: pd.DataFrame


def word_entry(
    study: Study, word: str, words: WordTable | None = None, vocabulary: pd.DataFrame | None = None
) -> WordEntry:
    """The latents that fire on `word`; a word that no document has is a `UserError`."""
    words = word_table(study) if words is None else words
    vocabulary = vocabulary_table(study) if vocabulary is None else vocabulary
    tokens = words.tokens_of(word)
    whole = len(tokens) > 0
    if not whole:
        tokens = _wordpiece_tokens(study, word)
    if not len(tokens):
        raise UserError(
            f'no token of study {study.name} is part of the word "{word}": '
            "try another form of it, or a sentence that holds it"
        )
    return WordEntry(
        folded(word),
        whole,
        tokens,
        len(np.unique(study.tokens.document_of(tokens))),
        _latents_of(study, tokens, vocabulary),
    )


def _wordpiece_tokens(study: Study, piece: str) -> NDArray[np.int32]:
    """Tokens of this wordpiece, with or without the tokenizer's mark for a space."""
    target = piece.strip()
    numbers = [
        number
        for number, spelled in enumerate(study.wordpieces)
        if target and target in (spelled, readable_wordpiece(spelled))
    ]
    return np.flatnonzero(np.isin(study.tokens.token_ids, numbers)).astype(np.int32)


def _latents_of(study: Study, tokens: NDArray[np.int32], vocabulary: pd.DataFrame) -> pd.DataFrame:
    table = study.tokens
    count, summed = _tally(
        np.asarray(tokens), np.asarray(table.indices), np.asarray(table.activations), study.n_latents
    )
    latents = np.flatnonzero(count)
    rows = vocabulary.iloc[latents]
    idf = rows["idf_lucene"].to_numpy()
    of_word = pd.DataFrame(
        {
            "latent": latents,
            "label": rows["label"].to_numpy(),
            "token_count": count[latents],
            "share": count[latents] / len(tokens),
            "mean_activation": summed[latents] / count[latents],
            "mass": summed[latents],
            "share_of_latent": summed[latents] / rows["collection_frequency"].to_numpy(),
            "document_frequency": rows["document_frequency"].to_numpy(),
            "idf_lucene": idf,
        }
    )
    of_word["splitting"] = of_word["mass"] * (1 - of_word["share"]) * idf
    order = np.argsort(-of_word["share"].to_numpy() * idf, kind="stable")
    return of_word.iloc[order].reset_index(drop=True)


def word_contexts(
    study: Study, entry: WordEntry, latent: int, n_contexts: int = 3, window: int = 90
) -> tuple[Context, ...]:
    """Contexts of the word on which this latent fires most strongly, one per document.

    window: characters on each side of the word.
    """
    rows = np.asarray(study.tokens.indices[entry.tokens])
    strength = np.where(rows == latent, study.tokens.activations[entry.tokens], 0).max(axis=1, initial=0)
    order = np.argsort(-strength, kind="stable")[: int((strength > 0).sum())]
    documents = study.tokens.document_of(entry.tokens[order])
    first = np.sort(np.unique(documents, return_index=True)[1])[:n_contexts]
    return tuple(context_of(study, latent, int(entry.tokens[order[i]]), window) for i in first)


def find_latents(
    study: Study,
    text: str,
    words: WordTable | None = None,
    vocabulary: pd.DataFrame | None = None,
    encode: Callable[[str], EncodedText] | None = None,
    limit: int = 20,
) -> pd.DataFrame:
    """Latents that match `text`: latent, label, how, score, document_frequency; best first for each `how`.

    how = id: `text` is the latent's number. word: the latent fires on this word, score = share of the tokens.
    label: the latent's label contains the text, score = their ratio of lengths. sentence: the latent fires on the
    text, score = w_j times idf_j; for texts of several words, or where nothing else matches. At most `limit` rows
    for each. encode: encodes a sentence, by default `study.encode`.
    """
    vocabulary = vocabulary_table(study) if vocabulary is None else vocabulary
    text = text.strip()
    parts = [_by_id(study, text), _by_word(study, text, words, vocabulary), _by_label(text, vocabulary)]
    if text and (len(re.findall(r"\w+", text)) > 1 or not any(map(len, parts))):
        encoded = encode(text) if encode else study.encode(text, "document")
        parts.append(
            query_latents(study, encoded).rename(columns={"strength": "score"}).assign(how="sentence")
        )
    matches = pd.concat([part[["latent", "how", "score"]].head(limit) for part in parts], ignore_index=True)
    rows = vocabulary.iloc[matches["latent"]].reset_index(drop=True)
    return matches.assign(label=rows["label"], document_frequency=rows["document_frequency"])[list(FOUND)]


def _by_id(study: Study, text: str) -> pd.DataFrame:
    known = text.isdecimal() and int(text) < study.n_latents
    return _matches([int(text)] if known else [], "id", [1.0] if known else [])


def _by_word(study: Study, text: str, words: WordTable | None, vocabulary: pd.DataFrame) -> pd.DataFrame:
    try:
        latents = word_entry(study, text, words, vocabulary).latents
    except UserError:
        return _matches([], "word", [])
    latents = latents.sort_values("share", ascending=False, kind="stable")
    return _matches(latents["latent"], "word", latents["share"])


def _by_label(text: str, vocabulary: pd.DataFrame) -> pd.DataFrame:
    if not text:
        return _matches([], "label", [])
    labels = vocabulary["label"]
    holds = labels[labels.str.contains(text, case=False, regex=False)]
    part = (len(text) / holds.str.len()).sort_values(ascending=False, kind="stable")
    return _matches(vocabulary["latent"][part.index], "label", part)


def _matches(latents: Any, how: str, scores: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"latent": np.asarray(latents, np.int64), "how": how, "score": np.asarray(scores, np.float64)}
    )


@kernel
def _tally(
    tokens: NDArray[np.int32], indices: NDArray[Any], activations: NDArray[np.float32], n_latents: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each latent, the number of these tokens on which it fires, and its summed activation over them."""
    count = np.zeros(n_latents, np.int64)
    summed = np.zeros(n_latents)
    for t in tokens:
        for s in range(indices.shape[1]):
            if activations[t, s] > 0:
                count[indices[t, s]] += 1
                summed[indices[t, s]] += activations[t, s]
    return count, summed
