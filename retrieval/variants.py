"""Encode the texts of a study with another SAE or encoder: counts and runs, without building a study.

    document_blocks(study, encoder) -> count_blocks(sae, blocks, study.pooling) -> latent_runs(study, counts, ...)

The study provides texts, queries and ids. Blocks are consecutive documents, and memory holds one block. One pass
over the blocks may serve any number of SAEs: `SpooledCounts` stores the counts of each until its index is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from data.activations import DOCUMENTS_PER_SHARD, ActivationStore
from data.encoders import Encoder, Kind, TokenStates
from data.errors import UserError
from data.files import new_file
from data.progress import StepProgress
from data.ragged import Ragged
from retrieval.bm25 import Bm25Parameters
from retrieval.counts import read_counts, write_counts
from retrieval.index import write_index
from retrieval.run import Run
from retrieval.search import search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex
from sae.latents import TokenLatents, pool
from sae.model import SparseAutoencoder

TOKENS_AT_ONCE = 16_384


def encoded_blocks(
    encoder: Encoder, texts: Sequence[str], kind: Kind = "document", progress: StepProgress | None = None
) -> Iterator[TokenStates]:
    """Token states of DOCUMENTS_PER_SHARD texts at a time. progress: counts texts, within a block by its tokens."""
    for first in range(0, len(texts), DOCUMENTS_PER_SHARD):
        block = list(texts[first : first + DOCUMENTS_PER_SHARD])
        yield encoder.encode(block, kind, _texts_done(progress, first, len(block), len(texts)))


def document_blocks(
    study: Study, encoder: Encoder, store: ActivationStore | None = None, progress: StepProgress | None = None
) -> Iterator[TokenStates]:
    """Token states of the study's documents under any encoder, in blocks, in document order.

    store: this encoder's stored states of exactly this corpus (another store raises a `UserError`); None: encode
    the texts. progress: counts documents.
    """
    if store is None:
        yield from encoded_blocks(encoder, study.corpus.texts, "document", progress)
        return
    check_store(store, study, encoder)
    done, n_docs = 0, len(study.corpus)
    for states in store.blocks():
        yield states
        done += len(states.states)
        if progress:
            progress(done, n_docs)


def check_store(store: ActivationStore, study: Study, encoder: Encoder) -> None:
    """Raise a `UserError` for a store of another corpus than the study's, or of another encoder."""
    source, states = store.plan["source"], store.plan["encoder"]
    expected = study.manifest["collection"]
    if source.get("fingerprint") != expected["fingerprint"] or "documents" in source:
        raise UserError(
            f"{store.folder} holds the states of {source.get('name', 'another text')}, expected those of every "
            f"document of {expected['name']}: encode that collection, or give no store"
        )
    description = encoder.describe()
    same_config = all(
        states["config"].get(name) == description["config"][name]
        for name in ("layer", "max_length", "document_prefix", "special_tokens")
    )
    same_states = states.get("states") == description.get("states")
    if states["fingerprint"] != description["fingerprint"] or not (same_config and same_states):
        raise UserError(
            f"{store.folder} holds states of {states['config']['model']} as it was then configured, expected "
            f"those of {encoder.config.model}: encode the collection with this encoder, or give no store"
        )


def parts(states: Ragged, tokens_at_once: int = TOKENS_AT_ONCE) -> Iterator[Ragged]:
    """Consecutive whole texts of at most tokens_at_once tokens together; a longer text is a part of its own."""
    first, offsets = 0, states.offsets
    while first < len(states):
        fitting = int(np.searchsorted(offsets, offsets[first] + tokens_at_once, side="right")) - 1
        last = max(first + 1, fitting)
        yield Ragged(
            states.values[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first]
        )
        first = last


def float_states(part: Ragged, sae: SparseAutoencoder) -> torch.Tensor:
    """The states of a part as float32 (n_tokens, d_model), on the SAE's device."""
    return torch.from_numpy(np.array(part.values)).to(sae.device).float()


def counts_of(sae: SparseAutoencoder, states: Ragged, pooling: Literal["sum", "max"] = "sum") -> csr_array:
    """Summed activation of each latent in each text, float32 csr (n_texts, n_latents), encoded part by part."""
    counts = []
    for part in parts(states):
        activations, indices = sae.encode(float_states(part, sae))
        counts.append(pooled_counts(sae, activations, indices, part.offsets, pooling))
    return csr_array(vstack(counts, format="csr"))


def pooled_counts(
    sae: SparseAutoencoder,
    activations: torch.Tensor,
    indices: torch.Tensor,
    offsets: NDArray[np.int64],
    pooling: Literal["sum", "max"],
) -> csr_array:
    """The output of `sae.encode`, (n_tokens, width) each, pooled over texts: float32 csr (n_texts, n_latents)."""
    latents = TokenLatents(activations.cpu().numpy(), indices.cpu().numpy(), offsets)
    return pool(latents, sae.n_latents, pooling)


def count_blocks(
    sae: SparseAutoencoder, blocks: Iterable[TokenStates], pooling: Literal["sum", "max"] = "sum"
) -> Iterator[csr_array]:
    """`counts_of` of each block, for `latent_runs` or `retrieval.index.write_index`."""
    return (counts_of(sae, block.states, pooling) for block in blocks)


def counts_of_queries(study: Study, sae: SparseAutoencoder, encoder: Encoder) -> csr_array:
    """Summed activation of each latent in each of the study's queries, csr (n_queries, n_latents)."""
    return counts_of(sae, encoder.encode(study.queries.texts, "query").states, study.pooling)


@dataclass(frozen=True)
class SpooledCounts:
    """Blocks of counts, one file per block in `folder`, written during a pass and read to build the index."""

    folder: Path

    def append(self, counts: csr_array) -> None:
        """Write the next block."""
        with new_file(self.folder / f"{len(self._files()):06d}.npz") as temporary:
            write_counts(temporary, counts)

    def __iter__(self) -> Iterator[csr_array]:
        return (read_counts(file) for file in self._files())

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.npz"))


def latent_runs(
    study: Study,
    documents: Iterable[csr_array],
    queries: csr_array,
    parameters: Mapping[str, Bm25Parameters],
    depth: int,
    scratch: Path | None = None,
) -> dict[str, Run]:
    """The run of the study's queries over its documents under each of `parameters`, from counts of both.

    documents: consecutive blocks (n_block_docs, n_latents) of the study's whole corpus. queries: (n_queries,
    n_latents). The index lies in a temporary folder in `scratch` (None: beside the study) and is removed
    afterwards.
    """
    with TemporaryDirectory(prefix=".variant-", dir=scratch or study.path.parent) as folder:
        index = write_index(Path(folder) / "index", documents, queries.shape[1])
        return {
            name: search(WeightedIndex.of(index, bm25), queries, depth, study.queries.ids, study.corpus.ids)
            for name, bm25 in parameters.items()
        }


def _texts_done(progress: StepProgress | None, first: int, in_block: int, in_all: int) -> StepProgress | None:
    if progress is None:
        return None
    return lambda done, total: progress(first + in_block * done // max(total, 1), in_all)
