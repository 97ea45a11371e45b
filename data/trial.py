"""A trial at load: does a model give one state per token, and the same ones whatever else is in the batch?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from data.errors import UserError

TEXTS = (
    "A bridge of steel over the river.",
    "A wall of stone around the garden.",
    "The cell repairs its DNA, and a signal of the repair returns from it: what is read then was written before.",
)
# Largest relative difference of the states of one text in two batches: rounding, with room to spare.
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.1}

Read = Callable[[Sequence[Sequence[int]]], torch.Tensor]


def takes_padding(
    read: Read, ids: Sequence[Sequence[int]], width: int, dtype: torch.dtype, name: str
) -> bool:
    """Whether a text has the same states alone as padded beside a longer one; if not, lengths must not be mixed.

    read: token ids of texts -> states (n_texts, longest, width). ids: of TEXTS. A model that fails, gives other
    than one state of `width` per token, gives other states each time, or other ones beside a text of the same
    length, raises a `UserError`.
    """
    short, other, long = ids
    alone = _states(read, [short], width, name)
    again = _states(read, [short], width, name)
    tolerance = TOLERANCE.get(dtype, 1e-3)
    if _difference(alone, again) > tolerance:
        raise UserError(
            f"encoder {name!r} gives a text other states each time: expected a model without chance"
        )
    padded = _states(read, [long, short], width, name)[1:, : len(short)]
    if _difference(alone, padded) <= tolerance:
        return True
    n = min(len(short), len(other))
    pair = _states(read, [other[:n], short[:n]], width, name)[1:]
    if _difference(_states(read, [short[:n]], width, name), pair) > tolerance:
        raise UserError(
            f"encoder {name!r} gives a text other states beside another text: expected states that depend on "
            "their own text alone"
        )
    return False


def token_states(output: Any, name: str) -> torch.Tensor:
    """The final hidden states of a model's output; an output without them raises a `UserError`."""
    states = getattr(output, "last_hidden_state", None)
    if not isinstance(states, torch.Tensor):
        raise UserError(
            f"encoder {name!r} gives no state per token (last_hidden_state), only {', '.join(output)}: expected a "
            "text encoder, such as the one inside this model, saved by itself"
        )
    return states


def _states(read: Read, ids: Sequence[Sequence[int]], width: int, name: str) -> torch.Tensor:
    try:
        states = read(ids)
    except UserError:
        raise
    except Exception as error:  # whatever a model's own code raises
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"encoder {name!r} cannot read a text of {len(ids[0])} tokens ({type(error).__name__}: {reason}): "
            "expected a text encoder that takes token ids and an attention mask"
        ) from error
    expected = (len(ids), max(map(len, ids)), width)
    if tuple(states.shape) != expected:
        raise UserError(
            f"encoder {name!r} gives states of shape {tuple(states.shape)} for {len(ids)} texts: expected "
            f"{expected}, one state per token"
        )
    if not torch.isfinite(states[0, : len(ids[0])]).all():
        raise UserError(
            f"encoder {name!r} gives states that are not finite: its weights are damaged, or not loaded"
        )
    return states.float()


def _difference(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / a.norm().clamp(min=1e-9))
