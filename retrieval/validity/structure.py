"""The structure of a study's core files, a check for each group of them: what refers to what, and in which range.

A check is a function of the study's folder and its facts, and raises a `UserError` that names the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.arrays import map_array
from data.errors import UserError
from data.files import read_json, read_json_object
from data.ragged import are_offsets, are_within
from data.tables import map_arrow
from retrieval.contexts import FOLDER as CONTEXTS
from retrieval.contexts import ContextTable
from retrieval.counts import read_counts
from retrieval.index import Index
from retrieval.texts import DOCUMENT_COLUMNS, DOCUMENTS, QRELS, read_queries
from retrieval.tokens import FOLDER as TOKENS
from retrieval.tokens import TokenTable
from retrieval.validity.loops import (
    contexts_are_sound,
    latents_are_sound,
    postings_are_sound,
    spans_are_sound,
)
from retrieval.vocabularies import LATENTS
from retrieval.vocabularies.text_terms import FILE as TERMS
from retrieval.vocabularies.vocabulary import FOLDER as VOCABULARIES
from retrieval.vocabularies.vocabulary import INDEX, QUERIES


@dataclass(frozen=True)
class Sizes:
    """The sizes that a manifest states, which every file has to have."""

    n_docs: int
    n_tokens: int
    n_queries: int
    n_latents: int

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Sizes:
        """The sizes of a manifest that `manifest_error` accepts."""
        counts, collection = manifest["counts"], manifest["collection"]
        return cls(
            counts["n_docs"], counts["n_tokens"], collection["n_queries"], manifest["sae"]["n_latents"]
        )


def check_texts(study: Path, sizes: Sizes) -> None:
    """Documents: as many as stated, each with an id of its own, in valid UTF-8. Queries and judgements likewise."""
    path = study / DOCUMENTS
    table = map_arrow(path, DOCUMENT_COLUMNS)
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        raise _damaged(path, str(error)) from None
    _expect(path, len(table) == sizes.n_docs, f"{len(table):,} documents, expected {sizes.n_docs:,}")
    _expect(path, all(column.null_count == 0 for column in table.columns), "a text is missing")
    _expect(path, pc.count_distinct(table["id"]).as_py() == len(table), "two documents have one id")
    queries = read_queries(study)
    path = study / "queries.json"
    texts = all(isinstance(text, str) for text in (*queries.ids, *queries.texts))
    _expect(
        path,
        texts and len(set(queries.ids)) == len(queries.ids),
        "ids and texts have to be texts, ids unique",
    )
    _expect(
        path, len(queries.ids) == sizes.n_queries, f"{len(queries.ids)} queries, expected {sizes.n_queries}"
    )
    path = study / QRELS
    for query, grades in read_json_object(path).items():
        sound = isinstance(grades, dict) and all(type(grade) is int for grade in grades.values())
        _expect(path, sound, f"the judgements of query {query[:60]!r} are not whole numbers by document")


def check_wordpieces(study: Path, sizes: Sizes) -> None:
    """A list of texts."""
    path = study / "wordpieces.json"
    pieces = read_json(path)
    sound = isinstance(pieces, list) and all(isinstance(piece, str) for piece in pieces)
    _expect(path, sound, "expected a list of texts")


def check_tokens(study: Path, sizes: Sizes) -> None:
    """Each token has a wordpiece, a span within its document's text, and latents of the SAE, strongest first."""
    folder, tokens = study / TOKENS, TokenTable.open(study)
    n = sizes.n_tokens
    for name in ("token_ids", "spans", "indices", "activations"):
        length = len(getattr(tokens, name))
        _expect(folder / f"{name}.npy", length == n, f"{length:,} tokens, expected {n:,}")
    offsets = tokens.offsets
    sound = len(offsets) == sizes.n_docs + 1 and are_offsets(offsets, n)
    _expect(folder / "offsets.npy", sound, "documents do not follow each other up to the last token")
    n_pieces = len(read_json(study / "wordpieces.json"))
    _expect(
        folder / "token_ids.npy", are_within(tokens.token_ids, n_pieces), "a wordpiece that does not exist"
    )
    texts = map_arrow(study / DOCUMENTS, DOCUMENT_COLUMNS)["text"]
    lengths: NDArray[np.int64] = pc.utf8_length(texts).to_numpy().astype(np.int64)
    _expect(
        folder / "spans.npy", spans_are_sound(offsets, tokens.spans, lengths), "a span outside of its text"
    )
    _expect(
        folder, tokens.indices.shape == tokens.activations.shape, "latents and activations differ in shape"
    )
    sound = latents_are_sound(tokens.indices, tokens.activations, sizes.n_latents)
    _expect(
        folder,
        sound,
        "a latent that does not exist, or activations that do not fall from a finite value to 0",
    )


