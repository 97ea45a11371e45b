"""The entry of one latent, as in a dictionary: how often it is used, where, how strongly, and on which words.

Its strongest contexts show what it means at its clearest; contexts from lower bands of activation show
whether that meaning holds when it fires faintly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.surface import readable_wordpiece
from analyses.vocabulary import vocabulary_table
from data.errors import UserError
from retrieval.study import Study

WINDOW = 130  # characters of text on each side of a context's token
BANDS = ((0.5, 0.75), (0.25, 0.5), (0.0, 0.25))  # of the strongest activation


@dataclass(frozen=True)
class Highlight:
    """A span of characters [start, end) and how much weighs on it: an activation or a credit."""

    start: int
    end: int
    value: float


@dataclass(frozen=True)
class Context:
    """A place where a latent fires, with the text around it.

    text: a window of the document that starts at character `offset`. focus: the token of this context;
    highlights: each token in the window on which the latent fires, focus included; spans count from the
    window's start.
    """

    doc_id: str
    title: str
    activation: float
    text: str
    offset: int
    focus: Highlight
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True)
class LatentEntry:
    """What is known of one latent in one study.

    statistics: latent, label, document_frequency, token_count, collection_frequency, idf, idf_lucene,
    share_of_length, rank (by document frequency, from 1), strongest activation, n_docs, n_latents.
    histogram: low, high (activation), count (tokens). wordpieces: wordpiece, count, activation, share.
    contexts: strongest first, one a document. bands: (low, high) of activation -> contexts in it.
    """

    latent: int
    label: str
    statistics: Mapping[str, float | int | str]
    histogram: pd.DataFrame
    wordpieces: pd.DataFrame
    contexts: tuple[Context, ...]
    bands: tuple[tuple[tuple[float, float], tuple[Context, ...]], ...]

    @property
    def dead(self) -> bool:
        """Fires on no token of this collection."""
        return self.statistics["token_count"] == 0

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON can hold it."""
        return {
            "latent": self.latent,
            "label": self.label,
            "statistics": dict(self.statistics),
            "histogram": self.histogram.to_dict("records"),
            "wordpieces": self.wordpieces.to_dict("records"),
            "contexts": [asdict(context) for context in self.contexts],
            "bands": [
                {"low": low, "high": high, "contexts": [asdict(context) for context in contexts]}
                for (low, high), contexts in self.bands
            ],
        }


def latent_entry(
    study: Study, latent: int, n_contexts: int = 12, vocabulary: pd.DataFrame | None = None
) -> LatentEntry:
    """The dictionary entry of `latent`; a latent the SAE does not have is a `UserError`."""
    if not 0 <= latent < study.n_latents:
        raise UserError(
            f"latent {latent} is outside this SAE: it has {study.n_latents:,} latents, "
            f"so choose 0 to {study.n_latents - 1}"
        )
    vocabulary = vocabulary_table(study) if vocabulary is None else vocabulary
    token, value = study.contexts.latent(latent)
    strongest = float(value[0]) if len(value) else 0.0
    row = vocabulary.iloc[latent]
    statistics: dict[str, float | int | str] = {
        "latent": latent,
        "label": str(row["label"]),
        **{name: int(row[name]) for name in ("document_frequency", "token_count")},
        **{
            name: float(row[name])
            for name in ("collection_frequency", "idf", "idf_lucene", "share_of_length")
        },
        "rank": 1 + int((vocabulary["document_frequency"] > row["document_frequency"]).sum()),
        "strongest": strongest,
        "n_docs": len(study.corpus),
        "n_latents": study.n_latents,
    }
    return LatentEntry(
        latent,
        str(row["label"]),
        statistics,
        activation_histogram(value),
        _wordpieces(study, token, value),
        _contexts(study, latent, _one_a_document(study, token, n_contexts)),
        tuple(
            ((low * strongest, high * strongest), contexts)
            for low, high in BANDS
            if (contexts := _band(study, latent, token, value, low * strongest, high * strongest))
        ),
    )


