"""Why lexical BM25 scores a document as it does: the same ledger as the latents', of words.

    score(q, d) = sum_w c_w        c_w = count_w(q) * idf_w * saturation_w(d)

Exact. Each contribution is shared evenly over the places where the word stands, in any form with its stem; document
and query share it separately.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analyses.token_credit import position_of
from retrieval.lexical import word_spans
from retrieval.search import contributions
from retrieval.study import Study


@dataclass(frozen=True)
class LexicalExplanation:
    """The ledger of words of one (query, document).

    score: to the bit what search gives, in float32. ledger, of each word that both have, falling by contribution:
    word (its stem), form (as the document first has it, in lower case), query_count, idf, document_count,
    saturation, contribution. residual: score - sum of contributions. unknown: words of the query that no document
    has; missing: those that this document lacks.
    document_words, query_words: stem, start, end (characters), credit, in text order.
    """

    query: str
    doc_id: str
    score: float
    residual: float
    ledger: pd.DataFrame
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
            "words": self.ledger.to_dict("records"),
            "unknown": list(self.unknown),
            "missing": list(self.missing),
        }


def explain_words(study: Study, query: str, doc_id: str) -> LexicalExplanation:
    """Lexical BM25's ledger of `doc_id` for `query`; an unknown document is a `UserError`."""
    document = position_of(study, doc_id)
    score, terms = contributions(study.lexical, study.words.count([query]), document)
    words = np.array([study.words.words[term] for term in terms["term"]], object)
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
    there = table["document_count"] > 0
    ledger = table[there].sort_values("contribution", ascending=False, kind="stable", ignore_index=True)
    text = study.corpus.texts[document]
    forms = {span.stem: text[span.start : span.end].lower() for span in reversed(word_spans(text))}
    ledger.insert(1, "form", [forms[word] for word in ledger["word"]])
    asked = dict.fromkeys(span.stem for span in word_spans(query))
    return LexicalExplanation(
        query,
        doc_id,
        score,
        score - float(ledger["contribution"].sum()),
        ledger,
        tuple(stem for stem in asked if stem not in study.words.columns),
        tuple(table.loc[~there, "word"]),
        _shared(text, ledger),
        _shared(query, ledger),
    )


def _shared(text: str, ledger: pd.DataFrame) -> pd.DataFrame:
    """The places of the ledger's words in a text, each with its part of their contributions."""
    contribution = dict(zip(ledger["word"], ledger["contribution"], strict=True))
    rows = [span for span in word_spans(text) if span.stem in contribution]
    places = pd.DataFrame(rows, columns=["stem", "start", "end"])
    times = places.groupby("stem")["stem"].transform("size")
    return places.assign(credit=places["stem"].map(contribution).astype(np.float64) / times)
