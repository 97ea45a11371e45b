"""Controls of the types: the same rule on vocabularies that no SAE has learned.

    sample               the study's own latents on a sample of its documents, to compare with the next
    random_directions    an SAE of random directions, equally wide and sparse, on the same documents
    wordpieces           the tokenizer's own tokens as if they were latents: each fires on itself, with activation 1

A wordpiece that only occurs as a whole word has one form (case and inflection are folded), and is lexical
with a top_form_share of 1. Not lexical are pieces of several words, and special tokens, which have no form.
So this control shows the rule on a vocabulary that is as lexical as possible. Wordpieces are counted over all
documents, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.forms import surface_forms
from analyses.latents.types import FORMAT, TypeThresholds, classify, measure, type_shares
from data.progress import Progress, within
from data.ragged import offsets_of
from retrieval.contexts import ContextTable
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

N_DOCUMENTS = 2000  # of the sample: 300,000 tokens or so
N_MEAN = 256  # documents whose mean state is the random SAE's b_dec


def type_controls(study: Study) -> pd.DataFrame | None:
    """The controls that `write_type_controls` kept: columns of `types.measure`, control and n_documents.

    None before that.
    """
    return read_kept(study.path / "type_controls.parquet", _facts(study))


def write_type_controls(
    study: Study, n_documents: int = N_DOCUMENTS, seed: int = 0, progress: Progress | None = None
) -> None:
    """Measure the controls and keep them in the study's folder; a minute or so, most of it the encoder's.

    n_documents: the sample's size at most, drawn by `seed`, which draws the directions too. progress: the stage,
    what is done of it, of all.
    """
    forms, n_docs = surface_forms(study), len(study.corpus)
    documents = np.random.default_rng(seed).permutation(n_docs)[:n_documents]
    tables = []
    for control, contexts, n in (
        ("sample", contexts_in(study, documents), len(documents)),
        ("random_directions", random_contexts(study, documents, seed, progress), len(documents)),
        ("wordpieces", wordpiece_contexts(study), n_docs),
    ):
        measures = measure(study, contexts, forms, progress)
        tables.append(measures.assign(control=control, n_documents=n))
    write_kept(study.path / "type_controls.parquet", pd.concat(tables, ignore_index=True), _facts(study))


def control_shares(controls: pd.DataFrame, thresholds: TypeThresholds) -> Mapping[str, pd.DataFrame]:
    """control -> `type_shares` under the thresholds."""
    return {
        str(control): type_shares(classify(measures, thresholds))
        for control, measures in controls.groupby("control", sort=False)
    }


def wordpiece_contexts(study: Study) -> ContextTable:
    """Each token id fires on its own tokens, with activation 1, in the order of the corpus."""
    ids = np.asarray(study.tokens.token_ids)
    count = np.bincount(ids, minlength=len(study.wordpieces))
    order = np.argsort(ids, kind="stable").astype(np.int32)
    return ContextTable(offsets_of(count), order, np.ones(len(ids), np.float32))


def contexts_in(study: Study, documents: NDArray[np.int64]) -> ContextTable:
    """The study's contexts in these documents (positions in the corpus) alone."""
    chosen = np.zeros(len(study.corpus), dtype=bool)
    chosen[documents] = True
    contexts = study.contexts
    inside = np.repeat(chosen, np.diff(study.tokens.offsets))[contexts.token]
    before = np.concatenate(([0], np.cumsum(inside)))
    return ContextTable(before[contexts.ptr], contexts.token[inside], contexts.value[inside])


def random_contexts(
    study: Study, documents: NDArray[np.int64], seed: int, progress: Progress | None = None
) -> ContextTable:
    """Where an SAE of random directions fires in these documents, on tokens as the study numbers them.

    Its b_dec is the mean state of the first N_MEAN of them; see `sae.control_dictionaries.random_directions`.
    """
    from retrieval.variants import encoded_blocks, float_states, parts
    from sae.control_dictionaries import random_directions

    texts = [study.corpus.texts[int(document)] for document in documents]
    report = within(progress, "Encode a sample")
    sae, latents, activations = None, [], []
    for block in encoded_blocks(study.encoder, texts, progress=report):
        if sae is None:
            sample = block.states.values[: block.states.offsets[min(N_MEAN, len(block.states))]]
            sae = random_directions(study.sae.to(study.encoder.device), sample, seed)
        for part in parts(block.states):
            values, indices = sae.encode(float_states(part, sae))
            activations.append(values.cpu().numpy())
            latents.append(indices.cpu().numpy())
    spans = [study.tokens.document(int(document)) for document in documents]
    tokens = np.concatenate([np.arange(span.start, span.stop) for span in spans])
    return contexts_of(tokens, np.concatenate(latents), np.concatenate(activations), study.n_latents)


def contexts_of(
    tokens: NDArray[np.int64], latents: NDArray[Any], activations: NDArray[np.float32], n_latents: int
) -> ContextTable:
    """Latents by token (n_tokens, k) -> contexts by latent, strongest first; tokens: (n_tokens,)."""
    row, slot = np.nonzero(activations > 0)
    latent, value = latents[row, slot].astype(np.int64), activations[row, slot]
    order = np.lexsort((tokens[row], -value, latent))
    return ContextTable(
        offsets_of(np.bincount(latent, minlength=n_latents)),
        tokens[row][order].astype(np.int32),
        value[order],
    )


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}
