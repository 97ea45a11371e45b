"""The entry of one latent, as in a dictionary: frequency, activations, words, positions and contexts.

`latent_entry` has what a latent's page shows first, in some tens of milliseconds; `whole_entry` adds neighbours,
documents and queries, as JSON can hold them. The parts are in contexts, latent_words, neighbours, latent_documents
and near_misses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array

from analyses.dictionary.latent_documents import heaviest_documents, queries_using
from analyses.dictionary.latent_words import (
    Order,
    TokenReading,
    WordUse,
    latent_wordpieces,
    latent_words,
    position_histogram,
    token_reading,
)
from analyses.labels.explanations import explanations
from analyses.latents.latent_table import vocabulary_table
from analyses.latents.neighbours import decoder_directions, nearest_by_cooccurrence, nearest_by_direction
from analyses.latents.types import kept_types
from analyses.text.contexts import (
    Band,
    Context,
    Highlight,
    bands,
    context_of,
    random_contexts,
    strongest_contexts,
)
from data.errors import UserError
from data.notebook_html import panel
from retrieval.study import Study

__all__ = ["Context", "Highlight", "LatentEntry", "context_of", "latent_entry", "whole_entry"]


@dataclass(frozen=True)
class LatentEntry:
    """One latent in one study.

    label: the user's if there is one, else automatic_label; tags and note are the user's.
    statistics: latent, label, type (None unless kept, see `kept_types`), document_frequency, token_count,
    collection_frequency, idf, idf_lucene, share_of_length, rank (by document frequency, from 1), strongest
    activation, activation_density (token_count / n_tokens), n_docs, n_tokens, n_latents. token_histogram: low, high
    (activation), count (tokens); document_histogram: the same of the latent's counts in documents. positions: see
    `position_histogram`. contexts: strongest first, one per document.
    """

    latent: int
    label: str
    automatic_label: str
    tags: tuple[str, ...]
    note: str
    statistics: Mapping[str, float | int | str | None]
    token_histogram: pd.DataFrame
    document_histogram: pd.DataFrame
    positions: pd.DataFrame
    words: WordUse
    wordpieces: WordUse
    contexts: tuple[Context, ...]
    bands: tuple[Band, ...]
    random: tuple[Context, ...]

    @property
    def dead(self) -> bool:
        """Whether the latent fires on no token of this collection."""
        return self.statistics["token_count"] == 0

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON can hold it."""
        return {
            "latent": self.latent,
            "label": self.label,
            "automatic_label": self.automatic_label,
            "tags": list(self.tags),
            "note": self.note,
            "statistics": dict(self.statistics),
            "token_histogram": self.token_histogram.to_dict("records"),
            "document_histogram": self.document_histogram.to_dict("records"),
            "positions": self.positions.to_dict("records"),
            "words": _words_dict(self.words),
            "wordpieces": _words_dict(self.wordpieces),
            "contexts": [asdict(context) for context in self.contexts],
            "bands": [asdict(band) for band in self.bands],
            "random": [asdict(context) for context in self.random],
        }

    def _repr_html_(self) -> str:
        named = ("type", "document_frequency", "idf", "idf_lucene", "strongest", "n_docs")
        facts = {name: self.statistics[name] for name in named if self.statistics.get(name) is not None}
        shown = [
            {"document": context.doc_id, "activation": context.activation, "context": context.text}
            for context in self.contexts[:6]
        ]
        return panel(f"Latent {self.latent}: {self.label}", facts, pd.DataFrame(shown))


