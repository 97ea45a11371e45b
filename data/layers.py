"""One activation store a layer, written in one pass over the text: what a sweep over layers trains on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.activations import (
    DOCUMENTS_PER_SHARD,
    ActivationStore,
    Progress,
    begin_store,
    estimate_of_all,
    write_shard,
    write_store,
)
from data.encoders import Encoder
from data.layer_reader import Layer


def write_stores(
    folders: Mapping[Layer, Path],
    encoder: Encoder,
    texts: Sequence[str],
    source: Mapping[str, Any],
    progress: Progress | None = None,
) -> dict[Layer, ActivationStore]:
    """Encode texts into a store a layer; each is, byte for byte, what `write_store` gives at that layer alone.

    folders: layer -> its store's folder. Shards that are there already are kept, so that an interrupted call is
    resumed. In memory are the states of one shard of documents at all layers; progress counts tokens, of a total
    that is an estimate (from characters) until the end.
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
