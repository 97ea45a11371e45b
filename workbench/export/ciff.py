"""The Common Index File Format, which PISA, Lucene, Terrier and others read (Lin et al. 2020, arXiv 2003.08276).

    index.ciff       Header, a PostingsList for each latent that is in a document, a DocRecord for each document
    queries.jsonl    {"id": ..., "vector": {latent: w(q) idf}}

All are delimited protobuf messages (https://github.com/osirrc/ciff). A posting's tf is the integer impact, its
docid the difference to the posting before; a term is the latent's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.proto import serialize_length_prefixed

from data.progress import Progress
from retrieval.study import Study
from workbench.export.impacts import Impacts
from workbench.export.jsonl import write_queries

_TYPES = {
    "int32": descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "Posting": descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
}
# message -> its fields, numbered from 1
_MESSAGES = {
    "Header": (
        ("version", "int32"),
        ("num_postings_lists", "int32"),
        ("num_doc_records", "int32"),
        ("total_postings_lists", "int32"),
        ("total_docs", "int32"),
        ("total_terms_in_collection", "int64"),
        ("average_doclength", "double"),
        ("description", "string"),
    ),
    "Posting": (("docid", "int32"), ("tf", "int32")),
    "PostingsList": (("term", "string"), ("df", "int64"), ("cf", "int64"), ("postings", "Posting")),
    "DocRecord": (("docid", "int32"), ("collection_docid", "string"), ("doclength", "int32")),
}


def write_ciff(study: Study, impacts: Impacts, folder: Path, progress: Progress | None = None) -> None:
    """Write both files into `folder`; impacts: integers."""
    make = _classes()
    with (folder / "index.ciff").open("wb") as file:
        for message in _messages(study, impacts, make, progress):
            serialize_length_prefixed(message, file)
    write_queries(study, impacts, folder)


def _messages(
    study: Study, impacts: Impacts, make: dict[str, Any], progress: Progress | None
) -> Iterator[Any]:
    index, weights = impacts.index.index, impacts.index.impact.astype(np.int64)
    terms = np.flatnonzero(index.document_frequency)
    lengths = np.bincount(index.documents, weights=weights, minlength=index.n_docs).astype(np.int64)
    bm25 = impacts.parameters
    yield make["Header"](
        version=1,
        num_postings_lists=len(terms),
        num_doc_records=index.n_docs,
        total_postings_lists=len(terms),
        total_docs=index.n_docs,
        total_terms_in_collection=int(weights.sum()),
        average_doclength=float(lengths.mean()) if len(lengths) else 0.0,
        description=(
            f"BM25 impacts of the latent terms of {study.name}, k1 {bm25.k1:g}, b {bm25.b:g}, {impacts.bits} bits "
            f"(impact 1 is {impacts.scale:.6g}); idf goes with the query"
        ),
    )
    for done, term in enumerate(terms.tolist()):
        part = slice(index.indptr[term], index.indptr[term + 1])
        gaps = np.diff(index.documents[part], prepend=0).tolist()
        tfs = weights[part].tolist()
        yield make["PostingsList"](
            term=str(term),
            df=len(gaps),
            cf=sum(tfs),
            postings=[make["Posting"](docid=gap, tf=tf) for gap, tf in zip(gaps, tfs, strict=True)],
        )
        if progress and done % 256 == 0:
            progress("Write the postings", done, len(terms))
    for row, doc_id in enumerate(study.corpus.ids):
        yield make["DocRecord"](docid=row, collection_docid=doc_id, doclength=int(lengths[row]))


def _classes() -> dict[str, Any]:
    """The classes of the format's messages, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="ciff.proto", package="io.osirrc.ciff", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, start=1):
            is_message = kind in _MESSAGES
            label = 3 if is_message else 1  # repeated, or optional
            added = message.field.add(name=field, number=number, type=_TYPES[kind], label=label)
            if is_message:
                added.type_name = f".io.osirrc.ciff.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"io.osirrc.ciff.{name}"))
        for name in _MESSAGES
    }
