"""The masked-language-model task (Devlin et al. 2019, section 3.1): predict hidden tokens from their context.

    loss = - mean over chosen tokens t of ln p(x_t | masked text)

15% of the tokens are chosen; the input shows 80% of these as [MASK], 10% as a random token, 10% unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.ragged import Ragged, offsets_of

CHOSEN, SHOWN_AS_MASK, SHOWN_AS_RANDOM = 0.15, 0.8, 0.1
TEXTS_PER_BLOCK = 1024
BATCHES_PER_POOL = 64  # within a pool, texts of like length share a batch, which saves padding


@dataclass(frozen=True)
class MaskedBatch:
    """One batch of windows. shown: input ids. attention: positions that hold a token. chosen: positions to predict.

    shown, attention, chosen: (n_windows, longest). targets: the original ids of the chosen tokens, (n_chosen,).
    """

    shown: NDArray[np.int64]
    attention: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    targets: NDArray[np.int64]

    @property
    def n_tokens(self) -> int:
        """Tokens of all windows, padding left out."""
        return int(self.attention.sum())


def token_windows(tokenizer: Any, texts: Sequence[str], max_length: int) -> Ragged:
    """The texts' token ids, int32, cut into windows of at most max_length tokens, special tokens included.

    Windows of special tokens alone are left out; if none is left, a `UserError`.
    """
    values: list[NDArray[np.int32]] = []
    for first in range(0, len(texts), TEXTS_PER_BLOCK):
        windows = tokenizer(
            list(texts[first : first + TEXTS_PER_BLOCK]),
            truncation=True,
            max_length=max_length,
            return_overflowing_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        values.extend(np.array(window, dtype=np.int32) for window in windows)
    values = [window for window in values if not np.isin(window, tokenizer.all_special_ids).all()]
    if not values:
        raise UserError("there is no text to train on: expected at least one text with a word in it")
    return Ragged(np.concatenate(values), offsets_of([len(window) for window in values]))


def masked_batches(
    windows: Ragged, tokenizer: Any, batch_size: int, seed: int, start: int = 0
) -> Iterator[MaskedBatch]:
    """Endless batches of batch_size windows from batch number `start` on; each depends on seed and number alone."""
    n_batches = -(-len(windows) // batch_size)
    for epoch in count(start // n_batches):
        for rows in _batches_of_epoch(windows.lengths, batch_size, seed, epoch)[start % n_batches :]:
            yield _masked([windows[row] for row in rows], tokenizer, np.random.default_rng([seed, 1, start]))
            start += 1


def masked_loss(model: Any, batch: MaskedBatch, device: torch.device) -> torch.Tensor:
    """- mean over chosen tokens t of ln p(x_t | masked text), in nats, under a Hugging Face masked language model.

    The head gets the states of the chosen tokens alone, 15% of them: for all tokens, its matrix product would cost
    as much as the rest of a small encoder.
    """
    chosen = torch.from_numpy(batch.chosen).to(device)

    def keep_chosen(_: Any, __: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state[chosen][None]
        return output

    hook = model.base_model.register_forward_hook(keep_chosen)
    try:
        logits = model(
            input_ids=torch.from_numpy(batch.shown).to(device),
            attention_mask=torch.from_numpy(batch.attention).to(device, torch.long),
        ).logits[0]
    finally:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits.float(), torch.from_numpy(batch.targets).to(device))


def _batches_of_epoch(
    lengths: NDArray[np.int64], batch_size: int, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    shuffle = np.random.default_rng([seed, 0, epoch])
    order = shuffle.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    for first in range(0, len(order), batch_size * BATCHES_PER_POOL):
        pool = order[first : first + batch_size * BATCHES_PER_POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches.extend(pool[i : i + batch_size] for i in range(0, len(pool), batch_size))
    return [batches[i] for i in shuffle.permutation(len(batches))]


def _masked(rows: list[NDArray[np.int32]], tokenizer: Any, random: np.random.Generator) -> MaskedBatch:
    attention = np.arange(max(map(len, rows)))[None, :] < np.array([len(row) for row in rows])[:, None]
    ids = np.full(attention.shape, tokenizer.pad_token_id, dtype=np.int64)
    ids[attention] = np.concatenate(rows)
    ordinary = attention & ~np.isin(ids, tokenizer.all_special_ids)
    draw = np.where(ordinary, random.random(ids.shape), 1.0)
    # At least one token is chosen, however short the texts: the mean over none is undefined.
    chosen = draw <= max(CHOSEN, float(draw.min()))
    fate, other = random.random(ids.shape), random.integers(len(tokenizer), size=ids.shape)
    shown = np.where(chosen & (fate < SHOWN_AS_MASK), tokenizer.mask_token_id, ids)
    shown = np.where(chosen & (fate >= 1 - SHOWN_AS_RANDOM), other, shown)
    return MaskedBatch(shown, attention, chosen, ids[chosen])
