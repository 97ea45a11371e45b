"""Stemmed words without stop words: the vocabulary of lexical BM25, the baseline."""

from __future__ import annotations

from retrieval.bm25 import LEXICAL
from retrieval.lexical import stems_of
from retrieval.vocabularies.vocabulary import Vocabulary

STEMS = Vocabulary("stems", "Stems", "#3A3F47", LEXICAL, stems_of, stems=True)