def check_contexts(study: Path, sizes: Sizes) -> None:
    """Each latent's tokens exist, and their activations are finite, above 0 and fall."""
    folder, contexts = study / CONTEXTS, ContextTable.open(study)
    ptr, token, value = contexts.ptr, contexts.token, contexts.value
    sound = len(ptr) == sizes.n_latents + 1 and are_offsets(ptr, len(token)) and len(token) == len(value)
    _expect(folder / "ptr.npy", sound, "latents do not follow each other up to the last context")
    _expect(folder / "token.npy", are_within(token, sizes.n_tokens), "a token that does not exist")
    _expect(
        folder / "value.npy",
        contexts_are_sound(ptr, value),
        "activations that do not fall from a finite value",
    )


def check_vocabulary(study: Path, sizes: Sizes, name: str) -> None:
    """Postings: documents of each term rise within the collection, counts are above 0; queries have those terms."""
    folder = study / VOCABULARIES / name
    index = Index.open(folder / INDEX)
    file = folder / INDEX / "documents.npy"
    sound = are_offsets(index.indptr, index.n_postings)
    _expect(folder / INDEX / "indptr.npy", sound, "terms do not follow each other up to the last posting")
    _expect(file, index.n_docs == sizes.n_docs, f"{index.n_docs:,} documents, expected {sizes.n_docs:,}")
    sound = postings_are_sound(index.indptr, index.documents, index.counts, sizes.n_docs)
    _expect(file, sound, "documents of a term that do not rise within the collection, or counts not above 0")
    lengths = index.document_lengths
    sound = bool(np.isfinite(lengths).all() and (lengths >= 0).all())
    _expect(folder / INDEX / "document_lengths.npy", sound, "a length that is negative or not finite")
    n_terms = sizes.n_latents if name == LATENTS.name else None
    if (folder / TERMS).is_file():
        terms = read_json(folder / TERMS)
        sound = isinstance(terms, list) and all(isinstance(term, str) for term in terms)
        _expect(folder / TERMS, sound, "expected a list of terms")
        n_terms = len(terms)
    _expect(folder / INDEX, n_terms in (None, index.n_terms), f"{index.n_terms:,} terms, expected {n_terms}")
    if (folder / QUERIES).is_file():
        counts = read_counts(folder / QUERIES, (sizes.n_queries, index.n_terms))
        _expect(folder / QUERIES, not counts.nnz or counts.data.min() > 0, "a count that is not above 0")


def check_vectors(study: Path, sizes: Sizes) -> None:
    """Pooled vectors of all documents and queries, finite and equally wide."""
    documents = map_array(study / "vectors.npy", "<f4", (sizes.n_docs, None))
    _expect(study / "vectors.npy", bool(np.isfinite(documents).all()), "a value that is not finite")
    path = study / "query_vectors.npy"
    if sizes.n_queries:
        queries = map_array(path, "<f4", (sizes.n_queries, documents.shape[1]))
        _expect(path, bool(np.isfinite(queries).all()), "a value that is not finite")


def check_sae(study: Path, sizes: Sizes) -> None:
    """Weights of the stated number of latents: float32 and finite, read without torch."""
    from safetensors import SafetensorError, safe_open

    path = study / "sae" / "sae_weights.safetensors"
    try:
        with safe_open(path, framework="numpy") as weights:
            tensors = {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118 not a dict
    except FileNotFoundError:
        raise _damaged(path, "it is missing") from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise _damaged(path, str(error)) from None
    decoder = tensors.get("W_dec")
    _expect(
        path,
        decoder is not None and decoder.ndim == 2 and len(decoder) == sizes.n_latents,
        "no W_dec of the SAE",
    )
    for name, tensor in tensors.items():
        sound = tensor.dtype == np.float32 and bool(np.isfinite(tensor).all())
        _expect(path, sound, f"{name} is not of finite float32 numbers")


Check = Callable[[Path, Sizes], None]
GROUPS: dict[str, Check] = {  # first part of a file's name -> what checks it, in this order
    "documents.arrow": check_texts,
    "queries.json": check_texts,
    "qrels.json": check_texts,
    "wordpieces.json": check_wordpieces,
    "tokens": check_tokens,
    "contexts": check_contexts,
    "vectors.npy": check_vectors,
    "query_vectors.npy": check_vectors,
    "sae": check_sae,
}


def checks_of(name: str) -> tuple[str, Check] | None:
    """(key, check) of the group that a file belongs to; None for a part that is read by itself."""
    first, *rest = name.split("/")
    if first == VOCABULARIES and len(rest) > 1 and not name.endswith(".parquet"):
        return f"{first}/{rest[0]}", lambda study, sizes: check_vocabulary(study, sizes, rest[0])
    check = GROUPS.get(first)
    return (check.__name__, check) if check else None


def _expect(path: Path, sound: bool, otherwise: str) -> None:
    if not sound:
        raise _damaged(path, otherwise)


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"{path} is damaged ({' '.join(why.split())[:200]})")
