"""Texts as a model's tokens: token ids, their spans in the text, and which of their states are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.multi_vector import Kind, MultiVector
from data.ragged import offsets_of


@dataclass(frozen=True)
class Tokens:
    """Tokens of n_texts texts, after truncation.

    ids: token ids of each text. attended: for each text, how many of them attention sees. kept: for each text,
    bool (n_tokens of the text,). token_ids, spans: of the kept tokens of all texts, as in `TokenStates`. types:
    token types of each text, if the tokenizer gives other types than 0, as XLNet's does.
    """

    ids: Sequence[Sequence[int]]
    attended: Sequence[int]
    kept: Sequence[NDArray[np.bool_]]
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    types: Sequence[Sequence[int]] | None = None

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text, int64 (n_texts,)."""
        return np.array([len(ids) for ids in self.ids], dtype=np.int64)

    @cached_property
    def n_kept(self) -> NDArray[np.int64]:
        """Kept tokens of each text, int64 (n_texts,)."""
        return np.array([int(kept.sum()) for kept in self.kept], dtype=np.int64)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Where each text's kept tokens begin, int64 (n_texts + 1,)."""
        return offsets_of(self.n_kept)

    def batches(self, tokens_per_pass: int, padded: bool = True) -> Iterator[NDArray[np.int64]]:
        """Rows of texts by descending length, in batches of at most tokens_per_pass tokens, padding included.

        A text longer than that is a batch of its own; one without a token is in none. padded: whether texts of
        different lengths may share a batch.
        """
        order = np.argsort(-self.lengths, kind="stable")
        lengths = self.lengths[order]
        start, end = 0, int((lengths > 0).sum())
        while start < end:
            stop = min(end, start + max(1, tokens_per_pass // int(lengths[start])))
            if not padded:
                stop = min(stop, start + int((lengths[start:stop] == lengths[start]).sum()))
            yield order[start:stop]
            start = stop


def read_tokens(
    tokenizer: Any,
    texts: Sequence[str],
    kind: Kind,
    prefix: str,
    max_length: int,
    special_tokens: bool,
    multi_vector: MultiVector | None,
) -> Tokens:
    """Tokenize texts, with a prefix put before each; an empty list raises a `UserError`.

    max_length: tokens per text at most, special ones included. special_tokens: whether special tokens are kept.
    multi_vector: the rules of a multi-vector encoder, None for any other.
    """
    if not texts:
        raise UserError("there is no text to encode: expected at least one text, got an empty list")
    prefixed = [prefix + text for text in texts]
    if multi_vector:
        fields = multi_vector.tokenize(tokenizer, prefixed, kind, max_length)
    else:
        with_types = "token_type_ids" in tokenizer.model_input_names
        fields = tokenizer(
            prefixed,
            truncation=True,
            max_length=max_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=with_types,
        )
    ids: list[list[int]] = fields["input_ids"]
    special = [np.array(mask, dtype=bool) for mask in fields["special_tokens_mask"]]
    kept = [np.ones_like(mask) if special_tokens else ~mask for mask in special]
    keep = np.concatenate(kept)
    token_ids = np.fromiter(chain.from_iterable(ids), np.int32, len(keep))
    ends = chain.from_iterable(chain.from_iterable(fields["offset_mapping"]))
    spans = np.fromiter(ends, np.int32, 2 * len(keep)).reshape(-1, 2)
    attended = fields["attended"] if multi_vector else [len(row) for row in ids]
    types = fields.get("token_type_ids")
    return Tokens(
        ids,
        attended,
        kept,
        token_ids[keep],
        np.maximum(spans[keep] - len(prefix), 0),
        types if types and any(map(any, types)) else None,
    )
