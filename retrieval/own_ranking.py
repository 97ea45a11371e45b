"""What a multi-vector encoder itself ranks for a study's queries: MaxSim, kept as runs/maxsim.trec.

The vectors of all tokens would be the largest file of a study by far, so they are kept while it is built, and the
ranking of its queries for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from data.corpus import Queries
from data.encoders import Encoder, TokenStates
from data.ragged import Ragged
from retrieval.maxsim import maxsim_search
from retrieval.run import write_trec

DEPTH = 1000


def write_token_vectors(folder: Path, encoder: Encoder, states: TokenStates, texts: Sequence[str]) -> None:
    """Keep what MaxSim compares of a block of documents, from the states that are there where these will do."""
    reader = encoder.for_maxsim()
    vectors = reader.token_vectors(states if reader is encoder else reader.encode(texts))
    np.save(folder / "token_vectors.npy", vectors.values, allow_pickle=False)
    np.save(folder / "vector_offsets.npy", vectors.offsets, allow_pickle=False)


def write_maxsim_run(
    study: Path,
    blocks: Sequence[Path],
    encoder: Encoder,
    queries: Queries,
    document_ids: Sequence[str],
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Rank the documents whose vectors `write_token_vectors` kept, block by block, for each query."""
    reader = encoder.for_maxsim()
    asked = reader.token_vectors(reader.encode(queries.texts, "query"), "query")

    def documents() -> Iterator[Ragged]:
        for done, block in enumerate(blocks, start=1):
            values = np.load(block / "token_vectors.npy", mmap_mode="r", allow_pickle=False)
            yield Ragged(values, np.load(block / "vector_offsets.npy", allow_pickle=False))
            if progress:
                progress("MaxSim", done, len(blocks))

    run = maxsim_search(documents(), asked, DEPTH, queries.ids, document_ids)
    (study / "runs").mkdir(exist_ok=True)
    write_trec(run, study / "runs" / "maxsim.trec", "maxsim")
