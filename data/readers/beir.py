"""BEIR folders: corpus.jsonl, queries.jsonl, qrels/<split>.tsv (or .jsonl, .csv ...), each also gzipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.corpus import Collection, Problem, Qrels, Queries
from data.errors import UserError
from data.files import read_json
from data.readers.names import QUERIES
from data.readers.qrels import SUFFIXES, read_judgements
from data.readers.records import corpus_of, judged, queries_of
from data.readers.tabular import table_rows


def read_beir(folder: Path, split: str = "test", qrels_file: Path | None = None) -> Collection:
    """The documents of a BEIR folder, the queries that `split` judges, and its judgements.

    A document's text is its title, a space and its text (BEIR's convention). Without queries.jsonl the folder
    is a corpus only; with queries but no qrels at all, all queries are kept and none is judged.
    qrels_file: file of the judgements; None: the folder's own qrels. A folder without corpus.jsonl, or without
    qrels for `split`, raises a `UserError`.
    """
    corpus_file = _plain_or_gzipped(folder / "corpus.jsonl")
    if corpus_file is None:
        raise UserError(f"{folder} is no BEIR folder: it has no corpus.jsonl (or corpus.jsonl.gz)")
    problems: list[Problem] = []
    queries = Queries((), ())
    qrels: Qrels = {}
    queries_file = _plain_or_gzipped(folder / "queries.jsonl")
    if queries_file is not None:
        qrels_file = qrels_file or find_qrels(folder, split)
    ids_for = "the judgements" if queries_file and qrels_file else ""
    corpus = corpus_of(table_rows(corpus_file, problems, ids_for=ids_for), problems, str(corpus_file))
    if queries_file is not None:
        queries = queries_of(table_rows(queries_file, problems, names=QUERIES, ids_for=ids_for), problems)
        if qrels_file is not None:
            judgements = read_judgements(qrels_file, problems)
            queries, qrels = judged(judgements, corpus, queries, problems, str(qrels_file))
    card = {**_saved_card(folder), "source": str(folder), "split": split if qrels else None}
    return Collection(folder.name, corpus, queries, qrels, tuple(problems), card)


def find_qrels(folder: Path, split: str) -> Path | None:
    """The file of judgements of `split`; None if the folder has no qrels, a `UserError` if only of other splits.

    A file qrels.jsonl or qrels.tsv beside the corpus serves any split (the layout of the published LIMIT).
    """
    places = [f"{stem}{suffix}" for stem in (f"qrels/{split}", "qrels") for suffix in SUFFIXES]
    qrels_file = next(filter(None, (_plain_or_gzipped(folder / place) for place in places)), None)
    others = sorted(path.name for path in folder.glob("qrels/*.*"))
    if qrels_file is not None or not others:
        return qrels_file
    if unread := [name for name in others if name.split(".")[0] == split]:
        raise UserError(
            f"{folder} has judgements of split {split!r} in {unread[0]}: expected {split} with one of "
            f"{', '.join(SUFFIXES)}, or one of them with .gz"
        )
    splits = ", ".join(splits_of(folder))
    raise UserError(f"{folder} has no qrels for split {split!r}: its splits are {splits}")


def splits_of(folder: Path) -> list[str]:
    """The splits that a folder has judgements of, sorted; none where one file serves any split."""
    return sorted({path.name.split(".")[0] for path in folder.glob("qrels/*.*")})


def _plain_or_gzipped(path: Path) -> Path | None:
    candidates = (path, path.with_name(path.name + ".gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _saved_card(folder: Path) -> dict[str, Any]:
    """The card that `save_collection` wrote; empty for a folder of another origin."""
    path = folder / "card.json"
    card = read_json(path) if path.is_file() else {}
    return card if isinstance(card, dict) else {}
