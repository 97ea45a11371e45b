"""A study: one collection, one encoder, one SAE, and everything computed from them, in one folder.

    study.json         what it is made of: encoder, SAE, collection, parameters, counts, versions
    documents.arrow    id, title and text of each document
    queries.json       id and text of each query;  qrels.json: query id -> document id -> grade
    sae/               the autoencoder, in SAELens's layout
    tokens/            token-major: offsets, token_ids, spans, indices, activations
    contexts/          the same activations by latent, strongest first: ptr, token, value
    index/             BM25 postings over latents;  lexical/: over words, with vocabulary.json
    vectors.npy        the encoder's own pooled vector of each document, float32 (n_docs, d_model), unit norm
    wordpieces.json    the tokenizer's token of each token id
    runs/              other systems' rankings of the queries (TREC), maxsim.trec where the encoder is multi-vector
    evaluation.json    means of each system, where there are qrels;  per_query.parquet: each query

Arrays are memory-mapped, and torch is imported only when a text is encoded, so that a study opens at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.corpus import Corpus, Qrels, Queries
from data.errors import UserError
from data.files import new_file, read_json, write_json
from retrieval.bm25 import LEXICAL, Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.index import Index, WeightedIndex
from retrieval.lexical import LexicalVocabulary
from retrieval.run import Run
from retrieval.search import search

if TYPE_CHECKING:
    from data.encoders import Encoder
    from sae.model import SparseAutoencoder

System = Literal["latent", "cosine", "bm25"]
FORMAT = 1


@dataclass(frozen=True)
class TokenTable:
    """Latents of each token, in document order (memory-mapped).

    offsets: int64 (n_docs + 1,). token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end
    character in the document's text; special tokens have (0, 0). indices: (n_tokens, k) latents and
    activations: float32 (n_tokens, k), falling; 0 marks an unused slot.
    """

    offsets: NDArray[np.int64]
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    indices: NDArray[Any]
    activations: NDArray[np.float32]

    def document(self, document: int) -> slice:
        """The tokens of a document, by its position in the corpus."""
        return slice(int(self.offsets[document]), int(self.offsets[document + 1]))

    def document_of(self, tokens: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Position in the corpus of the document that each token stands in."""
        return np.searchsorted(self.offsets, tokens, side="right") - 1


