"""Collections by their ir_datasets name, such as `beir/scifact/test` or `msmarco-passage/dev/small`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from data.corpus import Collection, Problem, Qrels, Queries
from data.errors import UserError
from data.readers.records import Judgement, Row, corpus_of, judged, queries_of, without_title


def read_ir_datasets(name: str, split: str = "test") -> Collection:
    """The collection `name` of ir_datasets, or `name/split` if only that one has judgements.

    Texts are the library's `default_text()`: title and text for a document with both. The collection is downloaded
    the first time. An unknown name, a collection without documents or a failed download raises a `UserError`.
    """
    import ir_datasets  # takes a second to import, and few sources need it

    try:
        dataset = ir_datasets.load(name)
    except KeyError:
        raise UserError(
            f"ir_datasets knows no collection {name!r}: https://ir-datasets.com lists their names"
        ) from None
    if not dataset.has_qrels():
        with suppress(KeyError):
            dataset = ir_datasets.load(f"{name}/{split}")
            name = f"{name}/{split}"
    if not dataset.has_docs():
        raise UserError(f"ir_datasets:{name} has no documents: choose a collection that has documents")
    problems: list[Problem] = []
    queries = Queries((), ())
    qrels: Qrels = {}
    try:
        corpus = corpus_of(_documents(dataset, name), problems, f"ir_datasets:{name}")
        if dataset.has_queries():
            queries = queries_of(_queries(dataset, name), problems)
        if dataset.has_queries() and dataset.has_qrels():
            judgements = _judgements(dataset, name)
            queries, qrels = judged(judgements, corpus, queries, problems, f"ir_datasets:{name}")
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, the library's own RuntimeErrors
        raise UserError(
            f"ir_datasets could not fetch {name!r} ({type(error).__name__}): is there a network, and does the "
            f"collection ask for a licence (see https://ir-datasets.com/{name.split('/')[0]})?"
        ) from error
    card = {
        "source": f"ir_datasets:{name}",
        "split": split,
        "versions": {"ir_datasets": ir_datasets.__version__},
    }
    return Collection(name, corpus, queries, qrels, tuple(problems), card)


def _documents(dataset: Any, name: str) -> Iterator[Row]:
    for number, document in enumerate(dataset.docs_iter(), start=1):
        text, title = document.default_text(), getattr(document, "title", "") or ""
        body = without_title(text, title)
        where = f"{name} document {number}"
        yield Row(where, document.doc_id, text) if body is None else Row(where, document.doc_id, body, title)


def _queries(dataset: Any, name: str) -> Iterator[Row]:
    for number, query in enumerate(dataset.queries_iter(), start=1):
        yield Row(f"{name} query {number}", query.query_id, query.default_text())


def _judgements(dataset: Any, name: str) -> Iterator[Judgement]:
    for number, qrel in enumerate(dataset.qrels_iter(), start=1):
        yield Judgement(f"{name} judgement {number}", qrel.query_id, qrel.doc_id, qrel.relevance)
