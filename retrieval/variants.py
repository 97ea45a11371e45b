"""The texts of a study through another SAE or another encoder: counts and runs, without building a study.

    document_blocks(study, encoder) -> count_blocks(sae, blocks, study.pooling) -> latent_runs(study, counts, ...)

The study gives texts, queries and ids. Blocks are consecutive documents, so memory holds one block, and a pass over
them may feed any number of SAEs: `SpooledCounts` keeps each one's counts until its index is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array, load_npz, save_npz, vstack

from data.activations import DOCUMENTS_PER_SHARD, ActivationStore
from data.encoders import Encoder, Kind, TokenStates
from data.errors import UserError
from data.files import new_file
from data.ragged import Ragged
from retrieval.bm25 import Bm25Parameters
from retrieval.index import WeightedIndex, write_index
from retrieval.run import Run
from retrieval.search import search
from retrieval.study import Study
from sae.latents import TokenLatents, pool
from sae.model import SparseAutoencoder

TOKENS_AT_ONCE = 16_384
Progress = Callable[[int, int], None]


def encoded_blocks(
    encoder: Encoder, texts: Sequence[str], kind: Kind = "document", progress: Progress | None = None
) -> Iterator[TokenStates]:
    """Token states of DOCUMENTS_PER_SHARD texts at a time; progress counts texts, by tokens within a block."""
    for first in range(0, len(texts), DOCUMENTS_PER_SHARD):
        block = list(texts[first : first + DOCUMENTS_PER_SHARD])
        yield encoder.encode(block, kind, _texts_done(progress, first, len(block), len(texts)))


def document_blocks(
    study: Study, encoder: Encoder, store: ActivationStore | None = None, progress: Progress | None = None
) -> Iterator[TokenStates]:
    """Token states of the study's documents, in order, by any encoder: from `store` where there is one.

    store: this encoder's states of exactly this corpus; of another corpus or encoder it is a `UserError`.
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
    """Refuse the token states of another corpus or another encoder."""
    source, states = store.plan["source"], store.plan["encoder"]
    expected = study.manifest["collection"]
    if source.get("fingerprint") != expected["fingerprint"] or "documents" in source:
        raise UserError(
            f"{store.folder} holds the states of {source.get('name', 'another text')}, expected those of every "
            f"document of {expected['name']}: encode that collection, or give no store"
        )
    ours = encoder.describe()
    same_config = all(
        states["config"].get(name) == ours["config"][name]
        for name in ("layer", "max_length", "document_prefix", "special_tokens")
    )
    if states["fingerprint"] != ours["fingerprint"] or not same_config:
        raise UserError(
            f"{store.folder} holds states of {states['config']['model']} as it was then configured, expected "
            f"those of {encoder.config.model}: encode the collection with it, or give no store"
        )


def parts(states: Ragged, tokens_at_once: int = TOKENS_AT_ONCE) -> Iterator[Ragged]:
    """Consecutive whole texts of at most so many tokens; a longer text is a part by itself."""
    first, offsets = 0, states.offsets
    while first < len(states):
        fitting = int(np.searchsorted(offsets, offsets[first] + tokens_at_once, side="right")) - 1
        last = max(first + 1, fitting)
        yield Ragged(
            states.values[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first]
        )
        first = last


def float_states(part: Ragged, sae: SparseAutoencoder) -> torch.Tensor:
    """A part's states as float32 (n_tokens, d_model) where the SAE's weights are."""
    return torch.from_numpy(np.array(part.values)).to(sae.device).float()


def counts_of(sae: SparseAutoencoder, states: Ragged, pooling: Literal["sum", "max"] = "sum") -> csr_array:
    """Raw pooled mass of each latent in each text, float32 (n_texts, n_latents); encoded a part at a time."""
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
    """What `sae.encode` gave, (n_tokens, width) each, pooled over texts: float32 (n_texts, n_latents)."""
    latents = TokenLatents(activations.cpu().numpy(), indices.cpu().numpy(), offsets)
    return pool(latents, sae.n_latents, pooling)


def count_blocks(
    sae: SparseAutoencoder, blocks: Iterable[TokenStates], pooling: Literal["sum", "max"] = "sum"
) -> Iterator[csr_array]:
    """`counts_of` each block: what `latent_runs` and `retrieval.index.write_index` take."""
    return (counts_of(sae, block.states, pooling) for block in blocks)


def counts_of_queries(study: Study, sae: SparseAutoencoder, encoder: Encoder) -> csr_array:
    """Raw pooled mass of the study's queries, (n_queries, n_latents), by this encoder and SAE."""
    return counts_of(sae, encoder.encode(study.queries.texts, "query").states, study.pooling)


@dataclass(frozen=True)
class SpooledCounts:
    """Blocks of counts, a file each in `folder`: written while states go by, read when the index is made."""

    folder: Path

    def append(self, counts: csr_array) -> None:
        with (
            new_file(self.folder / f"{len(self._files()):06d}.npz") as temporary,
            temporary.open("wb") as file,
        ):
            save_npz(file, counts, compressed=False)

    def __iter__(self) -> Iterator[csr_array]:
        return (csr_array(load_npz(file)) for file in self._files())

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
    """A run under each of `parameters` of the study's queries over its documents, from counts of both.

    documents: consecutive blocks (n_block_docs, n_latents), all of the study's corpus. queries: (n_queries,
    n_latents). The index is built in a temporary folder in `scratch` (None: beside the study), and then removed.
    """
    with TemporaryDirectory(prefix=".variant-", dir=scratch or study.path.parent) as folder:
        index = write_index(Path(folder) / "index", documents, queries.shape[1])
        return {
            name: search(WeightedIndex.of(index, one), queries, depth, study.queries.ids, study.corpus.ids)
            for name, one in parameters.items()
        }


def _texts_done(progress: Progress | None, first: int, in_block: int, in_all: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, total: progress(first + in_block * done // max(total, 1), in_all)
