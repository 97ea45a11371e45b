"""How long a text a model can take, and whether a configuration fits that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from data.encoder_config import EncoderConfig
from data.errors import UserError
from data.models import LoadedModel


def most_positions(model: Any) -> int | None:
    """Tokens that a model has positions for; None if it has no limit.

    RoBERTa and its kin count positions from padding_idx + 1 on, so that a table of 514 serves 512 tokens. XLNet
    gives -1 for "no limit".
    """
    for module in model.modules():
        first, table = getattr(module, "padding_idx", None), getattr(module, "position_embeddings", None)
        if isinstance(first, int) and isinstance(table, torch.nn.Embedding):
            return int(table.num_embeddings) - first - 1
    stated = getattr(model.config, "max_position_embeddings", None)
    return stated if isinstance(stated, int) and stated > 0 else None


def checked_length(given: EncoderConfig, read: EncoderConfig, loaded: LoadedModel) -> EncoderConfig:
    """The configuration `read` from what the user has `given`, with a max_length that the model can take.

    A length that the user gives, and the model cannot take, raises a `UserError`; its own is cut to what it can.
    """
    positions = most_positions(loaded.model)
    assert read.max_length is not None
    if given.max_length is None and positions:
        read = replace(read, max_length=min(read.max_length, positions))
    lengths = {"max_length": read.max_length or 0}
    if loaded.multi_vector:
        lengths["query_length"] = loaded.multi_vector.rules.query_length or lengths["max_length"]
    for name, length in lengths.items():
        if positions and length > positions:
            raise UserError(
                f"{name} {length} is more than {given.model!r} can take: expected at most {positions}"
            )
        if length < 3:
            raise UserError(f"{name} {length} leaves no room for text: expected at least 3 tokens")
    return read
