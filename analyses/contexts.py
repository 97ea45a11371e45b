"""Where a latent fires, with the text around it: the strongest places, each quantile band, and a random draw.

    band (low, high) of a latent that fires on n tokens, strongest first: places n (1 - high) to n (1 - low)

Its strongest contexts show what it means at its clearest; the bands below, and contexts drawn evenly from all
its tokens, show whether that meaning holds when it fires faintly. Draws are seeded; tokens keep their exact
activations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.study import Study

WINDOW = 130  # characters of text on each side of a context's token
QUANTILES = ((0.75, 1.0), (0.5, 0.75), (0.25, 0.5), (0.0, 0.25))


@dataclass(frozen=True)
class Highlight:
    """A span of characters [start, end) and how much weighs on it: an activation or a credit."""

    start: int
    end: int
    value: float


@dataclass(frozen=True)
class Context:
    """A place in a document, with the text around it and every token there on which a latent fires.

    activation: the latent's on the token of this context. text: a window of the document that starts at
    character `offset`. focus: that token, with its activation (an empty span for a special token);
    highlights: each token in the window on which the latent fires; spans count from the window's start.
    """

    doc_id: str
    title: str
    activation: float
    text: str
    offset: int
    focus: Highlight
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True)
class Band:
    """Contexts from one part of a latent's tokens.

    low, high: quantiles of its activations, in [0, 1]; weakest, strongest: the activations that they are;
    n_tokens: how many tokens the band holds; contexts: a seeded draw of them, one a document, strongest first.
    """

    low: float
    high: float
    weakest: float
    strongest: float
    n_tokens: int
    contexts: tuple[Context, ...]


def strongest_contexts(study: Study, latent: int, n_contexts: int) -> tuple[Context, ...]:
    """The strongest token of each of the documents that hold the strongest tokens, falling."""
    token, _ = study.contexts.latent(latent)
    depth = 64
    while True:
        chosen = _one_a_document(study, token[:depth])
        if len(chosen) >= n_contexts or depth >= len(token):
            return tuple(context_of(study, latent, int(t)) for t in chosen[:n_contexts])
        depth *= 8


def bands(study: Study, latent: int, n_contexts: int = 5, seed: int = 0) -> tuple[Band, ...]:
    """The QUANTILES of the latent's activations, strongest first; bands without a token are left out."""
    _, value = study.contexts.latent(latent)
    edges = {quantile: round(len(value) * (1 - quantile)) for pair in QUANTILES for quantile in pair}
    return tuple(
        Band(
            low,
            high,
            float(value[edges[low] - 1]),
            float(value[edges[high]]),
            edges[low] - edges[high],
            _drawn(study, latent, edges[high], edges[low], n_contexts, seed),
        )
        for low, high in QUANTILES
        if edges[low] > edges[high]
    )


def random_contexts(study: Study, latent: int, n_contexts: int = 5, seed: int = 0) -> tuple[Context, ...]:
    """Drawn evenly from all tokens on which the latent fires, one a document, strongest first."""
    return _drawn(study, latent, 0, len(study.contexts.latent(latent)[0]), n_contexts, seed)


def context_of(study: Study, latent: int, token: int, window: int = WINDOW) -> Context:
    """The text around one token of the TokenTable, with every token in it on which `latent` fires."""
    tokens = study.tokens
    document = int(tokens.document_of(np.array([token]))[0])
    text = study.corpus.texts[document]
    focus_row = token - int(tokens.offsets[document])
    start, end = (int(i) for i in tokens.spans[token])
    left, right = _window(text, start, end, window)
    strength = _activations(study, latent, document)
    marks = _marks(study, document, strength, left, right)
    activation = float(strength[focus_row])
    focus = Highlight(start - left, end - left, activation) if end > start else Highlight(0, 0, activation)
    return Context(
        study.corpus.ids[document],
        study.corpus.titles[document],
        activation,
        text[left:right],
        left,
        focus,
        marks,
    )


def document_highlights(study: Study, latent: int, doc_id: str) -> tuple[Highlight, ...]:
    """Every token of a whole document on which `latent` fires, spans in the document's text."""
    document = study.position[doc_id]
    strength = _activations(study, latent, document)
    return _marks(study, document, strength, 0, len(study.corpus.texts[document]))


def _drawn(
    study: Study, latent: int, start: int, stop: int, n_contexts: int, seed: int
) -> tuple[Context, ...]:
    """Contexts of places start..stop in the latent's falling order, drawn evenly, one a document."""
    token, _ = study.contexts.latent(latent)
    size = min(4 * n_contexts, stop - start)  # more than needed, since documents may repeat
    draw = np.random.default_rng([seed, latent]).choice(stop - start, size, replace=False, shuffle=True)
    chosen = _one_a_document(study, token[start + draw])[:n_contexts]
    contexts = (context_of(study, latent, int(t)) for t in chosen)
    return tuple(sorted(contexts, key=lambda context: -context.activation))


def _one_a_document(study: Study, token: NDArray[np.int32]) -> NDArray[np.int32]:
    """The tokens that are the first of `token` in their documents, in order."""
    _, first = np.unique(study.tokens.document_of(token), return_index=True)
    return token[np.sort(first)]


def _activations(study: Study, latent: int, document: int) -> NDArray[np.float32]:
    """The latent's activation on each token of a document; a token names a latent once at most."""
    rows = study.tokens.document(document)
    hit = study.tokens.indices[rows] == latent
    strength: NDArray[Any] = np.where(hit, study.tokens.activations[rows], 0.0).max(axis=1, initial=0.0)
    return strength


def _marks(
    study: Study, document: int, strength: NDArray[np.float32], left: int, right: int
) -> tuple[Highlight, ...]:
    """Tokens with strength above 0 that stand whole in the characters [left, right), counted from left."""
    spans = study.tokens.spans[study.tokens.document(document)]
    whole = (spans[:, 0] >= left) & (spans[:, 1] <= right) & (spans[:, 1] > spans[:, 0])
    rows: Iterable[int] = np.flatnonzero(whole & (strength > 0)).tolist()
    return tuple(
        Highlight(int(spans[i, 0]) - left, int(spans[i, 1]) - left, float(strength[i])) for i in rows
    )


def _window(text: str, start: int, end: int, window: int) -> tuple[int, int]:
    """`window` characters on each side of [start, end), widened to the edges of words."""
    left, right = max(start - window, 0), min(end + window, len(text))
    while left > 0 and not text[left - 1].isspace() and start - left < window + 20:
        left -= 1
    while right < len(text) and not text[right].isspace() and right - end < window + 20:
        right += 1
    return left, right
