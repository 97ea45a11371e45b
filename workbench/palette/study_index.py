"""What of one study can be looked for: latents by label or number, words, documents by title or id, queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analyses.text.word_table import WordTable
from retrieval.study import Study
from workbench.palette.names import Match, Names, find, names_of

Kind = Literal["page", "study", "latent", "word", "document", "query", "ask"]
KIND_NAMES: Mapping[Kind, str] = {
    "page": "Page",
    "study": "Study",
    "latent": "Latent",
    "word": "Word",
    "document": "Document",
    "query": "Query",
    "ask": "Ask",
}
LONGEST = 160  # characters of what is shown


@dataclass(frozen=True)
class Choice:
    """kind: what it is. title, detail: what is shown. page, parameters: where it leads. quality: as `Match`."""

    kind: Kind
    title: str
    detail: str
    page: str
    parameters: tuple[tuple[str, str], ...] = ()
    quality: int = 0


@dataclass(frozen=True)
class StudyIndex:
    """The names of one study, prepared; rows of latents and words are the frequent ones first."""

    latents: Sequence[int]
    labels: Sequence[str]
    document_frequency: Sequence[int]
    words: Sequence[str]
    word_tokens: Sequence[int]
    doc_ids: Sequence[str]
    titles: Sequence[str]
    queries: Sequence[str]
    names: Mapping[str, Names]


def study_index(study: Study, vocabulary: pd.DataFrame, words: WordTable | None) -> StudyIndex:
    """The index of a study. vocabulary: the latents with their labels; words: None where no table is at hand."""
    active = vocabulary.sort_values("document_frequency", ascending=False, kind="stable")
    counts = np.diff(words.ptr) if words is not None else np.empty(0, np.int64)
    often = np.argsort(-counts, kind="stable")
    shown = [str(words.words[row]) for row in often] if words is not None else []
    ids, titles = list(study.corpus.ids), list(study.corpus.titles)
    labels, queries = active["label"].astype(str).tolist(), list(study.queries.texts)
    named = {"latent": labels, "word": shown, "title": titles, "id": ids, "query": queries}
    return StudyIndex(
        active["latent"].tolist(),
        labels,
        active["document_frequency"].tolist(),
        shown,
        counts[often].tolist(),
        ids,
        titles,
        queries,
        {name: names_of(texts) for name, texts in named.items()},
    )


def found_in(index: StudyIndex, typed: str, most: int) -> list[Choice]:
    """At most `most` of each kind."""
    return [
        *_latents(index, typed, most),
        *(_word(index, match) for match in find(index.names["word"], typed, most)),
        *_documents(index, typed, most),
        *(_query(index, match) for match in find(index.names["query"], typed, most)),
    ]


def latent_choice(index: StudyIndex, row: int, quality: int = 0) -> Choice:
    latent, n = index.latents[row], index.document_frequency[row]
    detail = f"{latent} · in {n:,} document{'s' * (n != 1)}"
    return Choice(
        "latent", _cut(index.labels[row]) or "no label", detail, "latent", (("latent", str(latent)),), quality
    )


def _latents(index: StudyIndex, typed: str, most: int) -> list[Choice]:
    number = typed.strip()
    exact = [index.latents.index(int(number))] if _is_number(number) and int(number) in index.latents else []
    matches = [(row, 0) for row in exact]
    matches += [
        (one.row, one.quality) for one in find(index.names["latent"], typed, most) if one.row not in exact
    ]
    return [latent_choice(index, row, quality) for row, quality in matches[:most]]


def _word(index: StudyIndex, match: Match) -> Choice:
    word, n = index.words[match.row], index.word_tokens[match.row]
    detail = f"{n:,} token{'s' * (n != 1)}"
    return Choice("word", _cut(word), detail, "word", (("word", word),), match.quality)


def _documents(index: StudyIndex, typed: str, most: int) -> list[Choice]:
    best: dict[int, int] = {}
    for name in ("title", "id"):
        for match in find(index.names[name], typed, most):
            best[match.row] = min(match.quality, best.get(match.row, match.quality))
    rows = sorted(best, key=lambda row: (best[row], row))[:most]
    return [
        Choice(
            "document",
            _cut(index.titles[row]) or index.doc_ids[row],
            _cut(index.doc_ids[row]),
            "search",
            (("doc", index.doc_ids[row]),),
            best[row],
        )
        for row in rows
    ]


def _query(index: StudyIndex, match: Match) -> Choice:
    text = index.queries[match.row]
    return Choice("query", _cut(text), "of this collection", "search", (("q", text),), match.quality)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
