"""BEIR folders: corpus.jsonl, queries.jsonl, qrels/<split>.tsv, each also gzipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.corpus import Collection, Problem, Qrels, Queries
from data.errors import UserError
from data.files import read_json
from data.readers.qrels import read_judgements
from data.readers.records import corpus_of, judged, queries_of
from data.readers.tabular import table_rows


def read_beir(folder: Path, split: str = "test", qrels_file: Path | None = None) -> Collection:
    """The documents of a BEIR folder, the queries that `split` judges, and its judgements.

    A document's text is its title, a space and its text (BEIR's convention). Without queries.jsonl the folder
    is a corpus only; with queries and no qrels at all, every query is there and nothing is judged.
    qrels_file: where the judgements stand, if not in the folder's qrels/<split>.tsv.
    """
    corpus_file = _plain_or_gzipped(folder / "corpus.jsonl")
    if corpus_file is None:
        raise UserError(f"{folder} is no BEIR folder: it has no corpus.jsonl (or corpus.jsonl.gz)")
    problems: list[Problem] = []
    corpus = corpus_of(table_rows(corpus_file, problems), problems, str(corpus_file))
    queries = Queries((), ())
    qrels: Qrels = {}
    queries_file = _plain_or_gzipped(folder / "queries.jsonl")
    if queries_file is not None:
        queries = queries_of(table_rows(queries_file, problems), problems)
        qrels_file = qrels_file or find_qrels(folder, split)
        if qrels_file is not None:
            judgements = read_judgements(qrels_file, problems)
            queries, qrels = judged(judgements, corpus, queries, problems, str(qrels_file))
    card = {**_saved_card(folder), "source": str(folder), "split": split if qrels else None}
    return Collection(folder.name, corpus, queries, qrels, tuple(problems), card)


def find_qrels(folder: Path, split: str) -> Path | None:
    """The judgements of `split`; None where the folder has none, a `UserError` where it has only others.

    A file qrels.jsonl or qrels.tsv beside the corpus is taken for any split (LIMIT is published so).
    """
    places = [f"qrels/{split}.tsv", f"qrels/{split}.jsonl", "qrels.tsv", "qrels.jsonl"]
    found = next(filter(None, (_plain_or_gzipped(folder / place) for place in places)), None)
    others = sorted({path.name.split(".")[0] for path in folder.glob("qrels/*.*")})
    if found is None and others:
        raise UserError(f"{folder} has no qrels for split {split!r}: its splits are {', '.join(others)}")
    return found


def _plain_or_gzipped(path: Path) -> Path | None:
    candidates = (path, path.with_name(path.name + ".gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _saved_card(folder: Path) -> dict[str, Any]:
    """What `save_collection` noted of where the texts come from."""
    path = folder / "card.json"
    card = read_json(path) if path.is_file() else {}
    return card if isinstance(card, dict) else {}
