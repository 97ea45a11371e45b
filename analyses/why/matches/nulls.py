"""Exact and soft shares of other latents of the same tokens: what a match of equal words is by chance.

The words of a study's tokens do not depend on a dictionary, so they are read once for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from analyses.why.matches.table import match_table
from analyses.why.matches.word_tokens import Words, WordTokens, document_tokens, query_words
from data.token_states import TokenStates
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex
from sae.latents import TokenLatents

N_QUERIES = 200  # drawn of the judged ones
SHARES = ("exact", "inflected", "soft")


@dataclass(frozen=True, eq=False)
class StudyWords:
    """The words of the tokens of a study's documents and of its judged queries."""

    study: Study
    judged: Judged
    documents: WordTokens
    query_word: NDArray[np.int32]
    words: Words

    @classmethod
    def of(cls, study: Study, judged: Judged, queries: TokenStates) -> StudyWords:
        """queries: the token states of the judged queries, in their order."""
        documents, names = document_tokens(study)
        texts = [study.queries.texts[row] for row in judged.rows.tolist()]
        word = query_words(texts, queries, names)
        return cls(study, judged, documents, word, Words.of(names, documents, study.stems.words))

    def shares(
        self, documents: TokenLatents, queries: TokenLatents, counts: csr_array, query_counts: csr_array
    ) -> dict[str, float]:
        """`<kind>_share_top10` of each of SHARES, with _low and _high (95%): of the first ten documents' score.

        documents, queries: latents of the very tokens. counts, query_counts: the same pooled, csr (n_texts,
        n_latents). Over N_QUERIES of the judged queries.
        """
        judged = replace(self.judged, counts=query_counts).sample(N_QUERIES)
        weighted = WeightedIndex.of(Index.from_counts(counts), Bm25Parameters())
        table = match_table(
            WordTokens(documents.offsets, documents.indices, documents.activations, self.documents.word),
            self._queries(queries, judged.ids),
            self.words,
            weighted,
            judged,
            self.study.pooling,
        )
        found = table[(table["about"] == "part") & (table["measure"] == "share_top10")]
        ends = {"": "value", "_low": "low", "_high": "high"}
        return {
            f"{row['name']}_share_top10{end}": float(row[column])
            for row in found.to_dict("records")
            if row["name"] in SHARES
            for end, column in ends.items()
        }

    def _queries(self, latents: TokenLatents, ids: Sequence[str]) -> WordTokens:
        """The tokens of those of the judged queries that have these ids."""
        place = {query: number for number, query in enumerate(self.judged.ids)}
        chosen = [
            np.arange(latents.offsets[place[query]], latents.offsets[place[query] + 1]) for query in ids
        ]
        tokens = np.concatenate([np.zeros(0, np.int64), *chosen])
        offsets = np.concatenate(([0], np.cumsum([len(rows) for rows in chosen]))).astype(np.int64)
        return WordTokens(
            offsets, latents.indices[tokens], latents.activations[tokens], self.query_word[tokens]
        )
