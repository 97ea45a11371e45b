"""A multi-vector encoder's own ranking of a study's queries: MaxSim, stored as runs/maxsim.trec.

The vectors of all tokens would be by far the largest file of a study, so they exist only while it is built; the
ranking of its queries stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from data.arrays import map_array
from data.corpus import Queries
from data.encoders import Encoder, TokenStates
from data.progress import Progress
from data.ragged import Ragged
from retrieval.added_runs import run_path
from retrieval.maxsim import maxsim_search
from retrieval.run import write_trec
from retrieval.systems import MAXSIM

DEPTH = 1000


def write_token_vectors(folder: Path, encoder: Encoder, states: TokenStates, texts: Sequence[str]) -> None:
    """Write the vectors that MaxSim compares for a block of documents, from `states` if those suffice."""
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
    progress: Progress | None = None,
) -> None:
    """Rank the blocks of `write_token_vectors` by MaxSim for each query, and write the run into the study."""
    reader = encoder.for_maxsim()
    query_vectors = reader.token_vectors(reader.encode(queries.texts, "query"), "query")

    def documents() -> Iterator[Ragged]:
        for done, block in enumerate(blocks, start=1):
            values = map_array(block / "token_vectors.npy", ("<f4", "<f2"), (None, None))
            yield Ragged(values, map_array(block / "vector_offsets.npy", "<i8", (None,)))
            if progress:
                progress("MaxSim", done, len(blocks))

    run = maxsim_search(documents(), query_vectors, DEPTH, queries.ids, document_ids)
    write_trec(run, run_path(study, MAXSIM.name), MAXSIM.name)
