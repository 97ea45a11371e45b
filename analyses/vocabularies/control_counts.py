"""Texts of a study read anew, and how often each term occurs in them: its queries, and a sample by its controls.

Reading is the encoder's work, and takes from seconds to a minute: what was counted is kept in each vocabulary's
folder as documents.parquet and queries.parquet, a row per term and text. The controls read a sample of the
documents, drawn by `SEED`, and all queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.latent_table import vocabulary_table
from analyses.text.token_words import readable_wordpiece, word_around
from analyses.text.word_table import folded
from analyses.vocabularies.term_counts import TermCounts
from data.progress import Progress, within
from data.ragged import offsets_of
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study
from retrieval.vocabularies import (
    LATENTS,
    RANDOM_DIRECTIONS,
    RANDOM_ENCODER,
    VOCABULARIES,
    WORDPIECES,
    WORDS,
)

if TYPE_CHECKING:  # torch: only when a text is encoded
    from data.encoders import TokenStates
    from sae.model import SparseAutoencoder

CONTROLS = (RANDOM_DIRECTIONS.name, RANDOM_ENCODER.name)
COUNTED = (LATENTS.name, WORDS.name, WORDPIECES.name)  # of which the queries are counted
N_DOCUMENTS = 1000  # of the sample
SEED = 0
N_MEAN = 256  # documents whose mean state is the random SAE's b_dec
FORMAT = 1


def sample_of(study: Study) -> NDArray[np.int64]:
    """Positions of the documents that the controls read."""
    n_docs = len(study.corpus)
    return np.sort(np.random.default_rng(SEED).permutation(n_docs)[:N_DOCUMENTS])


def read_control(study: Study, control: str, over: str = "documents") -> pd.DataFrame | None:
    """The kept table of one of CONTROLS: term (rising), text, count, mass; None where none is kept.

    text: position in the sample of the documents, or of all queries.
    """
    return read_kept(_table_path(study, control, over), _facts(study))


def controls_are_kept(study: Study, wanted: Sequence[str] = CONTROLS, queries: bool = True) -> bool:
    """Whether `write_controls` has nothing to do."""
    return all(
        control_is_kept(study, control, over)
        for control in wanted
        if _exists(study, control)
        for over in _texts_of(study, queries)
    )


def control_is_kept(study: Study, control: str, over: str = "documents") -> bool:
    """Whether `read_control` gives a table."""
    return is_kept(_table_path(study, control, over), _facts(study))


def write_controls(
    study: Study,
    progress: Progress | None = None,
    wanted: Sequence[str] = CONTROLS,
    queries: bool = True,
) -> None:
    """Send the sample, and the queries, through the wanted controls and keep what they say; a minute or so each."""
    from dataclasses import replace

    from data.encoders import Encoder
    from sae.control_dictionaries import random_directions

    texts = [study.corpus.texts[int(document)] for document in sample_of(study)]
    for control in wanted:
        if controls_are_kept(study, [control], queries):
            continue
        encoder, sae = study.encoder, study.sae
        if control == RANDOM_ENCODER.name:
            twin = replace(encoder.config, model=f"random:{encoder.config.model}")
            encoder = Encoder.load(twin)
        report = within(progress, f"Read by {control.replace('_', ' ')}")
        states = encoder.encode(texts, "document", report)
        if control == RANDOM_DIRECTIONS.name:
            sample = states.states.values[: states.states.offsets[min(N_MEAN, len(texts))]]
            sae = random_directions(sae, sample, SEED)
        table = latent_counts(states, sae, study.pooling == "max")
        write_kept(_table_path(study, control, "documents"), table, _facts(study))
        if "queries" in _texts_of(study, queries):
            table = latent_counts(
                encoder.encode(list(study.queries.texts), "query"), sae, study.pooling == "max"
            )
            write_kept(_table_path(study, control, "queries"), table, _facts(study))


def counted_queries(study: Study) -> list[tuple[TermCounts, NDArray[np.float32] | None]]:
    """Latents (with pooled activation), words and wordpieces of the study's queries; [] until they are kept."""
    kept = {name: _kept_queries(study, name) for name in COUNTED}
    found = []
    for name, table in kept.items():
        if table is None:
            return []
        if name == LATENTS.name:
            names: list[str] = vocabulary_table(study)["label"].tolist()
        elif name == WORDPIECES.name:
            names = [readable_wordpiece(piece) for piece in study.wordpieces]
        else:
            words = table.drop_duplicates("term")
            names = words["name"].tolist()
        counts = TermCounts(
            name,
            offsets_of(np.bincount(table["term"], minlength=len(names))),
            table["text"].to_numpy(np.int32),
            table["count"].to_numpy(np.int32),
            names,
            np.zeros(len(study.queries.ids), np.int64),
            None,
        )
        found.append((counts, table["mass"].to_numpy(np.float32) if name == LATENTS.name else None))
    return found


