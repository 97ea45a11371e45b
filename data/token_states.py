"""`TokenStates`: what an encoder makes of texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.ragged import Ragged


@dataclass(frozen=True)
class TokenStates:
    """Token states and pooled vectors of n_texts texts, in input order.

    states: Ragged of float16 (n_tokens, d_model), the precision in which the whole workbench keeps them.
    token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end character in the text; special
    tokens, prefixes and expansion tokens have (0, 0). pooled: float32 (n_texts, d_vector), the encoder's own
    vectors of unit norm, whatever the layer, 0 for a text without a token; a multi-vector encoder, whose own score
    is MaxSim, has the mean of the projected vectors that MaxSim compares.
    """

    states: Ragged
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    pooled: NDArray[np.float32]

    @property
    def n_tokens(self) -> int:
        return len(self.token_ids)
