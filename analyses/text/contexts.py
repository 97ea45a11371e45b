"""Where a latent fires, with the text around it: its strongest tokens, each quantile band, and a random draw.

    band (low, high) of a latent that fires on n tokens, strongest first: ranks n (1 - high) to n (1 - low)

The strongest contexts show a latent's meaning at its clearest; the lower bands, and contexts drawn uniformly from
all its tokens, show whether that meaning holds at weak activations. Draws are seeded; activations are exact.
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
    """Characters [start, end) and their value: an activation or a credit."""

    start: int
    end: int
    value: float


@dataclass(frozen=True)
class Context:
    """One token on which a latent fires, with the text around it and every other such token there.

    activation: of the latent on that token. text: a window of the document that starts at character `offset`.
    focus: that token, with its activation (an empty span for a special token); highlights: each token in the
    window on which the latent fires; spans count from the window's start.
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
    """Contexts from one quantile band of a latent's activations.

    low, high: quantiles, in [0, 1]; weakest, strongest: the activations at these quantiles; n_tokens: tokens in the
    band; contexts: a seeded draw of them, one per document, strongest first.
    """

    low: float
    high: float
    weakest: float
    strongest: float
    n_tokens: int
    contexts: tuple[Context, ...]


def strongest_contexts(study: Study, latent: int, n_contexts: int) -> tuple[Context, ...]:
    """Contexts of the strongest tokens, one per document, falling by activation."""
    token, _ = study.contexts.latent(latent)
    depth = 64
    while True:
        chosen = _one_per_document(study, token[:depth])
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
            weakest=float(value[edges[low] - 1]),
            strongest=float(value[edges[high]]),
            n_tokens=edges[low] - edges[high],
            contexts=_sampled(study, latent, edges[high], edges[low], n_contexts, seed),
        )
        for low, high in QUANTILES
        if edges[low] > edges[high]
    )


def random_contexts(study: Study, latent: int, n_contexts: int = 5, seed: int = 0) -> tuple[Context, ...]:
    """Contexts drawn uniformly from all tokens on which the latent fires, one per document, strongest first."""
    return _sampled(study, latent, 0, len(study.contexts.latent(latent)[0]), n_contexts, seed)


def context_of(study: Study, latent: int, token: int, window: int = WINDOW) -> Context:
    """The context of one token (a row of the TokenTable): `window` characters on each side, whole words."""
    tokens = study.tokens
    document = int(tokens.document_of(np.array([token]))[0])
    text = study.corpus.texts[document]
    focus_row = token - int(tokens.offsets[document])
    start, end = (int(i) for i in tokens.spans[token])
    left, right = _window(text, start, end, window)
    strength = _activations(study, latent, document)
    highlights = _highlights(study, document, strength, left, right)
    activation = float(strength[focus_row])
    focus = Highlight(start - left, end - left, activation) if end > start else Highlight(0, 0, activation)
    return Context(
        study.corpus.ids[document],
        study.corpus.titles[document],
        activation,
        text[left:right],
        left,
        focus,
        highlights,
    )


def document_highlights(study: Study, latent: int, doc_id: str) -> tuple[Highlight, ...]:
    """Every token of a whole document on which `latent` fires, spans in the document's text."""
    document = study.position[doc_id]
    strength = _activations(study, latent, document)
    return _highlights(study, document, strength, 0, len(study.corpus.texts[document]))


def _sampled(
    study: Study, latent: int, start: int, stop: int, n_contexts: int, seed: int
) -> tuple[Context, ...]:
    """Contexts drawn uniformly from ranks start..stop of the latent's falling activations, one per document."""
    token, _ = study.contexts.latent(latent)
    size = min(4 * n_contexts, stop - start)  # more than are needed, since documents repeat
    draw = np.random.default_rng([seed, latent]).choice(stop - start, size, replace=False, shuffle=True)
    chosen = _one_per_document(study, token[start + draw])[:n_contexts]
    contexts = (context_of(study, latent, int(t)) for t in chosen)
    return tuple(sorted(contexts, key=lambda context: -context.activation))


def _one_per_document(study: Study, token: NDArray[np.int32]) -> NDArray[np.int32]:
    """The first token of each document, in the order of `token`."""
    _, first = np.unique(study.tokens.document_of(token), return_index=True)
    return token[np.sort(first)]


def _activations(study: Study, latent: int, document: int) -> NDArray[np.float32]:
    """The latent's activation on each token of a document, (n_tokens,)."""
    rows = study.tokens.document(document)
    hit = study.tokens.indices[rows] == latent
    strength: NDArray[Any] = np.where(hit, study.tokens.activations[rows], 0.0).max(axis=1, initial=0.0)
    return strength


def _highlights(
    study: Study, document: int, strength: NDArray[np.float32], left: int, right: int
) -> tuple[Highlight, ...]:
    """Tokens of strength above 0 that lie whole in the characters [left, right), counted from left."""
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
