"""The tokenizer's own tokens, counted only for the laws."""

from __future__ import annotations

from retrieval.vocabularies.vocabulary import Vocabulary

WORDPIECES = Vocabulary("wordpieces", "Wordpieces", "#CC79A7")
