"""An encoder that is not here: the token states that it once gave, kept by text.

    config.json        what it is called, width, number of texts, fingerprint of all that follows
    keys.npy           uint64 (n_texts,), ascending: first 8 bytes of SHA-256 of kind and text
    offsets.npy        int64 (n_texts + 1,)
    states.npy         float16 (n_tokens, d_model)
    token_ids.npy, spans.npy, wordpieces.json

`data/import_states.py` writes such a folder. It stands wherever an encoder's folder does; texts that it does not
hold cannot be encoded, and the encoder's own vector of a text is taken to be the mean of its states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray

from data.arrays import map_array
from data.encoder_config import MAX_LENGTH, EncoderConfig, Layer
from data.encoders import Encoder, Kind
from data.errors import UserError
from data.files import read_json, read_json_object
from data.models import device_named
from data.progress import StepProgress
from data.ragged import Ragged, are_offsets, are_within, mean_of_rows, offsets_of
from data.single_vector import SingleVector
from data.single_vector_files import VectorRules
from data.token_states import TokenStates

RECORD, MODEL_TYPE = "config.json", "imported token states"
REMEDY = "import the states again"


def is_imported(model: str) -> bool:
    """Whether an encoder's name is a folder of imported states."""
    record = Path(model) / RECORD
    return record.is_file() and read_json_object(record).get("model_type") == MODEL_TYPE


def key_of(kind: Kind, text: str) -> int:
    """The number under which the states of a text are kept."""
    return int.from_bytes(hashlib.sha256(f"{kind}\0{text}".encode()).digest()[:8], "little")


class ImportedEncoder(Encoder):
    """The imported states of one folder, in the form of the encoder that gave them."""

    reads_new_texts = False

    def __init__(self, config: EncoderConfig) -> None:
        """A damaged folder, a layer, or a prefix raises a `UserError`."""
        folder = Path(config.model)
        record = read_json_object(folder / RECORD)
        if config.layer is not None or config.query_prefix or config.document_prefix:
            raise UserError(
                f"{folder} holds imported token states, which have neither layers nor prefixes to choose: leave "
                "out --layer and the prefixes"
            )
        self.config = replace(
            config, max_length=config.max_length or MAX_LENGTH, query_prefix="", document_prefix=""
        )
        self.name = str(record.get("name", ""))
        self.keys = map_array(folder / "keys.npy", "<u8", (None,), REMEDY)
        self.offsets = map_array(folder / "offsets.npy", "<i8", (len(self.keys) + 1,), REMEDY)
        self.token_ids = map_array(folder / "token_ids.npy", "<i4", (None,), REMEDY)
        n_tokens = len(self.token_ids)
        self.spans = map_array(folder / "spans.npy", "<i4", (n_tokens, 2), REMEDY)
        self.states = map_array(folder / "states.npy", "<f2", (n_tokens, None), REMEDY)
        self.pieces = [str(piece) for piece in read_json(folder / "wordpieces.json")]
        if not are_offsets(self.offsets, n_tokens) or not are_within(self.token_ids, len(self.pieces)):
            raise UserError(f"{folder} holds token states whose parts do not fit each other: {REMEDY}")
        self.d_model = self.states.shape[1]
        self.pooling, self.fingerprint = "mean", str(record.get("fingerprint", ""))
        self.device = device_named(config.device)

    @property
    def vector(self) -> SingleVector:
        return SingleVector(VectorRules(), torch.nn.Sequential(), self.d_model)

    @property
    def multi_vector(self) -> None:
        return None

    @property
    def mask_token(self) -> None:
        return None

    @property
    def n_layers(self) -> int:
        return 0

    @property
    def weight_bytes(self) -> int:
        return 0

    def describe(self) -> dict[str, Any]:
        return {
            "config": asdict(self.config),
            "d_model": self.d_model,
            "pooling": self.pooling,
            "fingerprint": self.fingerprint,
            "imported": self.name,
        }

    def wordpieces(self) -> list[str]:
        return self.pieces

    def at_layer(self, layer: Layer) -> Encoder:
        return self if layer is None else self._refuse("has no other layers")

    def with_special_tokens(self) -> Encoder:
        return self  # what was imported is all there is

    def encode_changed(
        self, text: str, change: Callable[[torch.Tensor], torch.Tensor], kind: Kind = "document"
    ) -> TokenStates:
        self._refuse("cannot go on from changed states")

    def encode_layers(
        self,
        texts: Sequence[str],
        layers: Sequence[Layer],
        kind: Kind = "document",
        progress: StepProgress | None = None,
    ) -> dict[Layer, TokenStates]:
        if set(layers) != {None}:
            self._refuse("has no other layers")
        rows = self._rows(texts, kind)
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        offsets = offsets_of(lengths)
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        values = np.asarray(self.states[places])
        pooled = mean_of_rows(values.astype(np.float32), offsets)
        pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), np.float32(1e-12))
        if progress:
            progress(len(places), len(places))
        states = TokenStates(Ragged(values, offsets), self.token_ids[places], self.spans[places], pooled)
        return {None: states}

    def count_tokens(self, texts: Sequence[str], kind: Kind = "document") -> NDArray[np.int64]:
        rows = self._rows(texts, kind)
        counts: NDArray[np.int64] = self.offsets[rows + 1] - self.offsets[rows]
        return counts

    def _rows(self, texts: Sequence[str], kind: Kind) -> NDArray[np.int64]:
        """Where the states of these texts are kept; a text that is not there raises a `UserError`."""
        if not texts:
            raise UserError("there is no text to encode: expected at least one text, got an empty list")
        keys = np.array([key_of(kind, text) for text in texts], np.uint64)
        rows = np.searchsorted(self.keys, keys)
        found = rows < len(self.keys)
        found[found] = self.keys[rows[found]] == keys[found]
        if not found.all():
            text = texts[int(np.flatnonzero(~found)[0])]
            self._refuse(f"has no states of the {kind} {text[:60]!r}")
        return rows.astype(np.int64)

    def _refuse(self, why: str) -> NoReturn:
        raise UserError(
            f"{self.name or self.config.model} {why}: only the token states of {len(self.keys):,} texts were "
            "imported. Import the states of this text too, or use the encoder itself"
        )
