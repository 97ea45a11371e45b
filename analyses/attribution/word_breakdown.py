"""The score breakdown of lexical BM25: contributions of words.

    score(q, d) = sum_w c_w        c_w = count_w(q) * idf_w * saturation_w(d)

Exact. Each contribution is shared evenly over the places where the word stands, in any form with its stem; document
and query share it separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analyses.attribution.score_breakdown import position_of
from retrieval.lexical import WordSpan
from retrieval.search import contributions
from retrieval.study import Study


@dataclass(frozen=True)
class LexicalExplanation:
    """The word breakdown of one (query, document).

    score: to the bit that of search, in float32. breakdown, one row per word that both have, falling by
    contribution: word (its stem), form (as the document first has it, in lower case), query_count, idf,
    document_count, saturation, contribution. residual: score - sum of contributions. unknown: words of the
    query that no document has; missing: those that this document lacks. document_words, query_words: stem,
    start, end (characters), credit, in text order.
    """

    query: str
    doc_id: str
    score: float
    residual: float
    breakdown: pd.DataFrame
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    document_words: pd.DataFrame
    query_words: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        return {
            "query": self.query,
            "doc_id": self.doc_id,
            "score": self.score,
            "residual": self.residual,
            "words": self.breakdown.to_dict("records"),
            "unknown": list(self.unknown),
            "missing": list(self.missing),
        }


def explain_words(study: Study, query: str, doc_id: str) -> LexicalExplanation:
    """Lexical BM25's breakdown of `doc_id` for `query`; an unknown document is a `UserError`."""
    document = position_of(study, doc_id)
    score, terms = contributions(study.stems.weighted, study.stems.terms.count([query]), document)
    words = np.array([study.stems.terms.labels[term] for term in terms["term"]], object)
    table = pd.DataFrame(
        {
            "word": words,
            "query_count": terms["query_weight"],
            "idf": terms["idf"],
            "document_count": terms["document_weight"],
            "saturation": terms["saturation"],
            "contribution": terms["contribution"],
        }
    )
    shared = table["document_count"] > 0
    breakdown = table[shared].sort_values("contribution", ascending=False, kind="stable", ignore_index=True)
    text = study.corpus.texts[document]
    words_of = study.stems.words.spans
    forms = {span.stem: text[span.start : span.end].lower() for span in reversed(words_of(text))}
    breakdown.insert(1, "form", [forms[word] for word in breakdown["word"]])
    query_stems = dict.fromkeys(span.stem for span in words_of(query))
    return LexicalExplanation(
        query,
        doc_id,
        score,
        score - float(breakdown["contribution"].sum()),
        breakdown,
        tuple(stem for stem in query_stems if stem not in study.stems.terms.columns),
        tuple(table.loc[~shared, "word"]),
        _shared(words_of(text), breakdown),
        _shared(words_of(query), breakdown),
    )


def _shared(words: Sequence[WordSpan], breakdown: pd.DataFrame) -> pd.DataFrame:
    """The occurrences of the breakdown's words in a text, each with its share of the word's contribution."""
    contribution = dict(zip(breakdown["word"], breakdown["contribution"], strict=True))
    rows = [span for span in words if span.stem in contribution]
    places = pd.DataFrame(rows, columns=["stem", "start", "end"])
    times = places.groupby("stem")["stem"].transform("size")
    return places.assign(credit=places["stem"].map(contribution).astype(np.float64) / times)
