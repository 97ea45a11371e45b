"""`StudyFolder`: one collection, one encoder, one SAE, and everything computed from them.

    study.json         manifest: encoder, SAE, collection, parameters, counts, versions
    documents.arrow    id, title and text of each document
    queries.json       id and text of each query;  qrels.json: query id -> document id -> grade
    sae/               the autoencoder, in SAELens's layout
    tokens/            token-major: offsets, token_ids, spans, indices, activations
    contexts/          the same activations by latent, strongest first: ptr, token, value
    vocabularies/      one folder per vocabulary (retrieval/vocabularies): latents, stems, and others
    vectors.npy        the encoder's own pooled vector of each document, float32 (n_docs, d_model), unit norm
    query_vectors.npy  the same of each query
    wordpieces.json    the tokenizer's token of each token id
    states/            of a study of changed states: the means of wordpieces (data/wordpiece_means.py)
    runs/              other systems' rankings of the queries (TREC); maxsim.trec of a multi-vector encoder
    evaluation.json    means of each system, if there are qrels;  per_query.parquet: measures of each query

Arrays are memory-mapped, and torch is not imported, so a study opens at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.arrays import map_array
from data.corpus import Corpus, Qrels, Queries
from data.errors import UserError
from data.files import read_json
from data.tables import read_frame
from retrieval.bm25 import Bm25Parameters
from retrieval.contexts import ContextTable
from retrieval.index import Index
from retrieval.recent import Recent
from retrieval.texts import QRELS, read_documents, read_queries
from retrieval.tokens import TokenTable
from retrieval.vocabularies import LATENTS, STEMS, StoredVocabulary, Vocabulary
from retrieval.weighted_index import WeightedIndex

N_WEIGHTED = 3  # weighted indexes, under different BM25 parameters, in memory


@dataclass(frozen=True)
class StudyFolder:
    """A study's folder and its manifest; the module's docstring lists the files."""

    path: Path
    manifest: Mapping[str, Any]
    _weighted: Recent[Bm25Parameters, WeightedIndex] = field(
        default_factory=lambda: Recent(N_WEIGHTED), init=False, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """The folder's name (not the collection's, which several studies may share)."""
        return self.path.name

    @property
    def n_latents(self) -> int:
        """Number of latents of the SAE."""
        return int(self.manifest["sae"]["n_latents"])

    @property
    def is_multi_vector(self) -> bool:
        """Whether the encoder compares texts by MaxSim rather than by one vector per text."""
        return "multi_vector" in self.manifest["encoder"]

    @property
    def pooling(self) -> Literal["sum", "max"]:
        """The pooling of a text's token activations into one count per latent."""
        return "max" if self.manifest["pooling"] == "max" else "sum"

    @cached_property
    def corpus(self) -> Corpus:
        """The documents; texts and titles are read from disk on access."""
        return read_documents(self.path)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """document id -> position in the corpus."""
        return {identifier: position for position, identifier in enumerate(self.corpus.ids)}

    @cached_property
    def queries(self) -> Queries:
        """The collection's queries."""
        return read_queries(self.path)

    @cached_property
    def qrels(self) -> Qrels:
        """query id -> document id -> grade."""
        return read_json(self.path / QRELS)  # type: ignore[no-any-return]

    @cached_property
    def tokens(self) -> TokenTable:
        """The documents' tokens with their latents."""
        return TokenTable.open(self.path)

    @cached_property
    def contexts(self) -> ContextTable:
        """The tokens on which each latent fires."""
        return ContextTable.open(self.path)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Pooled vectors of the documents, float32 (n_docs, d_model), unit norm."""
        return map_array(self.path / "vectors.npy", "<f4", (None, None))

    @property
    def query_vectors(self) -> NDArray[np.float32]:
        """Pooled vectors of the queries, float32 (n_queries, d_model), unit norm."""
        return map_array(self.path / "query_vectors.npy", "<f4", (None, None))

    @property
    def query_counts(self) -> csr_array:
        """Summed activation of each latent in each of the study's queries, (n_queries, n_latents)."""
        return self.vocabulary(LATENTS).query_counts

    @cached_property
    def wordpieces(self) -> Sequence[str]:
        """The tokenizer's token of each token id."""
        return read_json(self.path / "wordpieces.json")  # type: ignore[no-any-return]

    @property
    def evaluation(self) -> Mapping[str, Mapping[str, float]]:
        """system -> measure -> mean, from the stored evaluation; empty without qrels."""
        path = self.path / "evaluation.json"
        return read_json(path) if path.is_file() else {}

    @property
    def per_query(self) -> pd.DataFrame:
        """query_id, system, and a column per measure; empty without qrels."""
        path = self.path / "per_query.parquet"
        return read_frame(path) if path.is_file() else pd.DataFrame()

    def keeps(self, kind: Vocabulary) -> bool:
        """Whether the study has an index over this vocabulary."""
        return (kind.folder(self.path) / "index").is_dir()

    def vocabulary(self, kind: Vocabulary) -> StoredVocabulary:
        """A vocabulary of the study, opened once; one that the study does not have raises a `UserError`."""
        opened = self._vocabularies
        if kind.name not in opened:
            if not self.keeps(kind):
                raise UserError(
                    f"study {self.name} keeps no vocabulary {kind.name!r}: make what it lacks with "
                    f"`workbench complete {self.path}`"
                )
            opened.setdefault(kind.name, StoredVocabulary(kind, kind.folder(self.path)))
        return opened[kind.name]

    @cached_property
    def _vocabularies(self) -> dict[str, StoredVocabulary]:
        return {}

    @property
    def stems(self) -> StoredVocabulary:
        """Stemmed words, the vocabulary of lexical BM25."""
        return self.vocabulary(STEMS)

    @cached_property
    def index(self) -> Index:
        """Postings of the latents; counts are summed activations."""
        return self.vocabulary(LATENTS).index

    def weighted(self, parameters: Bm25Parameters | None = None) -> WeightedIndex:
        """The latents' index under BM25 parameters (None: the paper's); the last N_WEIGHTED are cached."""
        parameters = parameters or Bm25Parameters()
        return self._weighted.get(parameters, lambda: WeightedIndex.of(self.index, parameters))

    @cached_property
    def decoder(self) -> NDArray[np.float32]:
        """W_dec of the SAE, float32 (n_latents, d_model), read without torch."""
        from safetensors import safe_open

        with safe_open(self.path / "sae" / "sae_weights.safetensors", framework="numpy") as weights:
            return weights.get_tensor("W_dec")  # type: ignore[no-any-return]
