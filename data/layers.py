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
    _estimate,
    _write_shard,
    write_store,
)
from data.encoders import Encoder
from data.errors import UserError
from data.files import read_json, write_json
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
        _begin(folder, at_layer[layer], source)
    characters = np.array([len(text) for text in texts], dtype=np.int64)
    n_tokens = 0
    for shard, first in enumerate(range(0, len(texts), DOCUMENTS_PER_SHARD)):
        rows = slice(first, first + DOCUMENTS_PER_SHARD)
        paths = {layer: folder / f"shard-{shard:05d}" for layer, folder in folders.items()}
        if missing := [layer for layer, path in paths.items() if not path.is_dir()]:
            report = _estimate(progress, n_tokens, characters[first:], characters[rows])
            encoded = encoder.encode_layers(texts[rows], missing, "document", report)
            for layer in missing:
                _write_shard(paths[layer], encoded[layer])
            n_tokens += encoded[missing[0]].n_tokens
    return {layer: write_store(folder, at_layer[layer], texts, source) for layer, folder in folders.items()}


def _begin(folder: Path, encoder: Encoder, source: Mapping[str, Any]) -> None:
    """Write the plan that `write_store` will find, or refuse a folder that holds another."""
    plan = {"encoder": encoder.describe(), "source": dict(source), "documents_per_shard": DOCUMENTS_PER_SHARD}
    if not (folder / "plan.json").is_file():
        write_json(folder / "plan.json", plan)
    elif read_json(folder / "plan.json") != plan:
        raise UserError(
            f"{folder} holds the states of another text or encoder: choose another folder or remove it"
        )