def latent_entry(
    study: Study,
    latent: int,
    n_contexts: int = 12,
    vocabulary: pd.DataFrame | None = None,
    reading: TokenReading | None = None,
    types: pd.Series | None = None,
    order: Order = "share",
) -> LatentEntry:
    """The dictionary entry of `latent`; a latent the SAE does not have is a `UserError`.

    vocabulary, reading and types are shared by all latents of a study; computed if None. order: of its words and
    wordpieces.
    """
    if not 0 <= latent < study.n_latents:
        raise UserError(
            f"latent {latent} is outside this SAE: it has {study.n_latents:,} latents, "
            f"so choose 0 to {study.n_latents - 1}"
        )
    vocabulary = vocabulary_table(study) if vocabulary is None else vocabulary
    reading = token_reading(study) if reading is None else reading
    row = vocabulary.iloc[latent]
    _, value = study.contexts.latent(latent)
    _, counts = study.index.postings(latent)
    return LatentEntry(
        latent,
        str(row["label"]),
        str(row.get("automatic_label", row["label"])),
        tuple(filter(None, str(row.get("tags", "")).split(", "))),
        str(row.get("note", "")),
        _statistics(study, latent, vocabulary, kept_types(study) if types is None else types),
        activation_histogram(value),
        activation_histogram(-np.sort(-counts)),
        position_histogram(study, latent, reading),
        latent_words(study, latent, reading, order=order),
        latent_wordpieces(study, latent, reading, order=order),
        strongest_contexts(study, latent, n_contexts),
        bands(study, latent),
        random_contexts(study, latent),
    )


def whole_entry(study: Study, latent: int, order: Order = "share") -> dict[str, Any]:
    """`LatentEntry.to_dict` with explanations, neighbours (by direction, by co-occurrence), documents and
    queries.
    """
    vocabulary = vocabulary_table(study)
    entry = latent_entry(study, latent, vocabulary=vocabulary, order=order)
    explained = {"explanations": [each.to_dict() for each in explanations(study, latent=latent)]}
    if entry.dead:
        empty: dict[str, Any] = {"table": []}
        return {
            **entry.to_dict(),
            **explained,
            "neighbours": {"direction": empty, "cooccurrence": empty},
            "documents": empty,
            "queries": empty,
        }
    label = vocabulary["label"].to_numpy()
    active = vocabulary["document_frequency"].to_numpy() > 0
    near = nearest_by_direction(decoder_directions(study), latent, active)
    together = nearest_by_cooccurrence(study, latent)
    queries = queries_using(study, latent, csc_array(study.query_counts))
    return {
        **entry.to_dict(),
        **explained,
        "neighbours": {
            "direction": {"table": _records(near.assign(label=label[near["latent"]]))},
            "cooccurrence": {
                "table": _records(together.table.assign(label=label[together.table["latent"]])),
                "documents_read": together.n_read,
                "exact": together.exact,
            },
        },
        "documents": {"table": _records(heaviest_documents(study, latent))},
        "queries": {
            "table": _records(queries.table),
            "n_judged": queries.n_judged,
            "mean_ndcg_lost": queries.mean_lost if queries.n_judged else None,
        },
    }


def activation_histogram(value: NDArray[np.float32], n_bins: int = 24) -> pd.DataFrame:
    """Falling values counted in bins of equal ratio: columns low, high, count, which sum to len(value)."""
    if not len(value):
        return pd.DataFrame({"low": [], "high": [], "count": []})
    low, high = float(value[-1]), float(value[0])
    edges = np.geomspace(low * 0.999, max(high, low * 1.01) * 1.001, n_bins + 1)
    count = np.diff(np.searchsorted(value[::-1], edges))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": count})


def _statistics(
    study: Study, latent: int, vocabulary: pd.DataFrame, types: pd.Series
) -> dict[str, float | int | str | None]:
    row = vocabulary.iloc[latent]
    _, value = study.contexts.latent(latent)
    return {
        "latent": latent,
        "label": str(row["label"]),
        "type": str(types[latent]) if latent in types.index else None,
        **{name: int(row[name]) for name in ("document_frequency", "token_count")},
        "activation_density": int(row["token_count"]) / max(len(study.tokens.token_ids), 1),
        **{
            name: float(row[name])
            for name in ("collection_frequency", "idf", "idf_lucene", "share_of_length")
        },
        "rank": 1 + int((vocabulary["document_frequency"] > row["document_frequency"]).sum()),
        "strongest": float(value[0]) if len(value) else 0.0,
        "n_docs": len(study.corpus),
        "n_tokens": len(study.tokens.token_ids),
        "n_latents": study.n_latents,
    }


def _words_dict(use: WordUse) -> dict[str, Any]:
    return {
        "entropy": use.entropy,
        "effective_words": use.effective_words,
        "n_words": use.n_words,
        "table": use.table.to_dict("records"),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON can hold them, missing values as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
