"""TREC topics and qrels, for the documents of a table or a BEIR folder."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from data.corpus import Collection, Problem
from data.errors import UserError
from data.readers.qrels import read_judgements
from data.readers.records import Row, judged, numbered_lines, queries_of

TOPIC_START = re.compile(r"<top>", re.IGNORECASE)
NUMBER = re.compile(r"<num>\s*(?:number\s*:)?\s*([^<\s]+)", re.IGNORECASE)
# Topics rarely close their tags: a title ends where the next tag begins.
TITLE = re.compile(r"<title>\s*(?:topic\s*:)?(.*?)(?=</?[a-z]+>|\Z)", re.IGNORECASE | re.DOTALL)


def read_trec(documents: Collection, topics: Path, qrels: Path) -> Collection:
    """The corpus of `documents`, with the titles of the topics that `qrels` judges as queries."""
    corpus, problems = documents.corpus, list(documents.problems)
    queries = queries_of(read_topics(topics, problems), problems)
    judgements = read_judgements(qrels, problems)
    queries, grades = judged(judgements, corpus, queries, problems, str(qrels))
    card = {**documents.card, "topics": str(topics), "qrels": str(qrels), "split": None}
    return Collection(documents.name, corpus, queries, grades, tuple(problems), card)


def read_topics(path: Path, problems: list[Problem]) -> Iterator[Row]:
    """Topics in file order: `<top> <num> .. <title> ..` (tags closed or not), or lines `id <tab> text`.

    A topic without a number or a line without a tab goes to `problems` and is skipped; a file without topics raises
    a `UserError`.
    """
    lines = list(numbered_lines(path, problems))
    sgml = any(TOPIC_START.search(line) for _, line in lines)
    rows = list(_sgml(lines, path.name, problems) if sgml else _tab_separated(lines, path.name, problems))
    if not rows:
        raise UserError(
            f"{path} holds no topic: expected <top> blocks with <num> and <title>, "
            "or lines of an id, a tab and a text"
        )
    yield from rows


def _sgml(lines: list[tuple[int, str]], name: str, problems: list[Problem]) -> Iterator[Row]:
    starts = [index for index, (_, line) in enumerate(lines) if TOPIC_START.search(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        where = f"{name}:{lines[start][0]}"
        block = "\n".join(line for _, line in lines[start:end])
        number, title = NUMBER.search(block), TITLE.search(block)
        if number is None:
            problems.append(Problem("broken line", where, "a topic without <num>; skipped"))
        else:
            yield Row(where, number[1], html.unescape(" ".join(title[1].split())) if title else "")


def _tab_separated(lines: list[tuple[int, str]], name: str, problems: list[Problem]) -> Iterator[Row]:
    for number, line in lines:
        identifier, tab, text = line.partition("\t")
        if tab:
            yield Row(f"{name}:{number}", identifier, text.strip())
        else:
            detail = f"{line[:60]!r} has no tab between an id and a text; skipped"
            problems.append(Problem("broken line", f"{name}:{number}", detail))
