"""A cell of the ladder as a study of its own, so that pages, laws and search serve its latents.

Its own queries rank exactly as in the cell. Typed queries do too where a single text has the cell's states
(data/changed_encoder.py); where it has not, as with another token's context, they are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.why.ladder._counts import QUERIES, Space
from analyses.why.ladder._spaces import OWN, EncodedSpace, dictionary_of, encoded_space, fitting_data
from analyses.why.ladder.dictionaries import DICTIONARIES
from analyses.why.ladder.ladder import ladder
from analyses.why.ladder.names import (
    AS_THEY_ARE,
    CONTEXT_ALONE,
    LAYER_0,
    MEAN_OF_DOCUMENTS,
    RANDOM_ENCODER,
    TRAINED,
    WORDPIECE_MEAN,
)
from analyses.why.ladder.states import STATES
from analyses.why.ladder.stores import Stores
from data.activations import DOCUMENTS_PER_SHARD
from data.changed_encoder import ChangedEncoder
from data.corpus import Collection, Queries
from data.encoders import Encoder, TokenStates
from data.errors import UserError
from data.progress import Progress
from data.ragged import Ragged
from data.wordpiece_means import Floats, wordpiece_means
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.model import SparseAutoencoder

ROWS = (*STATES, MEAN_OF_DOCUMENTS, LAYER_0, RANDOM_ENCODER)
CHANGES = {WORDPIECE_MEAN: "mean", MEAN_OF_DOCUMENTS: "mean", CONTEXT_ALONE: "context"}


@dataclass(frozen=True, eq=False)
class CellBlocks:
    """The documents' states in one row of a ladder. vectors: the encoder's own; None: those of the blocks."""

    space: Space
    encoded: EncodedSpace
    states: str
    vectors: NDArray[np.float32] | None

    def blocks(self) -> Iterator[TokenStates]:
        for number, block in enumerate(self.encoded.documents.blocks()):
            rows = slice(number * DOCUMENTS_PER_SHARD, number * DOCUMENTS_PER_SHARD + len(block.states))
            pooled = block.pooled if self.vectors is None else np.asarray(self.vectors[rows])
            values = np.asarray(block.states.values)
            if self.states in (*STATES, MEAN_OF_DOCUMENTS):
                own = values.astype(np.float32)
                values = self.space.row(self.states, own, np.asarray(block.token_ids), number)
            yield replace(block, states=Ragged(values, block.states.offsets), pooled=pooled)


def cell_study(
    study: Study,
    states: str,
    dictionary: str,
    folder: Path,
    progress: Progress | None = None,
    find: Callable[[], Stores] = Stores,
    seed: int = 0,
) -> Study:
    """Index the study's collection with a dictionary of the ladder over one row of its states.

    find: returns the token states that need not be encoded again. A cell that is no vocabulary of its own, a kept
    ladder whose dictionaries come from a text that is not at hand, or a folder with another content, raises a
    `UserError`.
    """
    check_cell(states, dictionary)
    with TemporaryDirectory(dir=study.path.parent, prefix=".opening-") as work:
        name = states if states in (LAYER_0, RANDOM_ENCODER) else OWN
        encoded = encoded_space(name, study, Path(work), find(), progress)
        data = fitting_data(encoded, study)
        _check_text(study, encoded)
        if states not in encoded.rows:
            raise UserError(
                f'the ladder has no row "{states}" where dictionaries come from the documents themselves: choose '
                f'"{WORDPIECE_MEAN}", which is the same then'
            )
        of = DICTIONARIES[dictionary].first_of or dictionary
        sae = dictionary_of((of, seed), encoded, study, data, Path(work), progress)
        if sae is None:
            raise UserError(f'there is no "{dictionary}" on states "{states}": choose another dictionary')
        document_means = None
        if MEAN_OF_DOCUMENTS in encoded.rows:
            document_means = wordpiece_means(encoded.documents.blocks(), len(study.wordpieces))
        space = Space(encoded.rows, data.means, {(of, seed): sae}, document_means)
        encoder = _encoder(study, space, encoded, states)
        sae = _named(study, sae, states, dictionary, seed, encoded, encoder)
        vectors = None if states == RANDOM_ENCODER else study.vectors
        blocks = CellBlocks(space, encoded, states, vectors)
        collection = _collection(study, only_judged=states not in (AS_THEY_ARE, *CHANGES))
        return build_study(
            collection, encoder, sae, folder, pooling=study.pooling, store=blocks, progress=progress
        )


def check_cell(states: str, dictionary: str) -> None:
    """Raise a `UserError` for a cell that cannot be opened as a study of its own."""
    if states not in ROWS:
        raise UserError(f'"{states}" are no states of the ladder: choose one of {", ".join(ROWS)}')
    if dictionary not in DICTIONARIES:
        raise UserError(f'"{dictionary}" cannot be opened: choose one of {", ".join(DICTIONARIES)}')
    if (states, dictionary) == (AS_THEY_ARE, TRAINED):
        raise UserError("the trained SAE on states as they are is the study itself: open that")


def _encoder(study: Study, space: Space, encoded: EncodedSpace, states: str) -> Encoder:
    """The encoder of the cell's study: it gives the row's states of the study's own queries."""
    if states in (AS_THEY_ARE, RANDOM_ENCODER):
        return encoded.encoder
    if states == LAYER_0:
        return study.encoder.at_layer(0)
    change = CHANGES.get(states, "of many texts")
    means = space.document_means if states == MEAN_OF_DOCUMENTS else space.means
    assert means is not None
    record: dict[str, Any] = {"name": states, "change": change, "means": means.fingerprint}

    def changed(values: Floats, token_ids: NDArray[np.int32]) -> Floats:
        return space.row(states, values, token_ids, QUERIES)

    return ChangedEncoder.of(encoded.encoder, record, changed, means if states in CHANGES else None)


