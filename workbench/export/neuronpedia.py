"""Latents as batches of features for Neuronpedia, in the files that SAEDashboard 0.8 writes.

batch-0.json ...         features: histogram of activations, strongest contexts, and some of each interval
skipped_indexes.json     latents that never fire on these documents
run_settings.json        which study and SAE these are of

A retriever has no unembedding, so features have no logits. What is called l1 of correlated features there is the
cosine of decoder directions, here as in SAEDashboard.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.files import write_json
from data.progress import Progress
from retrieval.study import Study
from workbench.export.impacts import Impacts

LATENTS_A_BATCH = 128
N_STRONGEST, N_INTERVALS, N_OF_INTERVAL = 20, 5, 5  # contexts, and intervals of (0, the largest activation]
AROUND = 32  # tokens on either side of the one that a context is shown for
N_BARS, N_NEIGHBOURS, DIGITS = 50, 3, 3


def write_neuronpedia(study: Study, impacts: Impacts, folder: Path, progress: Progress | None = None) -> None:
    """Write all files into `folder`; the same study gives the same bytes."""
    contexts = study.contexts
    alive = np.flatnonzero(np.diff(contexts.ptr) > 0)
    layer = study.manifest["encoder"]["config"].get("layer")
    named = {
        "model_id": str(study.manifest["encoder"]["config"]["model"]),
        "layer": layer if isinstance(layer, int) else -1,
        "sae_set": str(study.manifest["sae"].get("name", "")),
    }
    neighbours, cosines = _neighbours(study, alive)
    for number, start in enumerate(range(0, len(alive), LATENTS_A_BATCH)):
        part = alive[start : start + LATENTS_A_BATCH]
        features = [
            _feature(study, int(latent), neighbours[start + at], cosines[start + at])
            for at, latent in enumerate(part)
        ]
        batch = named | {"sae_id_suffix": None, "features": features}
        (folder / f"batch-{number}.json").write_text(json.dumps(batch), encoding="utf-8")
        if progress:
            progress("Write the latents", min(start + LATENTS_A_BATCH, len(alive)), len(alive))
    dead = sorted(set(range(study.n_latents)) - set(alive.tolist()))
    skipped = named | {"layer": str(named["layer"]), "log_sparsity": None, "skipped_indexes": dead}
    write_json(folder / "skipped_indexes.json", skipped)
    settings = {"study": study.name, "fingerprint": study.manifest["fingerprint"]}
    write_json(folder / "run_settings.json", named | settings | {"n_features": study.n_latents})


def _feature(
    study: Study, latent: int, neighbours: NDArray[np.int64], cosines: NDArray[np.float64]
) -> dict[str, Any]:
    tokens, values = study.contexts.latent(latent)
    heights, edges = np.histogram(values, bins=N_BARS, range=(0.0, float(values[0])))
    n_tokens = len(study.tokens.token_ids)
    empty: dict[str, list[Any]] = {
        name: []
        for name in (
            *("neuron_alignment_indices", "neuron_alignment_values", "neuron_alignment_l1"),
            *("correlated_neurons_indices", "correlated_neurons_l1", "correlated_neurons_pearson"),
            *("correlated_features_pearson", "neg_str", "neg_values", "pos_str", "pos_values"),
            *(
                "logits_hist_data_bar_heights",
                "logits_hist_data_bar_values",
                "decoder_weights_dist",
                "vector",
            ),
        )
    }
    return empty | {
        "feature_index": latent,
        "correlated_features_indices": neighbours.tolist(),
        "correlated_features_l1": [round(float(cosine), DIGITS) for cosine in cosines],
        "frac_nonzero": len(values) / n_tokens,
        "freq_hist_data_bar_values": [round(float(at), DIGITS) for at in (edges[:-1] + edges[1:]) / 2],
        "freq_hist_data_bar_heights": heights.tolist(),
        "n_prompts_total": len(study.corpus),
        "n_tokens_in_prompt": 2 * AROUND + 1,
        "dataset": str(study.manifest["collection"]["name"]),
        "activations": [
            _context(study, latent, int(tokens[at]), *interval) for at, interval in _chosen(values)
        ],
    }


def _chosen(values: NDArray[np.float32]) -> list[tuple[int, tuple[float, float, float]]]:
    """Which contexts are shown, of values in descending order: (place, (bin_min, bin_max, share of all))."""
    largest = float(values[0])
    chosen = [(at, (-1.0, round(largest, DIGITS), -1.0)) for at in range(min(N_STRONGEST, len(values)))]
    edges = np.linspace(0.0, largest, N_INTERVALS + 1)
    for low, high in reversed(list(pairwise(edges))):
        # Descending values: those within (low, high] are one run.
        first, last = np.searchsorted(-values, [-high, -low], side="left")
        if last > first:
            places = np.unique(np.linspace(first, last - 1, N_OF_INTERVAL).round().astype(int))
            interval = (
                round(float(low), DIGITS),
                round(float(high), DIGITS),
                float(last - first) / len(values),
            )
            chosen += [(int(at), interval) for at in places]
    return chosen


def _context(
    study: Study, latent: int, token: int, low: float, high: float, contains: float
) -> dict[str, Any]:
    """The tokens around one, with the latent's activation on each."""
    tokens = study.tokens
    document = int(tokens.document_of(np.array([token]))[0])
    of_document = tokens.document(document)
    first, last = max(of_document.start, token - AROUND), min(of_document.stop, token + AROUND + 1)
    fires = np.where(tokens.indices[first:last] == latent, tokens.activations[first:last], 0).max(axis=1)
    pieces = study.wordpieces
    return {
        "bin_min": low,
        "bin_max": high,
        "bin_contains": contains,
        "tokens": [pieces[at] for at in tokens.token_ids[first:last].tolist()],
        "values": [round(float(value), DIGITS) for value in fires],
        "qualifying_token_index": token - first,
    }


def _neighbours(study: Study, alive: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The latents whose decoder directions are nearest to each, and their cosines, (n_alive, N_NEIGHBOURS)."""
    directions = study.sae.W_dec.cpu().numpy()[alive].astype(np.float32)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    n = min(N_NEIGHBOURS, max(len(alive) - 1, 0))
    nearest = np.empty((len(alive), n), np.int64)
    cosines = np.empty((len(alive), n))
    for start in range(0, len(alive), 1024):
        part = slice(start, start + 1024)
        product = directions[part] @ directions.T
        product[np.arange(len(product)), np.arange(start, start + len(product))] = -np.inf
        order = np.argsort(-product, axis=1, kind="stable")[:, :n]
        nearest[part], cosines[part] = alive[order], np.take_along_axis(product, order, axis=1)
    return nearest, cosines
