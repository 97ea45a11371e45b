"""Terms weighted by a learned-sparse retriever (such as SPLADE), ranked by the dot product of their weights."""

from __future__ import annotations

from retrieval.vocabularies.vocabulary import Vocabulary

LEARNED_SPARSE = Vocabulary("learned_sparse", "Learned sparse", "#E69F00")