def _named(
    study: Study,
    sae: SparseAutoencoder,
    states: str,
    dictionary: str,
    seed: int,
    encoded: EncodedSpace,
    encoder: Encoder,
) -> SparseAutoencoder:
    """The cell's dictionary with its record, and with the k that the kept ladder gave it."""
    record = {"encoder": encoder.describe(), "dictionary": dictionary, "states": states, "seed": seed}
    record["fitted_to"] = dict(encoded.fitted_to.plan["source"])
    kept = ladder(study)
    cell = kept.cell(AS_THEY_ARE if encoded.name == OWN else states, dictionary) if kept else None
    k = sae.k
    if DICTIONARIES[dictionary].first_of:
        k = 1
    elif kept is not None and kept.matched and cell is not None and dictionary != TRAINED:
        k = round(cell["k"])
    return replace(sae, k=k, name=f"{dictionary} on {states}", trained_on=record)


def _check_text(study: Study, encoded: EncodedSpace) -> None:
    """Raise a `UserError` where the kept ladder's dictionaries come from another text than these would."""
    kept = ladder(study)
    text = str(encoded.fitted_to.plan["source"].get("fingerprint", ""))
    if encoded.name == OWN and kept is not None and kept.facts.get("text", text) != text:
        raise UserError(
            f"the ladder's dictionaries come from {kept.facts['fitted_to']}, whose token states are not at hand: "
            "name that text with --text, or measure the ladder again"
        )


def _collection(study: Study, only_judged: bool) -> Collection:
    """The study's collection; only_judged: with those queries alone that the ladder measures."""
    queries = study.queries
    if only_judged:
        rows = [row for row, query in enumerate(queries.ids) if query in study.qrels]
        queries = Queries([queries.ids[row] for row in rows], [queries.texts[row] for row in rows])
    collection = study.manifest["collection"]
    return Collection(collection["name"], study.corpus, queries, study.qrels, card=collection["card"])
