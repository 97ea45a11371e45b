"""Encode a collection (encoder -> SAE -> pooling) in blocks of documents, and combine the blocks into a study.

Each finished block is a folder on disk, so an interrupted build continues with the next block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from data.activations import DOCUMENTS_PER_SHARD
from data.arrays import create_array, map_array
from data.corpus import Collection, Queries
from data.encoders import Encoder, TokenStates
from data.files import new_folder
from data.progress import Progress, within
from retrieval.contexts import write_contexts
from retrieval.counts import read_counts, write_counts
from retrieval.index import write_index
from retrieval.own_ranking import write_token_vectors
from retrieval.texts import write_documents
from retrieval.tokens import FOLDER as TOKENS
from retrieval.tokens import FORMS, Forms
from retrieval.vocabularies import LATENTS, STEMS, text_vocabularies
from retrieval.vocabularies.text_vocabulary import write_text_vocabulary
from retrieval.vocabularies.vocabulary import INDEX, write_query_counts
from sae.latents import pool, token_latents
from sae.model import SparseAutoencoder

BLOCK_FORMS: Forms = {
    "lengths": ("<i8", (None,)),
    **{name: FORMS[name] for name in ("token_ids", "spans", "indices", "activations")},
    "pooled": ("<f4", (None, None)),
}


class Blocks(Protocol):
    """Token states of consecutive documents, DOCUMENTS_PER_SHARD at a time, such as an `ActivationStore`."""

    def blocks(self) -> Iterator[TokenStates]: ...


def write_blocks(
    work: Path,
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    pooling: Literal["sum", "max"],
    store: Blocks | None,
    progress: Progress | None,
) -> list[Path]:
    """Write the token latents and counts of each block of documents to a folder of its own under `work`.

    store: the documents' token states; None: encode them. Existing blocks are kept. Returns the blocks' folders.
    """
    texts = collection.corpus.texts
    starts = range(0, len(texts), DOCUMENTS_PER_SHARD)
    stored: Iterator[TokenStates | None] = store.blocks() if store else iter([None] * len(starts))
    paths = [work / f"block-{number:05d}" for number in range(len(starts))]
    for start, path, states in zip(starts, paths, stored, strict=True):
        if not path.is_dir():
            block_texts = texts[start : start + DOCUMENTS_PER_SHARD]
            states = states or encoder.encode(block_texts)
            latents = token_latents(sae, states.states)
            with new_folder(path) as temporary:
                write_counts(temporary / "counts.npz", pool(latents, sae.n_latents, pooling))
                arrays = (
                    states.states.lengths,
                    states.token_ids,
                    states.spans,
                    latents.indices,
                    latents.activations,
                    states.pooled,
                )
                for name, array in zip(BLOCK_FORMS, arrays, strict=True):
                    np.save(temporary / f"{name}.npy", array, allow_pickle=False)
                if encoder.multi_vector:
                    write_token_vectors(temporary, encoder, states, block_texts)
        if progress:
            progress("Latents of the documents", min(start + DOCUMENTS_PER_SHARD, len(texts)), len(texts))
    return paths


def lay_out(
    study: Path,
    blocks: Sequence[Path],
    collection: Collection,
    queries: Queries,
    sae: SparseAutoencoder,
    language: str,
    progress: Progress | None,
) -> dict[str, int]:
    """Write a study's tokens, contexts, indexes and texts from its blocks; returns the counts of its manifest.

    language: of the stems.
    """
    step = _steps(progress, "Index", 4 + len(text_vocabularies()))
    write_documents(study, collection.corpus)
    step()
    (study / TOKENS).mkdir()
    for name in ("token_ids", "spans", "indices", "activations"):
        _concatenate([_load(block, name) for block in blocks], study / TOKENS / f"{name}.npy")
    _concatenate([_load(block, "pooled") for block in blocks], study / "vectors.npy")
    lengths = np.concatenate([_load(block, "lengths") for block in blocks])
    np.save(study / TOKENS / "offsets.npy", np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))
    step()
    n_active = write_contexts(study, sae.n_latents)
    step()
    counts = (read_counts(block / "counts.npz", remedy=_remedy(block)) for block in blocks)
    write_index(LATENTS.folder(study) / INDEX, counts, sae.n_latents)
    step()
    sizes = {}
    for kind in text_vocabularies():
        sizes[kind.name] = write_text_vocabulary(
            study, kind, collection.corpus.texts, queries.texts, language
        )
        step()
    return {
        "n_docs": len(collection.corpus),
        "n_tokens": int(lengths.sum()),
        "n_words": sizes[STEMS.name],
        "n_alive_latents": n_active,
    }


def encode_queries(
    study: Path,
    queries: Queries,
    encoder: Encoder,
    sae: SparseAutoencoder,
    pooling: Literal["sum", "max"],
    progress: Progress | None,
) -> None:
    """Write the counts and pooled vectors of the collection's queries, so that they are encoded only once."""
    if not queries:
        return
    report = within(progress, "Queries")
    states = encoder.encode(queries.texts, "query", report)
    counts = pool(token_latents(sae, states.states), sae.n_latents, pooling)
    write_query_counts(LATENTS.folder(study), counts)
    np.save(study / "query_vectors.npy", states.pooled, allow_pickle=False)


def _steps(progress: Progress | None, stage: str, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(stage, done, total)

    return step


def _load(block: Path, name: str) -> NDArray[Any]:
    return map_array(block / f"{name}.npy", *BLOCK_FORMS[name], _remedy(block))


def _remedy(block: Path) -> str:
    return f"remove {block}, and repeat the command, which makes it again"


def _concatenate(arrays: Sequence[NDArray[Any]], destination: Path) -> None:
    """Concatenate arrays along their first axis, one at a time; narrower rows are padded with zeros."""
    shape = (sum(len(array) for array in arrays), *max(array.shape[1:] for array in arrays))
    joined = create_array(destination, arrays[0].dtype, shape)
    start = 0
    for array in arrays:
        rows = joined[start : start + len(array)]
        rows[tuple(map(slice, array.shape))] = array
        start += len(array)
