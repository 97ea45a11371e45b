"""Why a document has its score: score(q, d) = sum_j c_j, and each c_j shared over the tokens that it comes from.

    c_j = w_j(q) * idf_j * saturation_j(d)                      the score breakdown: exact, one row per latent
    credit_tj = c_j * z_tj / sum_t' z_t'j                       sum pooling: in proportion to activation
    credit_tj = c_j / n for the n tokens with the largest z_tj  max pooling: only these set the count

A contribution is exact. Its split over tokens is a convention: the score is not a sum over tokens (there is a root
and a saturation), so credits say which tokens a latent's count comes from, not what removing a token would do. The
document's tokens and the query's tokens share each contribution separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.text.token_words import readable_wordpiece
from data.errors import UserError
from data.notebook_html import panel
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.queries import EncodedText
from retrieval.search import contribution_table, contributions
from retrieval.study import Study

TOKEN_COLUMNS = ("latent", "position", "token", "start", "end", "activation", "credit")


@dataclass(frozen=True)
class Explanation:
    """The score breakdown of one (query, document).

    score: to the bit that of search, in float32. breakdown, in float64: latent, query_weight, idf, document_weight,
    saturation, contribution, one row per latent that both have, falling by contribution.
    residual: score - sum of contributions (rounding only). document_tokens and query_tokens: latent, position
    (token in its text), token (wordpiece), start, end (characters), activation, credit; the credits of a
    latent sum to its contribution.
    """

    query: str
    doc_id: str
    score: float
    residual: float
    breakdown: pd.DataFrame
    document_tokens: pd.DataFrame
    query_tokens: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON can hold it, each latent with its tokens."""
        document = dict(iter(self.document_tokens.groupby("latent")))
        query = dict(iter(self.query_tokens.groupby("latent")))
        columns = ["token", "start", "end", "credit"]
        return {
            "query": self.query,
            "doc_id": self.doc_id,
            "score": self.score,
            "residual": self.residual,
            "latents": [
                {
                    **row,
                    "document_tokens": document[row["latent"]][columns].to_dict("records"),
                    "query_tokens": query[row["latent"]][columns].to_dict("records"),
                }
                for row in self.breakdown.to_dict("records")
            ],
        }

    def _repr_html_(self) -> str:
        columns = ["latent", "contribution", "query_weight", "idf", "document_weight", "saturation"]
        tokens = self.document_tokens.sort_values("credit", ascending=False, kind="stable")
        strongest = tokens.groupby("latent", sort=False)["token"].agg(lambda some: " ".join(some.head(3)))
        table = self.breakdown[columns].assign(tokens=self.breakdown["latent"].map(strongest))
        facts = {"score": self.score, "shared latents": len(table), "query": self.query}
        return panel(f"Why {self.doc_id} has its score", facts, table)


def explain(
    study: Study, query: str | EncodedText, doc_id: str, parameters: Bm25Parameters | None = None
) -> Explanation:
    """The score breakdown of `doc_id` for `query`; an unknown document is a `UserError`."""
    document = position_of(study, doc_id)
    encoded = study.encode(query) if isinstance(query, str) else query
    score, terms = contributions(study.weighted(parameters), encoded.counts, document)
    shared = terms[terms["document_weight"] > 0].rename(columns={"term": "latent"})
    breakdown = shared.sort_values("contribution", ascending=False, kind="stable", ignore_index=True)
    rows = study.tokens.document(document)
    tokens = study.tokens
    of_document = tokens.token_ids[rows], tokens.spans[rows], tokens.indices[rows], tokens.activations[rows]
    of_query = encoded.token_ids, encoded.spans, encoded.indices, encoded.activations
    return Explanation(
        encoded.text,
        doc_id,
        score,
        residual=score - float(breakdown["contribution"].sum()),
        breakdown=breakdown,
        document_tokens=share_over_tokens(breakdown, study, *of_document),
        query_tokens=share_over_tokens(breakdown, study, *of_query),
    )


@dataclass(frozen=True)
class Breakdowns:
    """The score breakdowns of several documents, in one pass.

    latents: the query's, rising, (n_query_latents,). contributions: float64 (n_query_latents, n_documents); a
    column sums to the document's score. credits: for each document, the proportional credit of its tokens over
    all latents, float64 (n_tokens,), with spans (n_tokens, 2) in its text.
    """

    doc_ids: tuple[str, ...]
    latents: NDArray[np.int64]
    contributions: NDArray[np.float64]
    spans: tuple[NDArray[np.int32], ...]
    credits: tuple[NDArray[np.float64], ...]


