"""The contexts that a latent is explained by, and the held-out contexts that the explanation is tested on.

The documents in which the latent fires are split into two random halves (seeded). The first half gives the contexts
to explain by: the strongest, and some of each quantile band. The second half gives positive test contexts, equally
many of each band. As many negative ones, in which the latent is silent, are drawn from all documents outside the
first half, one per document. So no document is on both sides, and half of the test contexts are positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.labels.notes_file import check_latent
from analyses.text.contexts import QUANTILES, Context, context_of
from data.errors import UserError
from retrieval.study import Study

N_STRONGEST, N_OF_BAND, N_TESTED_OF_BAND = 8, 2, 5
FEWEST_DOCUMENTS = 8  # in which the latent fires on a word: four to explain by, four to test on
DRAWS = 40  # random tokens tried, at most, for each silent context


@dataclass(frozen=True)
class Examples:
    """explaining: contexts of the latent; firing, silent: equally many test contexts, of other documents."""

    explaining: tuple[Context, ...]
    firing: tuple[Context, ...]
    silent: tuple[Context, ...]

    def tested(self, seed: int) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
        """The test texts in a random order, and whether the latent fires in each, bool (n_texts,)."""
        contexts = [*self.firing, *self.silent]
        order = np.random.default_rng([seed, 2]).permutation(len(contexts))
        return tuple(contexts[i].text for i in order), order < len(self.firing)


def examples(study: Study, latent: int, seed: int = 0) -> Examples:
    """The contexts of a latent; a `UserError` where the latent fires in too few documents, or nearly everywhere."""
    check_latent(study, latent)
    token, _ = study.contexts.latent(latent)
    spans = study.tokens.spans[token]
    token = token[spans[:, 1] > spans[:, 0]]  # special tokens cover no text
    document = study.tokens.document_of(token)
    documents = np.unique(document)
    if len(documents) < FEWEST_DOCUMENTS:
        raise UserError(
            f"latent {latent} fires on words of {len(documents)} documents: an explanation takes at least "
            f"{FEWEST_DOCUMENTS}, half to explain by and half to test on"
        )
    rng = np.random.default_rng([seed, latent])
    first = np.isin(document, rng.permutation(documents)[: len(documents) // 2])
    explaining = [*_one_per_document(token[first], document[first])[:N_STRONGEST]]
    explaining += _of_bands(token, document, first & ~_in(document, token, explaining), N_OF_BAND, rng)
    firing = _of_bands(token, document, ~first, N_TESTED_OF_BAND, rng)
    silent = _silent(study, latent, set(document[first].tolist()), len(firing), rng)
    if len(silent) < FEWEST_DOCUMENTS // 2:
        raise UserError(
            f"latent {latent} fires in nearly every stretch of text: expected texts without the latent to test on"
        )
    return Examples(
        tuple(context_of(study, latent, t) for t in explaining),
        tuple(context_of(study, latent, t) for t in firing[: len(silent)]),
        tuple(silent),
    )


def can_be_explained(study: Study, latent: int) -> bool:
    """Whether a latent has enough contexts for `examples`."""
    try:
        examples(study, latent)
    except UserError:
        return False
    return True


def _of_bands(
    token: NDArray[np.int32],
    document: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    n_of_band: int,
    rng: np.random.Generator,
) -> list[int]:
    """Random tokens of each QUANTILES band, one per document, filled up from all; token: falling by activation."""
    chosen: list[int] = []
    used: set[int] = set()

    def draw(start: int, stop: int, upto: int) -> None:
        rows = start + np.flatnonzero(allowed[start:stop])
        for row in rng.permutation(rows).tolist():
            if len(chosen) >= upto:
                return
            if int(document[row]) not in used:
                used.add(int(document[row]))
                chosen.append(int(token[row]))

    for band, (low, high) in enumerate(QUANTILES, 1):
        draw(round(len(token) * (1 - high)), round(len(token) * (1 - low)), band * n_of_band)
    draw(0, len(token), len(QUANTILES) * n_of_band)
    return [chosen[i] for i in rng.permutation(len(chosen))]


def _silent(
    study: Study, latent: int, excluded: set[int], n_contexts: int, rng: np.random.Generator
) -> list[Context]:
    """Contexts of random tokens in which the latent fires on nothing; one per document."""
    contexts: list[Context] = []
    used = set(excluded)
    for token in _random_tokens(study, n_contexts * DRAWS, rng):
        if len(contexts) == n_contexts:
            break
        document = int(study.tokens.document_of(np.array([token]))[0])
        if document in used:
            continue
        context = context_of(study, latent, token)
        if not context.highlights and context.text.strip():
            used.add(document)
            contexts.append(context)
    return contexts


def _random_tokens(study: Study, n_draws: int, rng: np.random.Generator) -> Iterator[int]:
    """Random tokens that cover text, uniformly."""
    for token in rng.integers(0, len(study.tokens.token_ids), n_draws).tolist():
        start, end = study.tokens.spans[token]
        if end > start:
            yield token


def _one_per_document(token: NDArray[np.int32], document: NDArray[np.int64]) -> list[int]:
    _, first = np.unique(document, return_index=True)
    return [int(t) for t in token[np.sort(first)]]


def _in(document: NDArray[np.int64], token: NDArray[np.int32], chosen: list[int]) -> NDArray[np.bool_]:
    """Rows of the documents of the chosen tokens."""
    return np.isin(document, document[np.isin(token, chosen)])
