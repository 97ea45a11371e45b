"""Documents of a study with one edit and its control, and every system's score of the three, a row each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.why.reading.edited_scores import SYSTEMS, TextScorer
from analyses.why.reading.edits import Edited, Kind, Source
from analyses.why.reading.word_choice import CollectionWords
from data.progress import Progress, within
from retrieval.lexical import stems_of
from retrieval.queries import study_queries
from retrieval.study import Study
from retrieval.systems import LEXICAL

POOL = 20
AT_ONCE = 64  # documents whose texts are encoded at a time
ROOM = 16  # tokens that an edit may add
COLUMNS = ("kind", "query_id", "doc_id", "word", "instead", "system", "document", "edit", "control", "asked")


def pairs_of_kind(
    study: Study,
    kind: Kind,
    words: CollectionWords,
    n_documents: int,
    seed: list[int],
    progress: Progress | None = None,
) -> pd.DataFrame:
    """`Pairs.scores` of one kind; fewer documents where fewer can be edited."""
    report = within(progress, f"Minimal pairs: {kind.title.lower()}")
    edited = list(edited_documents(study, kind, words, n_documents, seed))
    scorer, tables = TextScorer(study), []
    for start in range(0, len(edited), AT_ONCE):
        chunk = edited[start : start + AT_ONCE]
        rows = np.repeat([row for row, _, _, _ in chunk], 3)
        texts = [text for _, _, whole, pair in chunk for text in (whole, pair.edit, pair.control)]
        for system, scores in scorer.scores(rows, texts).items():
            document, edit, control = scores.reshape(-1, 3).T
            tables.append(
                pd.DataFrame(
                    {
                        "kind": kind.name,
                        "query_id": [study.queries.ids[row] for row, _, _, _ in chunk],
                        "doc_id": [study.corpus.ids[place] for _, place, _, _ in chunk],
                        "word": [pair.word for _, _, _, pair in chunk],
                        "instead": [pair.instead for _, _, _, pair in chunk],
                        "system": system,
                        "document": document,
                        "edit": edit,
                        "control": control,
                        "asked": n_documents,
                    }
                )
            )
        if report:
            report(min(start + AT_ONCE, len(edited)), len(edited))
    if not tables:
        return pd.DataFrame({name: [] for name in COLUMNS})
    table = pd.concat(tables, ignore_index=True)
    order = [SYSTEMS.index(system) for system in table["system"]]
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def edited_documents(
    study: Study, kind: Kind, words: CollectionWords, n_documents: int, seed: list[int]
) -> Iterator[tuple[int, int, str, Edited]]:
    """(query's row, document's position, its text as read, the edits) of drawn documents, each at most once."""
    generator = np.random.default_rng(seed)
    query, document = _candidates(study)
    used: set[int] = set()
    stems: dict[int, frozenset[str]] = {}
    for i in generator.permutation(len(query)).tolist():
        row, place = int(query[i]), int(document[i])
        if len(used) == n_documents:
            return
        if place in used:
            continue
        if row not in stems:
            stems[row] = frozenset(stems_of(study.queries.texts[row]))
        text = text_as_read(study, place)
        edited = kind.edit(Source(text, stems[row], words, generator))
        if edited is not None:
            used.add(place)
            yield row, place, text, edited


def text_as_read(study: Study, place: int) -> str:
    """A document's text up to the last token that is read with room for an edit, so that no edit pushes any out."""
    text = study.corpus.texts[place]
    spans = study.tokens.spans[study.tokens.document(place)]
    most = int(study.manifest["encoder"]["config"]["max_length"]) - ROOM
    return text if len(spans) <= most else text[: int(spans[:most, 1].max(initial=0))]


def _candidates(study: Study) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Query and document of each pair: judged relevant, or among the first POOL by lexical BM25; int64
    (n_pairs,).
    """
    run = LEXICAL.rank(study, study_queries(study), POOL)
    row, column = np.nonzero(run.documents >= 0)
    found = set(zip(row.tolist(), run.documents[row, column].tolist(), strict=True))
    found |= {
        (number, study.position[document])
        for number, query in enumerate(study.queries.ids)
        for document, grade in study.qrels.get(query, {}).items()
        if grade > 0 and document in study.position
    }
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
