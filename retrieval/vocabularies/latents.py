"""The SAE's latents: w_j(d) = phi(sum_t z_tj), under the paper's BM25 parameters (arXiv 2605.29384)."""

from __future__ import annotations

from retrieval.bm25 import Bm25Parameters
from retrieval.vocabularies.vocabulary import Vocabulary

LATENTS = Vocabulary("latents", "Latents", "#0072B2", Bm25Parameters())