@dataclass(frozen=True)
class ContextTable:
    """Where each latent fires, strongest first (memory-mapped).

    ptr: int64 (n_latents + 1,). token: int32 position in the TokenTable, value: float32 activation; latent j
    has the slice ptr[j]:ptr[j + 1].
    """

    ptr: NDArray[np.int64]
    token: NDArray[np.int32]
    value: NDArray[np.float32]

    def latent(self, latent: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Tokens and activations of a latent, falling by activation."""
        rows = slice(int(self.ptr[latent]), int(self.ptr[latent + 1]))
        return self.token[rows], self.value[rows]


@dataclass(frozen=True)
class EncodedText:
    """A text on its way to a ranking: tokens, their latents, and both pooled forms.

    token_ids int32 (n_tokens,), spans int32 (n_tokens, 2), indices and activations (n_tokens, k),
    mass: raw pooled activation, csr (1, n_latents), vector float32 (1, d_model) of unit norm.
    """

    text: str
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    indices: NDArray[Any]
    activations: NDArray[np.float32]
    mass: csr_array
    vector: NDArray[np.float32]


class TextColumn(Sequence[str]):
    """A column of strings in a memory-mapped Arrow file, read when asked."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [str(text) for text in self._column[index].to_pylist()]
        return str(self._column[index].as_py())

    def __iter__(self) -> Iterator[str]:
        for chunk in self._column.chunks:
            yield from chunk.to_pylist()


@dataclass(frozen=True)
class Study:
    """An opened study folder; see the module's text for the files, and each property for what it holds."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """Open a study folder; anything else is a `UserError` that says what is missing."""
        path = Path(path)
        if not (path / "study.json").is_file():
            raise UserError(f"{path} is not a study: it has no study.json; make one with `workbench index`")
        manifest = read_json(path / "study.json")
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise UserError(
                f"{path} is of study format {manifest.get('format') if isinstance(manifest, dict) else None}, "
                f"expected {FORMAT}: index the collection again with `workbench index`"
            )
        return cls(path, manifest)

    @property
    def name(self) -> str:
        """The folder's name: several studies may be of one collection."""
        return self.path.name

    @property
    def n_latents(self) -> int:
        return int(self.manifest["sae"]["n_latents"])

    @property
    def own_score(self) -> Literal["cosine", "maxsim"]:
        """What the encoder ranks by itself: MaxSim (runs/maxsim.trec) if it is a multi-vector one, else cosine."""
        return "maxsim" if "multi_vector" in self.manifest["encoder"] else "cosine"

    @property
    def pooling(self) -> Literal["sum", "max"]:
        """How a text's token activations become one mass a latent."""
        return "max" if self.manifest["pooling"] == "max" else "sum"

    @cached_property
    def corpus(self) -> Corpus:
        table = pa.ipc.open_file(pa.memory_map(str(self.path / "documents.arrow"))).read_all()
        return Corpus(table["id"].to_pylist(), TextColumn(table["text"]), TextColumn(table["title"]))

    @cached_property
    def position(self) -> Mapping[str, int]:
        """document id -> position in the corpus."""
        return {identifier: position for position, identifier in enumerate(self.corpus.ids)}

    @cached_property
    def queries(self) -> Queries:
        stored = read_json(self.path / "queries.json")
        return Queries(stored["ids"], stored["texts"])

    @cached_property
    def qrels(self) -> Qrels:
        return read_json(self.path / "qrels.json")  # type: ignore[no-any-return]

    @cached_property
    def tokens(self) -> TokenTable:
        return TokenTable(**_arrays(self.path / "tokens", TokenTable))

    @cached_property
    def contexts(self) -> ContextTable:
        return ContextTable(**_arrays(self.path / "contexts", ContextTable))

    @cached_property
    def index(self) -> Index:
        """Postings over latents: raw pooled mass."""
        return Index.open(self.path / "index")

    @cached_property
    def lexical(self) -> WeightedIndex:
        """Postings over words, with lexical BM25's own parameters."""
        return WeightedIndex.of(Index.open(self.path / "lexical"), LEXICAL)

    @cached_property
    def words(self) -> LexicalVocabulary:
        return LexicalVocabulary.open(self.path / "lexical")

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Pooled vectors of the documents, float32 (n_docs, d_model), unit norm."""
        return np.load(self.path / "vectors.npy", mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]

    @cached_property
    def wordpieces(self) -> Sequence[str]:
        """The tokenizer's token of each token id."""
        return read_json(self.path / "wordpieces.json")  # type: ignore[no-any-return]

    @property
    def evaluation(self) -> Mapping[str, Mapping[str, float]]:
        """system -> measure -> mean, as computed when the study was built; empty without qrels."""
        path = self.path / "evaluation.json"
        return read_json(path) if path.is_file() else {}

    @property
    def per_query(self) -> pd.DataFrame:
        """query_id, system, and a column a measure; empty without qrels."""
        path = self.path / "per_query.parquet"
        return pd.read_parquet(path) if path.is_file() else pd.DataFrame()

    @cached_property
    def encoder(self) -> Encoder:
        from data.encoders import Encoder, EncoderConfig  # torch: only when a text is encoded

        encoder = Encoder.load(EncoderConfig(**self.manifest["encoder"]["config"]))
        if encoder.fingerprint != self.manifest["encoder"]["fingerprint"]:
            raise UserError(
                f"encoder {encoder.config.model} has other weights than the one that study {self.name} was "
                "made with: restore that encoder, or index the collection again"
            )
        return encoder

    @cached_property
    def sae(self) -> SparseAutoencoder:
        from sae.checkpoint import load_autoencoder

        return load_autoencoder(self.path / "sae")

    @cached_property
    def decoder(self) -> NDArray[np.float32]:
        """W_dec of the SAE, float32 (n_latents, d_model), read without torch."""
        from safetensors import safe_open

        with safe_open(self.path / "sae" / "sae_weights.safetensors", framework="numpy") as weights:
            return weights.get_tensor("W_dec")  # type: ignore[no-any-return]

    @cached_property
    def _weighted(self) -> dict[Bm25Parameters, WeightedIndex]:
        return {}

    def weighted(self, parameters: Bm25Parameters | None = None) -> WeightedIndex:
        """The latents' index with BM25 parameters applied; the last few are kept."""
        parameters = parameters or Bm25Parameters()
        kept = self._weighted
        if parameters not in kept:
            while len(kept) >= 3:
                kept.pop(next(iter(kept)))
            kept[parameters] = WeightedIndex.of(self.index, parameters)
        return kept[parameters]

    def encode(self, text: str, kind: Literal["query", "document"] = "query") -> EncodedText:
        """Send one text down the road: encoder, SAE, pooling."""
        from sae.latents import pool, token_latents

        states = self.encoder.encode([text], kind)
        latents = token_latents(self.sae, states.states)
        return EncodedText(
            text,
            states.token_ids,
            states.spans,
            latents.indices,
            latents.activations,
            pool(latents, self.n_latents, self.pooling),
            states.pooled,
        )

    def run(
        self,
        query: str | EncodedText,
        system: System = "latent",
        depth: int = 10,
        parameters: Bm25Parameters | None = None,
    ) -> Run:
        """Rank the corpus for one query by one system; ties break by document order."""
        ids = ["query"]
        if system == "bm25":
            text = query if isinstance(query, str) else query.text
            return search(self.lexical, self.words.count([text]), depth, ids, self.corpus.ids)
        encoded = self.encode(query) if isinstance(query, str) else query
        if system == "cosine":
            return cosine_search(self.vectors, encoded.vector, depth, ids, self.corpus.ids)
        return search(self.weighted(parameters), encoded.mass, depth, ids, self.corpus.ids)

    def search(
        self,
        query: str | EncodedText,
        depth: int = 10,
        system: System = "latent",
        parameters: Bm25Parameters | None = None,
    ) -> pd.DataFrame:
        """Results as a table: rank (from 1), doc_id, score, title; best first."""
        run = self.run(query, system, depth, parameters)
        found = run.documents[0] >= 0
        documents = run.documents[0][found]
        return pd.DataFrame(
            {
                "rank": np.arange(1, len(documents) + 1),
                "doc_id": [self.corpus.ids[d] for d in documents],
                "score": run.scores[0][found].astype(np.float64),
                "title": [self.corpus.titles[d] for d in documents],
            }
        )


def write_documents(path: Path, corpus: Corpus) -> None:
    """Write ids, titles and texts as one Arrow file that `Study.corpus` maps."""
    table = pa.table(
        {"id": list(corpus.ids), "title": list(corpus.titles), "text": list(corpus.texts)},
        schema=pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.large_string())]),
    )
    with (
        new_file(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table, max_chunksize=4096)


def write_judgements(folder: Path, queries: Queries, qrels: Qrels) -> None:
    """Write queries.json and qrels.json."""
    write_json(folder / "queries.json", {"ids": list(queries.ids), "texts": list(queries.texts)})
    write_json(folder / "qrels.json", {query: dict(grades) for query, grades in qrels.items()})


def _arrays(folder: Path, table: type[TokenTable] | type[ContextTable]) -> dict[str, NDArray[Any]]:
    """The table's arrays, as plain arrays over the maps: slices of a np.memmap are slow, and compile anew."""
    return {
        field.name: np.asarray(np.load(folder / f"{field.name}.npy", mmap_mode="r", allow_pickle=False))
        for field in fields(table)
    }
