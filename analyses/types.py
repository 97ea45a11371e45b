"""Types of latents: lexical (one surface form), narrow semantic (a few close ones), broad topical (the rest).

    lexical    top_form_share >= 0.5                           half of its activation falls on one form
    narrow     top_forms_share >= 0.5 and closeness >= 0.3     half on five forms that mean about the same
    broad      everything else
    rare, dead fires on fewer than 5 tokens, on none           too little to tell

The paper reports 33% lexical, 10% narrow and 57% broad, and how it told them apart is not known: this rule is ours,
its thresholds are arguments. `type_measures` holds what is measured, `classify` is the rule. Broad is the rest, be
it one topic or several unrelated words: `coherence` tells these apart, and is not in the rule.

A form is a word of the text, lower-cased and stemmed (Snowball), so that "cells" and "cell" are one; punctuation
is a form too, special tokens are none. Shares are of a latent's whole activation, so what falls on special
tokens falls on no form. For `top_forms` stop words and punctuation do not count: latents that sit on full stops
and articles whatever the topic would pass for a cluster of words close in meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import Stemmer
from numpy.typing import NDArray

from analyses.intervals import wilson
from analyses.surface import surface_word, word_numbers
from analyses.vocabulary import top_terms
from retrieval.kernels import kernel
from retrieval.lexical import STOP_WORDS
from retrieval.study import Study

TYPES = ("lexical", "narrow", "broad")
UNTYPED = ("rare", "dead")
PAPER_SHARES = {"lexical": 0.33, "narrow": 0.10, "broad": 0.57}
N_FORMS = 5
N_DOCUMENTS = 10  # whose likeness is a latent's coherence


@dataclass(frozen=True)
class TypeThresholds:
    """The rule's numbers; see the module's text. fewest_tokens: below it a latent is rare."""

    lexical: float = 0.5
    narrow: float = 0.5
    closeness: float = 0.3
    fewest_tokens: int = 5


@dataclass(frozen=True)
class SurfaceForms:
    """of_token: int64 (n_tokens,), the form of each token. words: each form's most frequent word, (n_forms,).

    is_form: False for special tokens. has_meaning: neither those nor stop words nor punctuation; bool (n_forms,).
    """

    of_token: NDArray[np.int64]
    words: tuple[str, ...]
    is_form: NDArray[np.bool_]
    has_meaning: NDArray[np.bool_]


def latent_types(study: Study, thresholds: TypeThresholds | None = None) -> pd.DataFrame:
    """`type_measures` with a column `type`: a row a latent."""
    measures = type_measures(study)
    measures.insert(1, "type", classify(measures, thresholds or TypeThresholds()))
    return measures


def classify(measures: pd.DataFrame, thresholds: TypeThresholds) -> NDArray[np.str_]:
    """The type of each row of `type_measures`: the first rule that holds, dead and rare first; (n_latents,)."""
    rules = {
        "dead": measures["n_tokens"] == 0,
        "rare": measures["n_tokens"] < thresholds.fewest_tokens,
        "lexical": measures["top_form_share"] >= thresholds.lexical,
        "narrow": (measures["top_forms_share"] >= thresholds.narrow)
        & (measures["closeness"] >= thresholds.closeness),
    }
    return np.select([rule.to_numpy() for rule in rules.values()], list(rules), default="broad")


def type_shares(types: NDArray[np.str_] | pd.Series) -> pd.DataFrame:
    """Share of each of TYPES among the latents that have one: type, count, share, low, high (Wilson, 95%), paper.

    Shares sum to 1; rare and dead latents are left out.
    """
    counted = pd.Series(types).value_counts()
    count = [int(counted.get(name, 0)) for name in TYPES]
    total = sum(count)
    low, high = zip(*(wilson(n, total) for n in count), strict=True)
    return pd.DataFrame(
        {
            "type": TYPES,
            "count": count,
            "share": [n / max(total, 1) for n in count],
            "low": low,
            "high": high,
            "paper": [PAPER_SHARES[name] for name in TYPES],
        }
    )


def type_measures(study: Study) -> pd.DataFrame:
    """What the rule looks at, a row a latent; computed in seconds, most of them the encoder's.

    latent; top_form, and top_form_share of the activation; top_forms (N_FORMS, strongest first) and
    top_forms_share; closeness: cosine of two of these, drawn by activation (see `closeness`), NaN below two;
    coherence: mean cosine of its N_DOCUMENTS strongest documents less that of any two documents, NaN below two
    documents; n_tokens it fires on.
    """
    forms = surface_forms(study)
    top, top_share = _top_forms(study, forms, forms.is_form, 1)
    few, few_shares = _top_forms(study, forms, forms.has_meaning, N_FORMS)
    return pd.DataFrame(
        {
            "latent": np.arange(study.n_latents),
            "top_form": [forms.words[form] if form >= 0 else "" for form in top[:, 0]],
            "top_form_share": top_share[:, 0],
            "top_forms": [" · ".join(forms.words[form] for form in row if form >= 0) for row in few],
            "top_forms_share": few_shares.sum(axis=1),
            "closeness": closeness(few, few_shares, form_vectors(study, forms, few)),
            "coherence": coherence(study),
            "n_tokens": np.diff(study.contexts.ptr),
        }
    )


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


def form_vectors(study: Study, forms: SurfaceForms, needed: NDArray[np.int64]) -> NDArray[np.float32]:
    """A vector of each form in `needed` (-1 for none), float32 (n_forms, d_model); 0 for the rest.

    It is the encoder's own pooled vector of the word alone, less their mean, to unit length: so 0 is the
    likeness of any two words, whatever the encoder. Not the word's states in the text, which the latents
    themselves were read from: forms of one latent would be close by construction.
    """
    vectors = np.zeros((len(forms.words), study.vectors.shape[1]), np.float32)
    wanted = np.unique(needed[needed >= 0])
    if len(wanted):
        pooled = study.encoder.encode([forms.words[form] for form in wanted]).pooled
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


def coherence(study: Study, depth: int = N_DOCUMENTS) -> NDArray[np.float64]:
    """Mean cosine of each two of a latent's `depth` strongest documents, less the corpus's; (n_latents,).

    By the documents' pooled vectors: 0 is chance, NaN stands where fewer than two documents are.
    """
    tokens, contexts = study.tokens, study.contexts
    owners = np.repeat(np.arange(len(tokens.offsets) - 1), np.diff(tokens.offsets))
    documents = _strongest_documents(np.asarray(contexts.ptr), np.asarray(contexts.token), owners, depth)
    vectors = np.asarray(study.vectors, np.float64)
    sums = np.zeros((len(documents), vectors.shape[1]))
    for column in documents.T:
        sums[column >= 0] += vectors[column[column >= 0]]
    return _pairwise(sums, (documents >= 0).sum(axis=1)) - _pairwise(
        vectors.sum(axis=0)[None], np.array([len(vectors)])
    )


def _pairwise(sums: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean cosine of two different of the n unit vectors that have these sums, NaN where n < 2; (rows,)."""
    several = n > 1
    cosines = np.square(sums).sum(axis=1) - n
    return np.where(several, cosines / np.where(several, n * (n - 1), 1), np.nan)


def _top_forms(
    study: Study, forms: SurfaceForms, counts: NDArray[np.bool_], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The forms that count with most of each latent's activation, and their shares of it; (n_latents, depth)."""
    chosen, shares, _, _ = top_terms(study, forms.of_token, counts.astype(np.float64), depth)
    found = (chosen >= 0) & counts[chosen]
    return np.where(found, chosen, -1), np.where(found, shares, 0.0)


@kernel
def _strongest_documents(
    ptr: NDArray[np.int64], token: NDArray[np.int32], owners: NDArray[np.int64], depth: int
) -> NDArray[np.int64]:
    """The first `depth` different documents of each latent's contexts, (n_latents, depth); -1 for none."""
    documents = np.full((len(ptr) - 1, depth), -1)
    for latent in range(len(documents)):
        n_found = 0
        for i in range(ptr[latent], ptr[latent + 1]):
            document = owners[token[i]]
            if not (documents[latent, :n_found] == document).any():
                documents[latent, n_found] = document
                n_found += 1
                if n_found == depth:
                    break
    return documents