def activation_histogram(value: NDArray[np.float32], n_bins: int = 24) -> pd.DataFrame:
    """Tokens by activation in bins of equal ratio: columns low, high, count; counts sum to len(value)."""
    if not len(value):
        return pd.DataFrame({"low": [], "high": [], "count": []})
    low, high = float(value.min()), float(value.max())
    edges = np.geomspace(low * 0.999, max(high, low * 1.01) * 1.001, n_bins + 1)
    count, _ = np.histogram(value, edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": count})


def context_of(study: Study, latent: int, token: int, window: int = WINDOW) -> Context:
    """The text around one token of the TokenTable, with every token in it on which `latent` fires."""
    tokens = study.tokens
    document = int(tokens.document_of(np.array([token]))[0])
    rows = tokens.document(document)
    text = study.corpus.texts[document]
    centre = tokens.spans[token]
    left, right = _window(text, int(centre[0]), int(centre[1]), window)
    # a token names a latent once, so at most one slot a row matches
    strength = np.where(tokens.indices[rows] == latent, tokens.activations[rows], 0.0).max(
        axis=1, initial=0.0
    )
    spans = tokens.spans[rows]
    focus_row = token - rows.start
    visible = (strength > 0) & (spans[:, 0] >= left) & (spans[:, 1] <= right) & (spans[:, 1] > spans[:, 0])
    marks = {
        int(i): Highlight(int(spans[i, 0]) - left, int(spans[i, 1]) - left, float(strength[i]))
        for i in np.flatnonzero(visible)
    }
    focus = marks.get(focus_row, Highlight(0, 0, float(strength[focus_row])))
    return Context(
        study.corpus.ids[document],
        study.corpus.titles[document],
        float(strength[focus_row]),
        text[left:right],
        left,
        focus,
        tuple(marks.values()),
    )


def _contexts(study: Study, latent: int, tokens: Sequence[int]) -> tuple[Context, ...]:
    return tuple(context_of(study, latent, token) for token in tokens)


def _one_a_document(study: Study, token: NDArray[np.int32], n_contexts: int) -> list[int]:
    """The first tokens of `token` that stand in different documents."""
    depth = 64
    while True:
        documents = study.tokens.document_of(token[:depth])
        _, first = np.unique(documents, return_index=True)
        if len(first) >= n_contexts or depth >= len(token):
            return [int(token[i]) for i in np.sort(first)[:n_contexts]]
        depth *= 8


def _band(
    study: Study, latent: int, token: NDArray[np.int32], value: NDArray[np.float32], low: float, high: float
) -> tuple[Context, ...]:
    """Contexts spread evenly over the tokens with activation in (low, high), at most four."""
    start, stop = np.searchsorted(-value, [-high, -low], side="right")
    if stop <= start:
        return ()
    picked = np.unique(np.linspace(start, stop - 1, 4).astype(np.int64))
    return _contexts(study, latent, _one_a_document(study, token[picked], 4))


def _wordpieces(
    study: Study, token: NDArray[np.int32], value: NDArray[np.float32], depth: int = 20
) -> pd.DataFrame:
    """Wordpieces by summed activation, falling: wordpiece, count (tokens), activation, share of the whole."""
    pieces, inverse = np.unique(study.tokens.token_ids[token], return_inverse=True)
    activation = np.bincount(inverse, weights=value, minlength=len(pieces))
    order = np.argsort(-activation, kind="stable")[:depth]
    return pd.DataFrame(
        {
            "wordpiece": [readable_wordpiece(study.wordpieces[int(pieces[i])]) for i in order],
            "count": np.bincount(inverse, minlength=len(pieces))[order],
            "activation": activation[order],
            "share": activation[order] / max(float(activation.sum()), 1e-12),
        }
    )


def _window(text: str, start: int, end: int, window: int) -> tuple[int, int]:
    """`window` characters on each side of [start, end), widened to the edges of words."""
    left, right = max(start - window, 0), min(end + window, len(text))
    while left > 0 and not text[left - 1].isspace() and start - left < window + 20:
        left -= 1
    while right < len(text) and not text[right].isspace() and right - end < window + 20:
        right += 1
    return left, right
