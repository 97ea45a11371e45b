"""Latents of many tokens under a threshold: their number, and so the width of the result, depends on the tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray

from data.errors import UserError

TOKENS_AT_ONCE = {"cpu": 1024, "cuda": 16_384}


def threshold_latents(
    states: torch.Tensor | NDArray[Any],
    pre_activations: Callable[[torch.Tensor | NDArray[Any]], torch.Tensor],
    threshold: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """z_tj = ReLU(pre_tj) where pre_tj > threshold_j, else 0, of states (n_tokens, d_model).

    Returns activations float32, descending, and indices int32, both (n_tokens, width). width: the largest number of
    active latents of any token, at least 1. The dense product is held for one block of tokens at a time. States
    with NaN or infinity raise a `UserError`.
    """
    size = TOKENS_AT_ONCE.get(threshold.device.type, 4096)
    blocks = []
    for start in range(0, len(states), size):
        pre = pre_activations(states[start : start + size])
        if not torch.isfinite(pre.sum()):
            raise UserError("token states hold NaN or infinity: encode the text again, in float32")
        pre[pre <= threshold] = 0
        pre.relu_()
        width = max(1, int((pre > 0).sum(1).max()))
        values, indices = torch.topk(pre, width)
        blocks.append((values, indices.int()))
    if not blocks:
        return threshold.new_zeros((0, 1)), torch.zeros((0, 1), dtype=torch.int32, device=threshold.device)
    return padded([values for values, _ in blocks]), padded([indices for _, indices in blocks])


def padded(blocks: list[torch.Tensor]) -> torch.Tensor:
    """Blocks (n, width) stacked below each other, padded with zeros to the widest."""
    width = max(block.shape[1] for block in blocks)
    return torch.cat([torch.nn.functional.pad(block, (0, width - block.shape[1])) for block in blocks])
