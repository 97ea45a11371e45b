"""A study's impacts into an engine, and a ranking from there, each score held against the study's own.

A document's vector is its impacts under fixed k1 and b; weights times idf go with the query, so that the engine's
inner product is BM25. Another k1 or b is another export; another idf is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from data.progress import Progress
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText
from retrieval.run import Run
from retrieval.study import Study
from workbench.export.engines.engine import Engine, EngineRecord, Vector, connected, parted
from workbench.export.impacts import Impacts, impacts_of

BATCH = 512
TOLERANCE = 1e-4  # of a score, relative


@dataclass(frozen=True, eq=False)
class EngineRanking:
    """run: one query's ranking as the engine gives it. wrong: documents whose score is not the study's, with both
    scores."""

    run: Run
    wrong: Sequence[tuple[str, float, float]]


def upload(
    study: Study, address: str, parameters: Bm25Parameters | None = None, progress: Progress | None = None
) -> EngineRecord:
    """Write every document's impacts into the engine at `address`; goes on with a collection that was begun.

    An engine that does not answer, or an address that names none, is a `UserError`.
    """
    impacts = impacts_of(study, parameters)
    rows = impacts.by_document()
    ids = np.flatnonzero(np.diff(rows.indptr)).tolist()  # a document without latents scores nothing
    record = EngineRecord.of(study, impacts.parameters, len(ids))
    with connected(*parted(address)) as engine:
        if engine.record(record.collection) != record.to_dict():
            engine.begin(record.collection, record.to_dict())
        # Batches are written one after another, so what is there is the beginning.
        first = engine.count(record.collection) // BATCH * BATCH
        for start in range(first, len(ids), BATCH):
            part = ids[start : start + BATCH]
            engine.add(record.collection, part, [_vector(rows, row) for row in part])
            if progress:
                progress("Write the documents", min(start + BATCH, len(ids)), len(ids))
        if (kept := engine.count(record.collection)) != len(ids):
            raise UserError(
                f"{address} keeps {kept:,} documents of {len(ids):,} after all were written: export again"
            )
    return record


def search_engine(
    study: Study,
    address: str,
    query: str | EncodedText,
    depth: int = 10,
    parameters: Bm25Parameters | None = None,
) -> EngineRanking:
    """Rank for a query by the engine at `address`, under the study's query weights.

    No collection of this build of the study, a half-written one, or one of another k1, b or phi is a `UserError`.
    """
    impacts = impacts_of(study, parameters)
    encoded = study.encode(query) if isinstance(query, str) else query
    weights = impacts.of_queries(encoded.counts)
    asked = _vector(weights, 0)
    with connected(*parted(address)) as engine:
        collection = _checked(engine, study, address, impacts.parameters)
        documents, scores = engine.search(collection, asked, depth) if asked else ([], [])
    if any(not 0 <= document < len(study.corpus) for document in documents):
        raise UserError(f"{address} names documents that {study.name} does not have: export it again")
    found = np.array(documents, np.int32)
    run = Run(["query"], study.corpus.ids, found[None], np.array([scores], np.float32))
    own = scores_of(impacts, weights, found)
    wrong = np.flatnonzero(np.abs(own - scores) > TOLERANCE * np.abs(own)).tolist()
    return EngineRanking(
        run, [(study.corpus.ids[int(found[at])], float(scores[at]), float(own[at])) for at in wrong]
    )


def scores_of(impacts: Impacts, weights: csr_array, documents: NDArray[np.int32]) -> NDArray[np.float64]:
    """The study's own scores of these documents for one query, (n_documents,)."""
    index = impacts.index.index
    terms, weight = weights.indices, weights.data.astype(np.float64)
    scores = np.zeros(len(documents))
    for row, document in enumerate(documents.tolist()):
        positions = index.positions(document, terms)
        has = positions >= 0
        scores[row] = weight[has] @ impacts.index.impact[positions[has]].astype(np.float64)
    return scores


def _checked(engine: Engine, study: Study, address: str, parameters: Bm25Parameters) -> str:
    """The name of the study's collection, if it is whole and of these parameters."""
    wanted = EngineRecord.of(study, parameters, 0)
    again = f"`workbench export {study.path} --to {address}`"
    found = engine.record(wanted.collection)
    if found is None:
        raise UserError(f"{address} has no collection of this build of {study.name}: {again}")
    named = ("study", "n_points")
    differs = [
        name for name, value in wanted.to_dict().items() if name not in named and found.get(name) != value
    ]
    if differs:
        name = differs[0]
        raise UserError(
            f"{address} was written with {name} {found.get(name)}, and this ranking has {name} "
            f"{wanted.to_dict()[name]}, which needs another export: {again}"
        )
    kept, n_points = engine.count(wanted.collection), found.get("n_points")
    if kept != n_points:
        raise UserError(
            f"{address} keeps {kept:,} of {n_points} documents of {study.name}, since an export was interrupted: "
            f"{again} goes on"
        )
    return wanted.collection


def _vector(rows: csr_array, row: int) -> Vector:
    part = slice(int(rows.indptr[row]), int(rows.indptr[row + 1]))
    return dict(zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True))
