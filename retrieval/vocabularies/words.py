"""The text's own words, without case and accents, with repetitions; counted only for the laws."""

from __future__ import annotations

from retrieval.vocabularies.vocabulary import Vocabulary

WORDS = Vocabulary("words", "Words", "#3A3F47")
