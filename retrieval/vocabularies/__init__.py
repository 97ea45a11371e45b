"""The one list of vocabularies, which everything that shows, counts, fits or ranks vocabularies iterates.

A new vocabulary is a file with its entry and a line here.
"""

from __future__ import annotations

from retrieval.vocabularies.controls import CONTROLS, RANDOM_DIRECTIONS, RANDOM_ENCODER, SAMPLE
from retrieval.vocabularies.latents import LATENTS
from retrieval.vocabularies.learned_sparse import LEARNED_SPARSE
from retrieval.vocabularies.stems import STEMS
from retrieval.vocabularies.vocabulary import StoredVocabulary, Vocabulary
from retrieval.vocabularies.wordpieces import WORDPIECES
from retrieval.vocabularies.words import WORDS

__all__ = [
    "CONTROLS",
    "LATENTS",
    "LEARNED_SPARSE",
    "RANDOM_DIRECTIONS",
    "RANDOM_ENCODER",
    "SAMPLE",
    "STEMS",
    "VOCABULARIES",
    "WORDPIECES",
    "WORDS",
    "StoredVocabulary",
    "Vocabulary",
    "text_vocabularies",
    "vocabulary_colour",
    "vocabulary_title",
]

VOCABULARIES: dict[str, Vocabulary] = {
    vocabulary.name: vocabulary
    for vocabulary in (
        LATENTS,
        WORDS,
        WORDPIECES,
        STEMS,
        LEARNED_SPARSE,
        SAMPLE,
        RANDOM_DIRECTIONS,
        RANDOM_ENCODER,
    )
}


def text_vocabularies() -> list[Vocabulary]:
    """The vocabularies whose terms are parts of the text; every study stores them and ranks by them."""
    return [vocabulary for vocabulary in VOCABULARIES.values() if vocabulary.terms is not None]


def vocabulary_title(name: str) -> str:
    """A vocabulary's title; for a name that is not in the list, the name with spaces."""
    return VOCABULARIES[name].title if name in VOCABULARIES else name.replace("_", " ")


def vocabulary_colour(name: str, otherwise: str) -> str:
    """A vocabulary's colour; `otherwise` for a name that is not in the list."""
    return VOCABULARIES[name].colour if name in VOCABULARIES else otherwise
