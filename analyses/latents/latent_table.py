"""The vocabulary of a study's latents: one row per latent with label, frequencies and idf.

Everything is counted in one compiled pass over the contexts (latent-major activations): a second for a few million
activations. `write_vocabulary` keeps the table in the study's folder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.labels.latent_notes import latent_notes, with_notes
from analyses.text.token_words import label_of, readable_wordpiece, surface_word, word_numbers
from data.files import new_file
from data.tables import read_frame
from retrieval.bm25 import Bm25Parameters, clipped_idf, lucene_idf, term_weight
from retrieval.contexts import ContextTable
from retrieval.kernels import kernel
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

N_WORDS = 3  # words in a label
RANKS = "rank_frequency.parquet"


def vocabulary_table(study: Study) -> pd.DataFrame:
    """One row per latent, with the user's notes; read from the study's folder if kept there, otherwise computed.

    latent; label (the user's if there is one, else automatic_label, its top words); tags, note;
    document_frequency n_j (documents); token_count (tokens it fires on); collection_frequency (activation
    summed over them); idf (clipped, as in the paper) and idf_lucene; share_of_length: the latent's part of
    sum_d |d|, in [0, 1]; top_wordpiece and top_wordpiece_share, the share of the activation on that
    wordpiece. Dead latents have automatic_label "", counts 0.
    """
    return with_notes(automatic_vocabulary(study), latent_notes(study))


def automatic_vocabulary(study: Study) -> pd.DataFrame:
    """The table without the user's notes: label is the automatic one."""
    kept = study.path / "vocabulary.parquet"
    return read_frame(kept) if kept.is_file() else compute_vocabulary(study)


def write_vocabulary(study: Study) -> None:
    """Keep the vocabulary table in the study's folder, as vocabulary.parquet."""
    with new_file(study.path / "vocabulary.parquet") as temporary:
        compute_vocabulary(study).to_parquet(temporary, index=False)


def compute_vocabulary(study: Study) -> pd.DataFrame:
    """The table of `automatic_vocabulary`, from the study's postings and contexts."""
    document_frequency = study.index.document_frequency
    n_docs = len(study.corpus)
    length = latent_length(study)
    pieces, shares, _, collection = top_terms(
        study, study.tokens.token_ids, np.ones(len(study.wordpieces)), 1
    )
    return pd.DataFrame(
        {
            "latent": np.arange(study.n_latents),
            "label": latent_labels(study),
            "document_frequency": document_frequency,
            "token_count": np.diff(study.contexts.ptr),
            "collection_frequency": collection,
            "idf": clipped_idf(document_frequency, n_docs),
            "idf_lucene": lucene_idf(document_frequency, n_docs),
            "share_of_length": length / max(length.sum(), 1e-12),
            "top_wordpiece": [
                readable_wordpiece(study.wordpieces[p]) if p >= 0 else "" for p in pieces[:, 0]
            ],
            "top_wordpiece_share": shares[:, 0],
        }
    )


def latent_labels(study: Study) -> list[str]:
    """A short label of each latent: the words with the largest share of its activation times their idf.

    A word with half of the activation is the label alone. The idf keeps "the" from leading; a second and third word
    need a third of the first one's value. Deterministic; to recognise a latent by, not an explanation.
    """
    words = word_numbers(study.tokens, study.wordpieces)
    n_words = int(words.max(initial=0)) + 1
    idf = lucene_idf(document_frequency_of(words, study.tokens.offsets, n_words), len(study.corpus))
    chosen, shares, strongest, _ = top_terms(study, words, idf, N_WORDS)
    main, main_share, main_strongest, _ = top_terms(study, words, np.ones(n_words), 1)
    alone = main_share[:, 0] >= 0.5
    chosen[alone] = np.where(np.arange(N_WORDS) == 0, main[alone], -1)
    strongest[alone, :1] = main_strongest[alone]
    documents = study.tokens.document_of(strongest.ravel()).reshape(strongest.shape)
    weights = shares * idf[chosen]
    return [
        label_of(
            surface_word(study, int(strongest[latent, i]), int(documents[latent, i]))
            for i in range(N_WORDS)
            if chosen[latent, i] >= 0 and weights[latent, i] >= weights[latent, 0] / 3
        )
        for latent in range(study.n_latents)
    ]


def latent_length(study: Study) -> NDArray[np.float64]:
    """sum_d w_j(d) of each latent, float64 (n_latents,): its part of sum_d |d|."""
    weights = term_weight(study.index.counts, Bm25Parameters().phi)
    return np.diff(np.concatenate(([0.0], np.cumsum(weights)))[study.index.indptr])


def rank_frequency(study: Study) -> pd.DataFrame:
    """The table of `compute_rank_frequency`; read from the study's folder where it is kept."""
    kept = read_kept(study.path / RANKS, _facts(study))
    return compute_rank_frequency(study) if kept is None else kept


def write_rank_frequency(study: Study) -> None:
    """Keep `rank_frequency` in the study's folder, as rank_frequency.parquet."""
    write_kept(study.path / RANKS, compute_rank_frequency(study), _facts(study))


def rank_frequency_is_kept(study: Study) -> bool:
    """Whether the study keeps `rank_frequency`."""
    return read_kept(study.path / RANKS, _facts(study)) is not None


def compute_rank_frequency(study: Study) -> pd.DataFrame:
    """Document frequency by rank of latents, words and wordpieces, side by side over one collection.

    Columns system, rank (from 1), document_frequency (documents), term, latent (-1 outside the latents).
    Words and wordpieces of the same texts are the control.
    """
    vocabulary = automatic_vocabulary(study)
    pieces = document_frequency_of(study.tokens.token_ids, study.tokens.offsets, len(study.wordpieces))
    words = study.stems.weighted.index.document_frequency
    systems = {
        "latents": (vocabulary["document_frequency"].to_numpy(), vocabulary["label"].tolist()),
        "words": (words, study.stems.terms.labels),
        "wordpieces": (pieces, [readable_wordpiece(piece) for piece in study.wordpieces]),
    }
    return pd.concat([_ranked(name, *counts) for name, counts in systems.items()], ignore_index=True)


def _facts(study: Study) -> dict[str, Any]:
    return {"study": study.manifest["fingerprint"], "n_latents": study.n_latents}


def document_frequency_of(
    token_ids: NDArray[np.integer[Any]], offsets: NDArray[np.int64], n_terms: int
) -> NDArray[np.int64]:
    """Documents that hold each token id, int64 (n_terms,); offsets (n_docs + 1,) cut token_ids into documents."""
    return _count_documents(np.asarray(token_ids, np.int64), np.asarray(offsets), n_terms)


def _ranked(system: str, frequency: NDArray[Any], terms: Any) -> pd.DataFrame:
    order = np.argsort(-frequency, kind="stable")
    order = order[frequency[order] > 0]
    return pd.DataFrame(
        {
            "system": system,
            "rank": np.arange(1, len(order) + 1),
            "document_frequency": frequency[order],
            "term": [terms[i] for i in order],
            "latent": order if system == "latents" else -1,
        }
    )


def top_terms(
    study: Study, terms: NDArray[np.integer[Any]], weight: NDArray[np.float64], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The `depth` terms of each latent with most activation times `weight`; see `_count_terms`.

    terms: the term of each token of the study, int64 (n_tokens,).
    """
    return top_terms_of(study.contexts, terms, weight, depth)


def top_terms_of(
    contexts: ContextTable, terms: NDArray[np.integer[Any]], weight: NDArray[np.float64], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """`top_terms` of any contexts. Memory maps become plain arrays, for which the kernel is compiled already."""
    return _count_terms(
        np.asarray(contexts.ptr),
        np.asarray(contexts.token),
        np.asarray(contexts.value),
        np.asarray(terms, np.int64),
        weight,
        depth,
    )


@kernel
def _count_documents(terms: NDArray[np.int64], offsets: NDArray[np.int64], n_terms: int) -> NDArray[np.int64]:
    """`document_frequency_of`, in one pass: a term counts where the last document that held it was another."""
    count, last = np.zeros(n_terms, np.int64), np.full(n_terms, -1, np.int64)
    for document in range(len(offsets) - 1):
        for i in range(offsets[document], offsets[document + 1]):
            if last[terms[i]] != document:
                last[terms[i]] = document
                count[terms[i]] += 1
    return count


@kernel
def _count_terms(
    ptr: NDArray[np.int64],
    token: NDArray[np.int32],
    value: NDArray[np.float32],
    terms: NDArray[np.int64],
    weight: NDArray[np.float64],
    depth: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The `depth` terms of each latent with most activation times `weight` (n_terms,).

    Returns the terms (n_latents, depth; -1 where there are fewer), their shares of the latent's activation,
    the strongest token of each term, and the latents' summed activation (n_latents,).
    """
    n_latents = len(ptr) - 1
    chosen = np.full((n_latents, depth), -1, np.int64)
    shares = np.zeros((n_latents, depth))
    strongest = np.zeros((n_latents, depth), np.int64)
    collection = np.zeros(n_latents)
    summed = np.zeros(len(weight))
    first = np.zeros(len(weight), np.int64)
    seen = np.zeros(len(weight), np.int64)
    for latent in range(n_latents):
        n_seen = 0
        total = 0.0
        for i in range(ptr[latent], ptr[latent + 1]):
            term = terms[token[i]]
            if summed[term] == 0.0:
                seen[n_seen] = term
                n_seen += 1
                first[term] = token[i]  # contexts fall, so the first one met is the strongest
            summed[term] += value[i]
            total += value[i]
        collection[latent] = total
        for rank in range(min(depth, n_seen)):
            best = rank
            for i in range(rank, n_seen):
                if summed[seen[i]] * weight[seen[i]] > summed[seen[best]] * weight[seen[best]]:
                    best = i
            seen[rank], seen[best] = seen[best], seen[rank]
            chosen[latent, rank] = seen[rank]
            shares[latent, rank] = summed[seen[rank]] / total
            strongest[latent, rank] = first[seen[rank]]
        for i in range(n_seen):
            summed[seen[i]] = 0.0
    return chosen, shares, strongest, collection
