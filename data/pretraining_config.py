"""`PretrainConfig`: the settings of a control encoder's training; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PretrainConfig:
    """The settings that a control encoder's weights depend on, besides its architecture and its text.

    tokens: training tokens (repeats counted), special ones included. batch_size: windows per batch, of at most
    max_length tokens each. learning_rate: its peak. seed: of weights, masks, dropout and order.
    """

    tokens: int = 2_000_000
    batch_size: int = 32
    max_length: int = 128
    seed: int = 0
    learning_rate: float = 5e-4
