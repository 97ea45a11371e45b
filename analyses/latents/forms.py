"""Forms: words of the text, lower-cased and stemmed (Snowball), so that "cells" and "cell" are one.

Punctuation is a form too; special tokens are none. The spread of a latent's activation over forms and the
similarity of its forms in meaning decide its type (analyses.latents.types).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import Stemmer
from numpy.typing import NDArray

from analyses.latents.latent_table import top_terms_of
from analyses.text.token_words import surface_word, word_numbers
from data.progress import StepProgress
from retrieval.contexts import ContextTable
from retrieval.kernels import kernel
from retrieval.lexical import STOP_WORDS
from retrieval.study import Study


@dataclass(frozen=True)
class SurfaceForms:
    """of_token: int64 (n_tokens,), the form of each token. words: each form's most frequent word, (n_forms,).

    is_form: False for special tokens. has_meaning: neither those nor stop words nor punctuation; bool (n_forms,).
    """

    of_token: NDArray[np.int64]
    words: tuple[str, ...]
    is_form: NDArray[np.bool_]
    has_meaning: NDArray[np.bool_]


def surface_forms(study: Study) -> SurfaceForms:
    """The form of each token: its whole word, lower-cased and stemmed."""
    numbers = word_numbers(study.tokens, study.wordpieces)
    _, first, count = np.unique(numbers, return_index=True, return_counts=True)
    documents = study.tokens.document_of(first)
    words = [surface_word(study, int(t), int(d)) for t, d in zip(first, documents, strict=True)]
    stems = np.array(Stemmer.Stemmer("english").stemWords(words), dtype=np.str_)
    _, form = np.unique(stems, return_inverse=True)
    by_frequency = np.lexsort((-count, form))
    _, leading = np.unique(form[by_frequency], return_index=True)
    chosen = by_frequency[leading]
    names = tuple(words[word] for word in chosen)
    spans = study.tokens.spans[first[chosen]]
    is_form = spans[:, 1] > spans[:, 0]
    letters = np.array([any(map(str.isalnum, name)) and name not in STOP_WORDS for name in names])
    return SurfaceForms(form[numbers], names, is_form, is_form & letters)


def top_forms(
    contexts: ContextTable, forms: SurfaceForms, counts: NDArray[np.bool_], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The forms with most of each latent's activation among those that count (-1 for none), and their shares.

    Shares are of the whole activation. counts: bool (n_forms,). Both returned arrays: (n_latents, depth).
    """
    chosen, shares, _, _ = top_terms_of(contexts, forms.of_token, counts.astype(np.float64), depth)
    known = (chosen >= 0) & counts[chosen]
    return np.where(known, chosen, -1), np.where(known, shares, 0.0)


def form_entropy(contexts: ContextTable, forms: SurfaceForms) -> NDArray[np.float64]:
    """H_j = -sum_f p_jf log2 p_jf in bits, (n_latents,): entropy of activation over forms; 0 for dead latents.

    p_jf: the share of the activation of j that falls on f. Special tokens count here, each as itself.
    """
    return _entropy(
        np.asarray(contexts.ptr),
        np.asarray(contexts.token),
        np.asarray(contexts.value),
        forms.of_token,
        len(forms.words),
    )


def form_vectors(
    study: Study, forms: SurfaceForms, needed: NDArray[np.int64], progress: StepProgress | None = None
) -> NDArray[np.float32]:
    """A vector of each form in `needed` (-1 for none), float32 (n_forms, d_model); 0 for the rest; NaN where the
    encoder reads no new texts.

    The encoder's pooled vector of the word alone, minus the mean of these, of unit norm: 0 is then the expected
    similarity of two words, whatever the encoder. States of the word in the text would not do: the latents were
    computed from these, so that forms of one latent would be close by construction. progress counts tokens.
    """
    vectors = np.zeros((len(forms.words), study.vectors.shape[1]), np.float32)
    wanted = np.unique(needed[needed >= 0])
    if not study.encoder.reads_new_texts:
        vectors[wanted] = np.nan
    elif len(wanted):
        words = [forms.words[form] for form in wanted]
        pooled = study.encoder.encode(words, progress=progress).pooled
        centred = pooled - pooled.mean(axis=0)
        vectors[wanted] = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return vectors


def closeness(
    forms: NDArray[np.int64], shares: NDArray[np.float64], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """sum_{a != b} p_a p_b cos(v_a, v_b) / sum_{a != b} p_a p_b over a latent's forms; float64 (n_latents,).

    forms: (n_latents, depth), -1 for none, shares p alike, vectors: unit rows (n_forms, d_model).
    """
    total = np.zeros((len(forms), vectors.shape[1]))
    for form, share in zip(forms.T, shares.T, strict=True):
        total += share[:, None] * vectors[form]
    alone = np.square(shares).sum(axis=1)
    pairs = np.square(shares.sum(axis=1)) - alone
    several = (shares > 0).sum(axis=1) > 1
    cosines = np.square(total).sum(axis=1) - alone
    return np.where(several, cosines / np.where(several, pairs, 1.0), np.nan)


@kernel
def _entropy(
    ptr: NDArray[np.int64],
    token: NDArray[np.int32],
    value: NDArray[np.float32],
    form: NDArray[np.int64],
    n_forms: int,
) -> NDArray[np.float64]:
    """ln and sums as they come: H = ln(M) - (1 / M) sum_f m_f ln(m_f), M = sum_f m_f, in bits."""
    entropy = np.zeros(len(ptr) - 1)
    summed = np.zeros(n_forms)
    for latent in range(len(ptr) - 1):
        total = 0.0
        for i in range(ptr[latent], ptr[latent + 1]):
            summed[form[token[i]]] += value[i]
            total += value[i]
        inner = 0.0
        for i in range(ptr[latent], ptr[latent + 1]):
            own = summed[form[token[i]]]
            if own > 0.0:
                inner += own * np.log(own)
                summed[form[token[i]]] = 0.0
        if total > 0.0:
            entropy[latent] = max(np.log(total) - inner / total, 0.0) / np.log(2.0)
    return entropy
