"""A study in PyTerrier's pipelines: rows with a query come in, rows with document and score go out.

    latent_terms = Retriever(study)                                 # any system: Retriever(study, "cosine")
    pipeline = bm25 % 100 >> ...                                    # as any other transformer
    QueryTerms(study) >> ...                                        # query_toks: {latent: weight x idf}
    DocumentTerms(study) >> indexer                                 # toks: {latent: impact}, for sparse indexes

`query_toks` and `toks` are PyTerrier's columns for learned sparse retrieval; their inner product is the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.study import Study
from retrieval.systems import LATENT, rank
from retrieval.variants import counts_of
from workbench.export.impacts import impacts_of

try:
    from pyterrier import Transformer
except ImportError as error:
    raise UserError("PyTerrier is not installed here: `pip install python-terrier`") from error

DEPTH = 1_000
RESULTS = ("qid", "query", "docno", "score", "rank")


class Retriever(Transformer):  # type: ignore[misc]  # PyTerrier has no types
    """A system of the study, as `bm25` is in PyTerrier. system: a name of `retrieval.systems`."""

    def __init__(
        self,
        study: Study,
        system: str = LATENT.name,
        depth: int = DEPTH,
        parameters: Bm25Parameters | None = None,
    ) -> None:
        super().__init__()
        self.study, self.system, self.depth, self.parameters = study, system, depth, parameters

    def transform(self, inp: pd.DataFrame) -> pd.DataFrame:
        """qid, query -> qid, query, docno, score, rank (from 0), best first."""
        queries = _column(inp, "query", "qid")
        if queries.empty:
            return pd.DataFrame(columns=list(RESULTS))
        texts, ids = queries["query"].astype(str).tolist(), queries["qid"].astype(str).tolist()
        run = rank(self.study, self._query_set(ids, texts), self.system, self.depth, self.parameters)
        row, place = np.nonzero(run.documents >= 0)
        documents = run.documents[row, place]
        return pd.DataFrame(
            {
                "qid": [ids[at] for at in row],
                "query": [texts[at] for at in row],
                "docno": [self.study.corpus.ids[document] for document in documents],
                "score": run.scores[row, place].astype(np.float64),
                "rank": place,
            },
            columns=list(RESULTS),
        )

    def _query_set(self, ids: Sequence[str], texts: Sequence[str]) -> QuerySet:
        def encode() -> tuple[csr_array, NDArray[np.float32]]:
            states = self.study.encoder.encode(texts, "query")
            return counts_of(self.study.sae, states.states, self.study.pooling), states.pooled

        return QuerySet(ids, texts, encode)


class _Terms(Transformer):  # type: ignore[misc]
    role: Literal["query", "document"]
    text: str
    terms: str

    def __init__(self, study: Study, parameters: Bm25Parameters | None = None) -> None:
        super().__init__()
        self.study, self.impacts = study, impacts_of(study, parameters)

    def transform(self, inp: pd.DataFrame) -> pd.DataFrame:
        """The same rows with a column of latent terms, each a dict of weights by the latent's number as text."""
        texts = _column(inp, self.text)[self.text].astype(str).tolist()
        weights = self.impacts.of_texts(self.study, texts, self.role)
        return inp.assign(**{self.terms: pd.Series(_dicts(weights), index=inp.index, dtype=object)})


class QueryTerms(_Terms):
    """query -> query_toks."""

    role, text, terms = "query", "query", "query_toks"


class DocumentTerms(_Terms):
    """text -> toks."""

    role, text, terms = "document", "text", "toks"


def _dicts(weights: csr_array) -> list[dict[str, float]]:
    ends: list[Any] = weights.indptr.tolist()
    return [
        {
            str(j): float(w)
            for j, w in zip(weights.indices[a:b].tolist(), weights.data[a:b].tolist(), strict=True)
        }
        for a, b in pairwise(ends)
    ]


def _column(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The table, if it has these columns."""
    if missing := [name for name in names if name not in table]:
        raise UserError(
            f"this step needs the column {missing[0]}, and its table has {', '.join(map(str, table))}: "
            "rename one in the step before"
        )
    return table
