"""Multi-vector encoders of the ColBERT type: one vector per token, compared by MaxSim.

    v_t = P h_t / |P h_t|        MaxSim(q, d) = sum_i max_j v_qi . v_dj

h_t: final hidden state (d_model,). P: the model's projection, one or more linear maps, to (d_vector,). Queries are
padded with mask tokens, which count as query tokens; punctuation of documents is encoded but not compared.
Khattab & Zaharia (2020), "ColBERT", arXiv 2004.12832; `data/multi_vector_files.py` reads the file layouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.files import fingerprint
from data.multi_vector_files import ReadingRules, layout_of, read_projection, read_rules

PROJECTED = "projected"  # layer name of the projection's output
Kind = Literal["query", "document"]
TOKEN_FIELDS = ("input_ids", "special_tokens_mask", "offset_mapping")


@dataclass(frozen=True, eq=False)
class MultiVector:
    """The projection and the reading rules of a multi-vector encoder; pairs are (query, document).

    prefixes: id of the token inserted after the first one; None if the tokenizer does not have the prefix as one
    token, and then the prefix is part of the prompt. prompts: text put before every text. expansion: id of the
    token that pads queries. skipped: ids of document tokens that MaxSim leaves out, ascending.
    """

    rules: ReadingRules
    projection: torch.nn.Sequential
    prefixes: tuple[int | None, int | None]
    prompts: tuple[str, str]
    expansion: int | None
    skipped: NDArray[np.int32]

    @property
    def width(self) -> int:
        """d_vector, the width of a projected vector."""
        return int(self.projection[-1].out_features)  # type: ignore[arg-type]

    def fingerprint(self, weights: str, projection: str) -> str:
        """Fingerprint of everything that the vectors depend on: both sets of weights and the reading rules."""
        return fingerprint([weights, projection, asdict(self.rules)])

    def describe(self) -> dict[str, Any]:
        """The reading rules and d_vector, as the encoder's description records them."""
        return {**asdict(self.rules), "skiplist": list(self.rules.skiplist), "d_vector": self.width}

    def project(self, states: torch.Tensor) -> torch.Tensor:
        """v = P h / |P h|, float32 (..., d_vector), of final hidden states h (..., d_model)."""
        weights = next(self.projection.parameters())
        projected = self.projection(states.to(weights.dtype)).float()
        return torch.nn.functional.normalize(projected, dim=-1)

    def compared(self, token_ids: NDArray[np.integer[Any]], kind: Kind) -> NDArray[np.bool_]:
        """Whether MaxSim compares each token, bool, in the shape of token_ids."""
        if kind == "query":
            return np.ones(token_ids.shape, bool)
        return ~np.isin(token_ids, self.skipped)

    def prompt(self, kind: Kind) -> str:
        """The text put before every query or document."""
        return self.prompts[kind == "document"]

    def tokenize(self, tokenizer: Any, texts: Sequence[str], kind: Kind, max_length: int) -> dict[str, Any]:
        """Token ids, mask of special tokens and spans of each text, and `attended`: how many tokens attention sees.

        max_length: tokens of a document, special and prefix tokens included. Prefix and expansion tokens have the
        span (0, 0); expansion tokens count as tokens of the query, not as special ones.
        """
        prefix = self.prefixes[kind == "document"]
        length = (self.rules.query_length or max_length) if kind == "query" else max_length
        tokens = tokenizer(
            list(texts),
            truncation=True,
            max_length=length - (prefix is not None),
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        rows = {name: [list(row) for row in tokens[name]] for name in TOKEN_FIELDS}
        if prefix is not None:
            for name, value in zip(TOKEN_FIELDS, (prefix, 1, (0, 0)), strict=True):
                for row in rows[name]:
                    row.insert(1, value)
        attended = [len(row) for row in rows["input_ids"]]
        if kind == "query" and self.expansion is not None:
            for name, value in zip(TOKEN_FIELDS, (self.expansion, 0, (0, 0)), strict=True):
                for row in rows[name]:
                    row.extend([value] * (self.rules.expanded_to - len(row)))
        if self.rules.attends:
            attended = [len(row) for row in rows["input_ids"]]
        return {**rows, "attended": attended}


def load_multi_vector(
    path: str, name: str, tokenizer: Any, place: torch.device, dtype: torch.dtype, drawn: bool = False
) -> MultiVector | None:
    """Read the projection and reading rules of a multi-vector encoder; None for an encoder of another kind.

    drawn: initialise the projection's weights at random, by torch's rule and generator. Files that do not fit each
    other raise a `UserError`.
    """
    layout = layout_of(path)
    if layout is None:
        return None
    rules = read_rules(path, name, layout)
    maps = [_linear(weight, bias, drawn) for weight, bias in read_projection(path, name, layout)]
    for previous, following in pairwise(maps):
        if previous.out_features != following.in_features:
            raise UserError(
                f"encoder {name!r} has projections that do not fit each other: one gives {previous.out_features} "
                f"dimensions, the next expects {following.in_features}"
            )
    vocabulary = tokenizer.get_vocab()
    prefixes = [_token_of(prefix, vocabulary) for prefix in (rules.query_prefix, rules.document_prefix)]
    prompts = [
        prompt if token is not None else prefix + prompt
        for token, prefix, prompt in zip(
            prefixes,
            (rules.query_prefix, rules.document_prefix),
            (rules.query_prompt, rules.document_prompt),
            strict=True,
        )
    ]
    return MultiVector(
        rules,
        torch.nn.Sequential(*maps).eval().requires_grad_(False).to(place, dtype),
        (prefixes[0], prefixes[1]),
        (prompts[0], prompts[1]),
        _expansion(rules, tokenizer, vocabulary, name) if rules.expanded_to else None,
        np.array(sorted(vocabulary[word] for word in set(rules.skiplist) if word in vocabulary), np.int32),
    )


def _linear(weight: torch.Tensor, bias: torch.Tensor | None, drawn: bool) -> torch.nn.Linear:
    linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    if not drawn:
        with torch.no_grad():
            linear.weight.copy_(weight)
            if bias is not None:
                linear.bias.copy_(bias)
    return linear


def _token_of(prefix: str, vocabulary: dict[str, int]) -> int | None:
    """The id of a prefix that is one token, with its space or without; None if it is not one token."""
    return vocabulary.get(prefix, vocabulary.get(prefix.strip())) if prefix.strip() else None


def _expansion(rules: ReadingRules, tokenizer: Any, vocabulary: dict[str, int], name: str) -> int:
    token = rules.expansion_token or tokenizer.mask_token or tokenizer.eos_token
    if token not in vocabulary:
        raise UserError(
            f"encoder {name!r} pads queries with {token!r}, which its tokenizer does not have: expected a mask "
            "token"
        )
    return vocabulary[token]
