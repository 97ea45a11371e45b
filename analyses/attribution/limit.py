"""One query of a LIMIT-style collection, "Who likes quokkas?": why the pooled vector misses what latents find.

    power_j = mean of c_jd over the relevant documents, minus its mean over all others        exact, all documents
    p_d = 1/T sum_t h_t = n/T a_d + (T - n)/T r_d       a_d: mean state of the n tokens that name the attribute
    MaxSim(q, d) = mean over the query's attribute tokens s of max_t cos(h_s, h_t)

A document that lists fifty things names each with a few tokens, so each is a few percent of the pooled vector,
however well these tokens alone match the query; the count of a latent that fires on them is not diluted. Control of
the power: the largest of any latent for as many random documents. A study keeps no token states, so the candidates
are encoded again; ranks by token states are among the candidates alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.attribution.cosine_breakdown import why_no_breakdown
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.columns import best_documents, query_columns, rank_of
from retrieval.cosine import unit_rows
from retrieval.queries import EncodedText
from retrieval.study import Study

QUERY = re.compile(r"\s*who\s+likes\s+(?P<attribute>.+?)\s*\?*\s*", re.IGNORECASE)
N_FIRST, N_RANDOM, N_DRAWS = 10, 10, 300


@dataclass(frozen=True, eq=False)
class Attribute:
    """A query's latents by how they separate the relevant documents, and the documents in which they fire.

    latents, by falling power: latent, power, relevant, others (mean contributions), document_frequency, idf,
    n_relevant (relevant documents in which the latent fires), named (of these, those in which the latent
    fires on the attribute's own words). documents, the candidates: document, doc_id, relevant, names (whether
    the text has the attribute), latent_rank, cosine_rank (exact, of all documents; None for a score of 0),
    cosine. contributions: (n_latents, n_candidates), in these orders. chance: the 95th percentile of the
    largest power for N_DRAWS random sets of as many documents.
    """

    name: str
    latents: pd.DataFrame
    documents: pd.DataFrame
    contributions: NDArray[np.float32]
    chance: float
    tenth_cosine: float


@dataclass(frozen=True, eq=False)
class Pooled:
    """The attribute's tokens in the pooled vector, for each candidate.

    documents: document, n_tokens, n_named (tokens that name the attribute), share (of these in the
    vector: sum over them of h_t . p_d / (T |p_d|^2), which over all tokens is 1), cosine (of the pooled
    vector with the query's), named_cosine (of the mean state of the named tokens; NaN where there is none),
    rest_cosine (of all the others'), best_token (highest of any token), maxsim, and their places among the
    candidates: cosine_place, token_place, maxsim_place. tokens: one row per token: document, cosine, named.
    """

    documents: pd.DataFrame
    tokens: pd.DataFrame


def attribute_of(query: str) -> str | None:
    """X of a query "Who likes X?"; None for any other query."""
    match = QUERY.fullmatch(query)
    return match["attribute"] if match else None


def is_limit_style(study: Study) -> bool:
    """Whether most of a study's queries have the form "Who likes X?"."""
    texts = study.queries.texts[:: max(len(study.queries) // 50, 1)]
    return bool(texts) and sum(attribute_of(text) is not None for text in texts) > len(texts) / 2


def attribute_latents(
    study: Study,
    query: EncodedText,
    relevant_ids: list[str],
    parameters: Bm25Parameters | None = None,
    seed: int = 0,
) -> Attribute:
    """The latents of a query by power, and where they fire; no text is encoded.

    A query of another form, or without relevant documents, is a `UserError`.
    """
    parameters = parameters or Bm25Parameters()
    name = attribute_of(query.text)
    relevant = np.array(sorted(study.position[d] for d in relevant_ids if d in study.position), np.int64)
    if name is None or not len(relevant):
        raise UserError(f'expected a judged query such as "Who likes quokkas?", got {query.text[:60]!r}')
    counts = csr_array(query.counts)
    counts.sort_indices()
    columns = query_columns(study.index, counts, parameters)
    scores = columns.sum(axis=0, dtype=np.float64)
    cosines = unit_rows(study.vectors) @ unit_rows(query.vector)[0]
    total = columns.sum(axis=1, dtype=np.float64)
    power = _powers(columns, total, relevant)
    generator = np.random.default_rng(seed)
    draws = [generator.choice(len(scores), len(relevant), replace=False) for _ in range(N_DRAWS)]
    chance = float(np.quantile([_powers(columns, total, drawn).max() for drawn in draws], 0.95))
    documents = _candidates(relevant, scores, cosines, generator)
    order = np.argsort(-power, kind="stable")
    latents = counts.indices[order]
    fires = np.array([study.index.positions(int(d), latents) >= 0 for d in relevant])
    named = np.array([_fires_on(study, int(d), latents, name) for d in relevant])
    others = total - columns[:, relevant].sum(axis=1, dtype=np.float64)
    table = pd.DataFrame(
        {
            "latent": latents,
            "power": power[order],
            "relevant": columns[:, relevant].mean(axis=1, dtype=np.float64)[order],
            "others": others[order] / max(len(scores) - len(relevant), 1),
            "document_frequency": study.index.document_frequency[latents],
            "n_relevant": fires.sum(axis=0),
            "named": named.sum(axis=0),
        }
    )
    shown = pd.DataFrame(
        {
            "document": documents,
            "doc_id": [study.corpus.ids[d] for d in documents.tolist()],
            "relevant": np.isin(documents, relevant),
            "names": [bool(_spans(study.corpus.texts[d], name)) for d in documents.tolist()],
            "latent_rank": pd.array([rank_of(scores, d) for d in documents.tolist()], dtype="Int64"),
            "cosine_rank": [_rank(cosines, d) for d in documents.tolist()],
            "cosine": cosines[documents].astype(np.float64),
        }
    )
    tenth = float(np.sort(cosines)[-min(N_FIRST, len(cosines))])
    return Attribute(name, table, shown, columns[order][:, documents], chance, tenth)


def pooled_away(study: Study, query: EncodedText, attribute: Attribute) -> Pooled:
    """Encode the candidates again, and measure each token's part of the pooled vector; seconds on a CPU.

    A `UserError` where the encoder's vector is not the mean of the states that the SAE reads.
    """
    if (reason := why_no_breakdown(study)) is not None:
        raise UserError(reason)
    encoder = study.encoder if study.encoder.config.special_tokens else study.encoder.with_special_tokens()
    documents = attribute.documents["document"].to_numpy()
    texts = [study.corpus.texts[d] for d in documents.tolist()]
    states = encoder.encode(texts)
    query_states = encoder.encode([query.text], "query")
    vector = unit_rows(query.vector)[0]
    in_name = _within(query_states.spans, _spans(query.text, attribute.name))
    query_tokens = unit_rows(query_states.states.values[in_name if in_name.any() else slice(None)])
    rows, tokens = [], []
    for number, (document, text) in enumerate(zip(documents.tolist(), texts, strict=True)):
        part = slice(int(states.states.offsets[number]), int(states.states.offsets[number + 1]))
        values = states.states.values[part].astype(np.float32)
        unit, named = unit_rows(values), _within(states.spans[part], _spans(text, attribute.name))
        toward, own = unit @ vector, values @ values.mean(axis=0)
        rows.append(
            {
                "document": document,
                "n_tokens": len(values),
                "n_named": int(named.sum()),
                "share": float(own[named].sum() / own.sum()),
                "cosine": _cosine_of(values, vector),
                "named_cosine": _cosine_of(values[named], vector),
                "rest_cosine": _cosine_of(values[~named], vector),
                "best_token": float(toward.max()),
                "maxsim": float((query_tokens @ unit.T).max(axis=1).mean()),
            }
        )
        tokens.append(pd.DataFrame({"document": document, "cosine": toward, "named": named}))
    table = pd.DataFrame(rows)
    for name, measure in (("cosine", "cosine"), ("token", "best_token"), ("maxsim", "maxsim")):
        table[f"{name}_place"] = table[measure].rank(ascending=False, method="first").astype(int)
    return Pooled(table, pd.concat(tokens, ignore_index=True))


def _powers(
    columns: NDArray[np.float32], total: NDArray[np.float64], documents: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean contribution of each latent to some documents less its mean over all others, (n_query_latents,)."""
    inside = columns[:, documents].sum(axis=1, dtype=np.float64)
    outside = columns.sum(axis=1, dtype=np.float64) - inside
    powers: NDArray[np.float64] = inside / len(documents) - outside / max(
        columns.shape[1] - len(documents), 1
    )
    return powers


def _candidates(
    relevant: NDArray[np.int64],
    scores: NDArray[np.float64],
    cosines: NDArray[np.float32],
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """The relevant documents, the first of both rankings, and some at random; in this order, each once."""
    drawn = generator.choice(len(scores), min(N_RANDOM, len(scores)), replace=False)
    by_cosine = np.argsort(-cosines, kind="stable")[:N_FIRST]
    together = np.concatenate([relevant, best_documents(scores, N_FIRST), by_cosine, drawn])
    _, first = np.unique(together, return_index=True)
    candidates: NDArray[np.int64] = together[np.sort(first)]
    return candidates


def _fires_on(study: Study, document: int, latents: NDArray[np.int32], name: str) -> NDArray[np.bool_]:
    """Which latents fire on a token that names the attribute, (len(latents),)."""
    rows = study.tokens.document(document)
    named = _within(np.asarray(study.tokens.spans[rows]), _spans(study.corpus.texts[document], name))
    active = np.asarray(study.tokens.activations[rows])[named] > 0
    return np.isin(latents, np.asarray(study.tokens.indices[rows])[named][active])


def _spans(text: str, name: str) -> list[tuple[int, int]]:
    """Start and end characters of these words in a text, whatever their case."""
    words = r"\s+".join(map(re.escape, name.split()))
    return [match.span() for match in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)]


def _within(spans: NDArray[np.int32], named: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Whether each token overlaps one of these spans, bool (n_tokens,)."""
    inside = np.zeros(len(spans), bool)
    for start, end in named:
        inside |= (spans[:, 0] < end) & (spans[:, 1] > start)
    return inside


def _cosine_of(states: NDArray[np.float32], vector: NDArray[np.float32]) -> float:
    """Cosine of the mean of some states with a unit vector, NaN where there is none."""
    return float(unit_rows(states.mean(axis=0, keepdims=True))[0] @ vector) if len(states) else float("nan")


def _rank(values: NDArray[np.float32], document: int) -> int:
    """Rank of a document by falling value, from 1, ties in document order; unlike `rank_of`, also at 0 and
    below.
    """
    value = values[document]
    return 1 + int((values > value).sum()) + int((values[:document] == value).sum())
