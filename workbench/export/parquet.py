"""A study as Parquet tables, for DuckDB, Polars, Spark and pandas.

postings.parquet     latent, document, summed_activation, impact                          by latent
tokens.parquet       document, position, wordpiece, start, end, latents, activations      by document
documents.parquet    document, doc_id, title, text, length
latents.parquet      latent, label, document_frequency, idf
queries.parquet      query_id, latent, weight = w(q) idf
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analyses.latents.latent_table import vocabulary_table
from data.progress import Progress
from retrieval.study import Study
from workbench.export.impacts import Impacts
from workbench.export.jsonl import query_weights

ROWS = 1 << 20  # of a table in memory at a time


def write_parquet(study: Study, impacts: Impacts, folder: Path, progress: Progress | None = None) -> None:
    """Write all tables into `folder`, a piece at a time."""
    for name, tables in {
        "postings": _postings(impacts, progress),
        "tokens": _tokens(study, progress),
        "documents": iter([_documents(study, impacts)]),
        "latents": iter([_latents(study, impacts)]),
        "queries": iter([_queries(study, impacts)]),
    }.items():
        _write(folder / f"{name}.parquet", tables)


def _write(path: Path, tables: Iterator[Mapping[str, Any]]) -> None:
    first = pa.table(dict(next(tables)))
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for table in chain([first], map(pa.table, map(dict, tables))):
            writer.write_table(table.cast(first.schema))


def _postings(impacts: Impacts, progress: Progress | None) -> Iterator[Mapping[str, Any]]:
    index = impacts.index.index
    latents = np.repeat(np.arange(index.n_terms, dtype=np.int32), index.document_frequency)
    for start in range(0, max(index.n_postings, 1), ROWS):
        part = slice(start, start + ROWS)
        if progress:
            progress("Write the postings", start, index.n_postings)
        yield {
            "latent": latents[part],
            "document": np.asarray(index.documents[part]),
            "summed_activation": np.asarray(index.counts[part]),
            "impact": impacts.index.impact[part],
        }


def _tokens(study: Study, progress: Progress | None) -> Iterator[Mapping[str, Any]]:
    tokens, pieces = study.tokens, np.asarray(study.wordpieces, object)
    n_tokens, k = tokens.indices.shape
    step = max(1, ROWS // max(k, 1))
    for start in range(0, max(n_tokens, 1), step):
        rows = np.arange(start, min(start + step, n_tokens))
        document = tokens.document_of(rows)
        spans = np.asarray(tokens.spans[rows])
        if progress:
            progress("Write the tokens", start, n_tokens)
        yield {
            "document": document.astype(np.int32),
            "position": (rows - np.asarray(tokens.offsets)[document]).astype(np.int32),
            "wordpiece": pa.array(pieces[np.asarray(tokens.token_ids[rows])], pa.string()),
            "start": spans[:, 0],
            "end": spans[:, 1],
            "latents": _lists(np.asarray(tokens.indices[rows], np.int32)),
            "activations": _lists(np.asarray(tokens.activations[rows])),
        }


def _lists(rows: np.ndarray[Any, Any]) -> pa.Array:
    """Each row as a list."""
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.ravel()))


def _documents(study: Study, impacts: Impacts) -> Mapping[str, Any]:
    corpus = study.corpus
    return {
        "document": np.arange(len(corpus), dtype=np.int32),
        "doc_id": pa.array(corpus.ids, pa.string()),
        "title": pa.array(corpus.titles, pa.string()),
        "text": pa.array(corpus.texts, pa.string()),
        "length": impacts.index.document_length,
    }


def _latents(study: Study, impacts: Impacts) -> Mapping[str, Any]:
    table = vocabulary_table(study)
    return {
        "latent": np.arange(study.n_latents, dtype=np.int32),
        "label": pa.array(table["label"].astype(str), pa.string()),
        "document_frequency": impacts.index.index.document_frequency,
        "idf": impacts.index.idf,
    }


def _queries(study: Study, impacts: Impacts) -> Mapping[str, Any]:
    weights = query_weights(study, impacts)
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    return {
        "query_id": pa.array([study.queries.ids[row] for row in rows.tolist()], pa.string()),
        "latent": weights.indices.astype(np.int32),
        "weight": weights.data.astype(np.float64),
    }
