"""An encoder's input embeddings, which need none of its transformer blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from data.encoder_config import Layer
from data.encoders import Encoder, Kind
from data.tokens import Tokens


class Embeddings(Encoder):
    """An encoder at layer 0 that skips the blocks above it, where these can be left out: `pooled` is 0."""

    @classmethod
    def of(cls, encoder: Encoder) -> Embeddings:
        """The input embeddings of this encoder; both share the model in memory."""
        config = replace(encoder.config, layer=0)
        return cls(config, encoder._loaded, encoder._reader, encoder._takes_padding)

    def _forward(
        self, tokens: Tokens, batch: NDArray[np.int64], layers: Iterable[Layer], kind: Kind
    ) -> tuple[NDArray[np.float32], dict[Layer, NDArray[np.float32]]]:
        inputs, _ = self._inputs(tokens, batch.tolist())
        with torch.inference_mode():
            states = self._reader.read_embeddings(**inputs).float().cpu().numpy()
        return np.zeros((len(batch), self.vector.width), np.float32), dict.fromkeys(layers, states)
