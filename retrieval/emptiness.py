"""What of a collection is empty in its study: documents and queries without tokens, latents or words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.arrays import map_array
from data.corpus import Corpus, Queries
from retrieval.counts import read_counts
from retrieval.lexical import Words
from retrieval.tokens import FOLDER as TOKENS
from retrieval.tokens import FORMS
from retrieval.vocabularies import LATENTS, STEMS
from retrieval.vocabularies.vocabulary import QUERIES

NEARLY_ALL = 0.5  # share of texts without a word from which a warning is due


def empty_kinds(study: Path, n_queries: int) -> dict[str, int]:
    """Kind of emptiness -> how many documents or queries; kinds that do not occur are left out."""
    offsets = map_array(study / TOKENS / "offsets.npy", *FORMS["offsets"])
    found = {"document without a token": int((np.diff(offsets) == 0).sum())}
    if n_queries:
        counts = read_counts(LATENTS.folder(study) / QUERIES)
        found["query without a latent"] = int((np.diff(counts.indptr) == 0).sum())
    return {kind: number for kind, number in found.items() if number}


def lexical_warnings(study: Path, corpus: Corpus, queries: Queries) -> list[str]:
    """A sentence for documents and for queries of which the lexical baseline knows next to nothing."""
    words = Words.open(STEMS.folder(study))
    sentences = []
    for name, texts in (("documents", corpus.texts), ("queries", queries.texts)):
        chosen = [text for text in texts if text.strip()]
        without = sum(not words.stems(text) for text in chosen)
        if chosen and without / len(chosen) >= NEARLY_ALL:
            sentences.append(
                f"the lexical baseline is nearly empty: {without:,} of {len(chosen):,} {name} have no word that it "
                "counts, so that it is no baseline here"
            )
    return sentences
