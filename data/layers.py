"""One activation store per layer, written in one pass over the text, for a sweep of SAEs over layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.activations import (
    DOCUMENTS_PER_SHARD,
    ActivationStore,
    begin_store,
    estimate_of_all,
    write_shard,
    write_store,
)
from data.encoder_config import Layer
from data.encoders import Encoder
from data.progress import StepProgress


def write_stores(
    folders: Mapping[Layer, Path],
    encoder: Encoder,
    texts: Sequence[str],
    source: Mapping[str, Any],
    progress: StepProgress | None = None,
) -> dict[Layer, ActivationStore]:
    """Encode texts into one store per layer, each byte for byte what `write_store` writes for that layer alone.

    folders: layer -> folder of its store. Existing shards are kept, so a second call resumes an interrupted one.
    Memory holds the states of one shard at all layers. progress: counts tokens; the total is estimated from
    characters until the last shard.
    """
    at_layer = {layer: encoder.at_layer(layer) for layer in folders}
    for layer, folder in folders.items():
        begin_store(folder, at_layer[layer], source)
    characters = np.array([len(text) for text in texts], dtype=np.int64)
    n_tokens = 0
    for shard, first in enumerate(range(0, len(texts), DOCUMENTS_PER_SHARD)):
        rows = slice(first, first + DOCUMENTS_PER_SHARD)
        paths = {layer: folder / f"shard-{shard:05d}" for layer, folder in folders.items()}
        if missing := [layer for layer, path in paths.items() if not path.is_dir()]:
            report = estimate_of_all(progress, n_tokens, characters[first:], characters[rows])
            encoded = encoder.encode_layers(texts[rows], missing, "document", report)
            for layer in missing:
                write_shard(paths[layer], encoded[layer])
            n_tokens += encoded[missing[0]].n_tokens
    return {layer: write_store(folder, at_layer[layer], texts, source) for layer, folder in folders.items()}
