"""Sparse vectors as lines of JSON: Pyserini's and Anserini's JsonVectorCollection, Seismic, and any script.

documents.jsonl    {"id": ..., "contents": ..., "vector": {latent: impact}}
queries.jsonl      {"id": ..., "vector": {latent: w(q) idf}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scipy.sparse import csr_array

from data.progress import Progress
from retrieval.queries import study_queries
from retrieval.study import Study
from workbench.export.impacts import Impacts


def write_jsonl(study: Study, impacts: Impacts, folder: Path, progress: Progress | None = None) -> None:
    """Write both files into `folder`."""
    documents = impacts.by_document()
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as file:
        for row, vector in enumerate(_vectors(documents, bool(impacts.bits))):
            line = {"id": study.corpus.ids[row], "contents": study.corpus.texts[row], "vector": vector}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if progress and row % 1024 == 0:
                progress("Write the documents", row, len(study.corpus))
    write_queries(study, impacts, folder)


def write_queries(study: Study, impacts: Impacts, folder: Path) -> None:
    """Write the study's own queries into `folder`."""
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as file:
        for query, vector in zip(study.queries.ids, _vectors(query_weights(study, impacts)), strict=True):
            file.write(json.dumps({"id": query, "vector": vector}, ensure_ascii=False) + "\n")


def query_weights(study: Study, impacts: Impacts) -> csr_array:
    """The weights of the study's own queries, csr (n_queries, n_latents)."""
    return impacts.of_queries(study_queries(study).counts)


def _vectors(rows: csr_array, whole: bool = False) -> Iterator[dict[str, float]]:
    """Each row as latent -> weight, heaviest first."""
    for start, stop in zip(rows.indptr[:-1].tolist(), rows.indptr[1:].tolist(), strict=True):
        latents, weights = rows.indices[start:stop].tolist(), rows.data[start:stop].tolist()
        order = sorted(range(len(latents)), key=lambda at: -weights[at])
        yield {str(latents[at]): int(weights[at]) if whole else weights[at] for at in order}