def explain_several(
    study: Study, query: EncodedText, doc_ids: Sequence[str], parameters: Bm25Parameters | None = None
) -> Breakdowns:
    """Contributions and token credits of several documents, as `explain` gives them one by one."""
    documents = np.array([study.position[doc_id] for doc_id in doc_ids], np.int64)
    table = contribution_table(study.weighted(parameters), query.counts, documents)
    spans, credits = [], []
    for document, column in zip(documents.tolist(), table.T, strict=True):
        rows, contribution = study.tokens.document(document), np.zeros(study.n_latents)
        contribution[query.counts.indices] = column
        spans.append(np.asarray(study.tokens.spans[rows]))
        position, latent, activation = _firing(
            contribution > 0, study.tokens.indices[rows], study.tokens.activations[rows]
        )
        credit = contribution[latent] * _shares(latent, activation, study.n_latents, study.pooling)
        of_tokens = np.bincount(position, weights=credit, minlength=len(spans[-1]))
        credits.append(of_tokens.astype(np.float64))
    latents = query.counts.indices.astype(np.int64)
    return Breakdowns(tuple(doc_ids), latents, table, tuple(spans), tuple(credits))


def position_of(study: Study, doc_id: str) -> int:
    """A document's position in the corpus; an unknown id is a `UserError`."""
    if doc_id not in study.position:
        raise UserError(f'study {study.name} has no document "{doc_id}": choose an id that its search shows')
    return study.position[doc_id]


def query_latents(study: Study, query: EncodedText, parameters: Bm25Parameters | None = None) -> pd.DataFrame:
    """strength_j = w_j(q) idf_j of a query's latents: latent, query_weight, idf, strength, falling by strength."""
    parameters = parameters or Bm25Parameters()
    latents = query.counts.indices.astype(np.int64)
    weight = term_weight(query.counts.data, parameters.phi)
    idf = study.weighted(parameters).idf[latents]
    table = pd.DataFrame({"latent": latents, "query_weight": weight, "idf": idf, "strength": weight * idf})
    return table.sort_values("strength", ascending=False, kind="stable", ignore_index=True)


def share_over_tokens(
    breakdown: pd.DataFrame,
    study: Study,
    token_ids: NDArray[np.int32],
    spans: NDArray[np.int32],
    indices: NDArray[Any],
    activations: NDArray[np.float32],
) -> pd.DataFrame:
    """The contributions of a breakdown shared over one text's tokens; columns TOKEN_COLUMNS, in token order."""
    contribution = np.zeros(study.n_latents)
    contribution[breakdown["latent"]] = breakdown["contribution"]
    chosen = np.zeros(study.n_latents, bool)
    chosen[breakdown["latent"]] = True
    position, latent, activation = _firing(chosen, indices, activations)
    return pd.DataFrame(
        {
            "latent": latent,
            "position": position,
            "token": [readable_wordpiece(study.wordpieces[int(t)]) for t in token_ids[position]],
            "start": spans[position, 0],
            "end": spans[position, 1],
            "activation": activation,
            "credit": contribution[latent] * _shares(latent, activation, study.n_latents, study.pooling),
        },
        columns=list(TOKEN_COLUMNS),
    )


def token_credit(tokens: pd.DataFrame) -> pd.DataFrame:
    """Credit of each token over all latents: columns position, token, start, end, credit, in text order."""
    position = tokens["position"].to_numpy()
    credit = np.bincount(position, weights=tokens["credit"])
    seen, first = np.unique(position, return_index=True)
    return tokens.iloc[first][["position", "token", "start", "end"]].assign(credit=credit[seen])


def _firing(
    chosen: NDArray[np.bool_], indices: NDArray[Any], activations: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Token, latent and activation wherever one of `chosen` (n_latents,) fires, in token order."""
    latents, activations = np.asarray(indices).astype(np.int64), np.asarray(activations)
    position, slot = np.nonzero(chosen[latents] & (activations > 0))
    return position, latents[position, slot], activations[position, slot].astype(np.float64)


def _shares(
    latent: NDArray[np.int64], activation: NDArray[np.float64], n_latents: int, pooling: Literal["sum", "max"]
) -> NDArray[np.float64]:
    """Each token's share of its latent's count; the shares of a latent sum to 1."""
    if pooling == "max":
        strongest = np.zeros(n_latents)
        np.maximum.at(strongest, latent, activation)
        activation = (activation == strongest[latent]).astype(np.float64)
    return activation / np.bincount(latent, weights=activation, minlength=n_latents)[latent]
