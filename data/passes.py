"""The arguments of one forward pass of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def model_inputs(
    ids: Sequence[Sequence[int]],
    attended: Sequence[int],
    types: Sequence[Sequence[int]] | None,
    pad: int,
    device: torch.device,
) -> tuple[dict[str, Any], torch.Tensor]:
    """The model's arguments for some texts, and the mask of their own positions, bool (n_texts, longest).

    ids: token ids of each text. attended: of each text, how many of them attention sees. types: token types, None
    where all are 0. pad: the id that fills up shorter texts.
    """
    lengths = torch.tensor([len(row) for row in ids])
    mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
    input_ids = torch.full(mask.shape, pad)
    input_ids[mask] = torch.tensor([token for row in ids for token in row])
    seen = torch.arange(mask.shape[1])[None, :] < torch.tensor(attended)[:, None]
    # Without a mask (one text, or texts of one length) attention takes its fastest path.
    attention_mask = None if bool(seen.all()) else seen.long().to(device)
    inputs = {"input_ids": input_ids.to(device), "attention_mask": attention_mask}
    if types is not None:
        token_types = torch.zeros(mask.shape, dtype=torch.long)
        token_types[mask] = torch.tensor([kind for row in types for kind in row])
        inputs["token_type_ids"] = token_types.to(device)
    return inputs, mask.to(device)