def queries_are_kept(study: Study) -> bool:
    """Whether `write_queries` has nothing to do."""
    names = COUNTED
    return all(is_kept(_table_path(study, name, "queries"), _facts(study)) for name in names)


def write_queries(study: Study, progress: Progress | None = None) -> None:
    """Read the study's queries, and keep how often each of them holds each latent, word and wordpiece."""
    if queries_are_kept(study):
        return
    texts = list(study.queries.texts)
    states = study.encoder.encode(texts, "query", within(progress, "Read the queries"))
    tables = {
        LATENTS.name: latent_counts(states, study.sae, study.pooling == "max"),
        WORDS.name: word_counts(states, texts),
        WORDPIECES.name: wordpiece_counts(states, len(study.wordpieces)),
    }
    for name, table in tables.items():
        write_kept(_table_path(study, name, "queries"), table, _facts(study))


def latent_counts(states: TokenStates, sae: SparseAutoencoder, by_max: bool = False) -> pd.DataFrame:
    """term, text, count (tokens it fires on) and mass (pooled activation) of each latent in each text, by term."""
    from retrieval.variants import float_states, parts

    terms, texts, values, before = [], [], [], 0
    for part in parts(states.states):
        activations, indices = sae.encode(float_states(part, sae))
        fired = activations.cpu().numpy()
        token, slot = np.nonzero(fired > 0)
        owner = np.repeat(np.arange(len(part)), np.diff(part.offsets)) + before
        terms.append(indices.cpu().numpy()[token, slot].astype(np.int64))
        texts.append(owner[token])
        values.append(fired[token, slot])
        before += len(part)
    return _grouped(np.concatenate(terms), np.concatenate(texts), np.concatenate(values), by_max)


def wordpiece_counts(states: TokenStates, n_terms: int) -> pd.DataFrame:
    """term, text and count of each wordpiece in each text, special tokens left out."""
    stands = states.spans[:, 1] > states.spans[:, 0]
    text = np.repeat(np.arange(len(states.states)), np.diff(states.states.offsets))
    return _grouped(states.token_ids[stands].astype(np.int64), text[stands])


def word_counts(states: TokenStates, texts: Sequence[str]) -> pd.DataFrame:
    """term, text, count and name of each word in each text, as far as it was read."""
    names, owners = [], []
    offsets = states.states.offsets
    for row, text in enumerate(texts):
        last = ("", -1)
        for start, end in states.spans[offsets[row] : offsets[row + 1]].tolist():
            word = folded(word_around(text, start, end)) if end > start else ""
            if word and not (word == last[0] and start == last[1]):
                names.append(word)
                owners.append(row)
            last = (word, end)
    term, known = pd.factorize(np.array(names, object), sort=True)
    table = _grouped(term.astype(np.int64), np.array(owners, np.int64))
    return table.assign(name=np.array(known, object)[table["term"]] if len(table) else [])


def _grouped(
    terms: NDArray[np.int64],
    texts: NDArray[np.int64],
    values: NDArray[np.float32] | None = None,
    by_max: bool = False,
) -> pd.DataFrame:
    """A row a term and text, by term, then text; values are summed, or the largest is taken."""
    order = np.lexsort((texts, terms))
    term, text = terms[order], texts[order]
    new = np.ones(len(term), bool)
    new[1:] = (term[1:] != term[:-1]) | (text[1:] != text[:-1])
    starts = np.flatnonzero(new)
    table = pd.DataFrame(
        {
            "term": term[starts].astype(np.int32),
            "text": text[starts].astype(np.int32),
            "count": np.diff(np.append(starts, len(term))).astype(np.int32),
        }
    )
    if values is None:
        return table
    pool = np.maximum if by_max else np.add
    summed = pool.reduceat(values[order].astype(np.float64), starts) if len(starts) else np.zeros(0)
    return table.assign(mass=summed.astype(np.float32))


def _kept_queries(study: Study, name: str) -> pd.DataFrame | None:
    return read_kept(_table_path(study, name, "queries"), _facts(study))


def _table_path(study: Study, vocabulary: str, over: str) -> Path:
    return VOCABULARIES[vocabulary].folder(study.path) / f"{over}.parquet"


def _texts_of(study: Study, queries: bool) -> tuple[str, ...]:
    return ("documents", "queries") if queries and study.queries.ids else ("documents",)


def _exists(study: Study, control: str) -> bool:
    """An encoder that has random weights already has no twin."""
    model = str(study.manifest["encoder"]["config"]["model"])
    return not (control == RANDOM_ENCODER.name and model.startswith("random:"))


def _facts(study: Study) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "study": study.manifest["fingerprint"],
        "n_latents": study.n_latents,
        "documents": N_DOCUMENTS,
        "seed": SEED,
    }
