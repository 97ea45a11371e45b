"""The latents of any text, and those that two texts share.

    w_j(x) = phi( sum_t z_tj )        contribution_j = w_j(first) * idf_j * saturation_j(second)

Contributions of the shared latents sum to the BM25 score of the second text as a document for the first as a query,
with the study's idf and average length; a latent of one text alone contributes 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.latent_table import vocabulary_table
from analyses.text.token_words import readable_wordpiece, word_around
from analyses.text.word_table import WordTable, folded
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.queries import EncodedText
from retrieval.study import Study

Kind = Literal["query", "document"]
SIDES = ("shared", "first", "second")


@dataclass(frozen=True)
class ReadText:
    """One encoded text with its latents.

    tokens, one row per token and a latent that fires on it, in text order, strongest first: position, token
    (wordpiece), word (folded; special tokens as they are), start, end (characters; 0, 0 for special tokens),
    latent, label, activation. pooled, one row per latent, falling by strength: latent, label, n_tokens,
    mass (the count), weight = phi(mass), idf, strength = weight x idf.
    read: characters of the text up to the encoder's limit of tokens.
    """

    encoded: EncodedText
    tokens: pd.DataFrame
    pooled: pd.DataFrame
    read: int

    @property
    def text(self) -> str:
        return self.encoded.text

    @property
    def words(self) -> list[str]:
        """The distinct words of the text, in text order."""
        return list(dict.fromkeys(self.tokens["word"]))


def read_text(
    study: Study,
    text: str | EncodedText,
    kind: Kind = "document",
    parameters: Bm25Parameters | None = None,
    vocabulary: pd.DataFrame | None = None,
) -> ReadText:
    """Encode a text with a study's encoder and SAE, as a document or as a query."""
    parameters = parameters or Bm25Parameters()
    labels = (vocabulary_table(study) if vocabulary is None else vocabulary)["label"].to_numpy()
    encoded = study.encode(text, kind) if isinstance(text, str) else text
    position, slot = np.nonzero(encoded.activations > 0)
    latent = encoded.indices[position, slot].astype(np.int64)
    pieces = [readable_wordpiece(study.wordpieces[int(token)]) for token in encoded.token_ids]
    words = [
        folded(word_around(encoded.text, int(start), int(end))) if end > start else piece
        for (start, end), piece in zip(encoded.spans, pieces, strict=True)
    ]
    tokens = pd.DataFrame(
        {
            "position": position,
            "token": np.array(pieces, object)[position],
            "word": np.array(words, object)[position],
            "start": encoded.spans[position, 0],
            "end": encoded.spans[position, 1],
            "latent": latent,
            "label": labels[latent],
            "activation": encoded.activations[position, slot],
        }
    )
    latents, counts = encoded.counts.indices.astype(np.int64), encoded.counts.data.astype(np.float64)
    weight = term_weight(counts, parameters.phi)
    idf = _idf(study, parameters)[latents]
    pooled = pd.DataFrame(
        {
            "latent": latents,
            "label": labels[latents],
            "n_tokens": np.bincount(latent, minlength=study.n_latents)[latents],
            "mass": counts,
            "weight": weight,
            "idf": idf,
            "strength": weight * idf,
        }
    ).sort_values(["strength", "mass"], ascending=False, kind="stable", ignore_index=True)
    return ReadText(encoded, tokens, pooled, int(encoded.spans[:, 1].max(initial=0)))


def compare_texts(
    study: Study, first: ReadText, second: ReadText, parameters: Bm25Parameters | None = None
) -> pd.DataFrame:
    """The latents of two texts: latent, label, side (one of SIDES), weight_first, weight_second, idf, contribution.

    A weight is 0 where the text lacks the latent. Within each side falling by contribution, then by weight x idf.
    """
    parameters = parameters or Bm25Parameters()
    columns = ["latent", "label", "weight", "idf"]
    both = first.pooled[columns].merge(
        second.pooled[columns], how="outer", on=["latent", "label", "idf"], suffixes=("_first", "_second")
    )
    both = both.fillna({"weight_first": 0.0, "weight_second": 0.0})
    first_weight, second_weight = both["weight_first"].to_numpy(), both["weight_second"].to_numpy()
    average = bm25.average_length(study.index.document_length(parameters.phi))
    norm = bm25.length_norm(second_weight.sum(), average, parameters.b)
    both["contribution"] = first_weight * both["idf"] * bm25.saturation(second_weight, parameters.k1, norm)
    both["side"] = np.select(
        [(first_weight > 0) & (second_weight > 0), first_weight > 0], SIDES[:2], SIDES[2]
    )
    order = np.lexsort((-(first_weight + second_weight) * both["idf"], -both["contribution"]))
    return both.iloc[order][
        ["latent", "label", "side", "weight_first", "weight_second", "idf", "contribution"]
    ].reset_index(drop=True)


def latents_between(
    study: Study, first: ReadText, word: str, second: ReadText, other: str, words: WordTable
) -> pd.DataFrame:
    """The latents that fire on `word` in one text and on `other` in the other.

    latent, label, activation_first, activation_second (the strongest on each word), and in the collection:
    count_first, count_second, the word's tokens on which the latent fires, share_first, share_second, their
    share of all the word's tokens (0 where the collection lacks the word). Falling by the product of the
    activations. A word that its text lacks is a `UserError`.
    """
    sides = [_strongest(first, word), _strongest(second, other)]
    shared = np.intersect1d(sides[0].index, sides[1].index)
    labels = first.pooled.set_index("latent")["label"]
    table = pd.DataFrame({"latent": shared, "label": labels.loc[shared].to_numpy()})
    for name, side, spelled in zip(("first", "second"), sides, (word, other), strict=True):
        tokens = words.tokens_of(spelled)
        fires = np.asarray(study.tokens.indices[tokens])[np.asarray(study.tokens.activations[tokens]) > 0]
        count = np.bincount(fires.astype(np.int64), minlength=study.n_latents)[shared]
        table[f"activation_{name}"] = side.loc[shared].to_numpy()
        table[f"count_{name}"] = count
        table[f"share_{name}"] = count / max(len(tokens), 1)
    order = np.argsort(-(table["activation_first"] * table["activation_second"]).to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _strongest(text: ReadText, word: str) -> pd.Series:
    """Strongest activation of each latent on a word of a text, by latent."""
    on_word = text.tokens[text.tokens["word"].isin([word, folded(word)])]
    if on_word.empty:
        raise UserError(f'the text has no word "{word}": expected one of {", ".join(text.words[:12])} ...')
    strongest: pd.Series = on_word.groupby("latent")["activation"].max()
    return strongest


def _idf(study: Study, parameters: Bm25Parameters) -> NDArray[np.float64]:
    return bm25.inverse_document_frequency(study.index.document_frequency, len(study.corpus), parameters.idf)
