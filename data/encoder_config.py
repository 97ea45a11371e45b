"""`EncoderConfig`: which encoder reads a text, how, and which of its states are kept; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Layer: TypeAlias = int | str | None
MAX_LENGTH = 256  # tokens of a text that are read at most, where neither user nor model says fewer


def as_layer(layer: Layer) -> Layer:
    """The layer, with a number in digits (`"4"`) turned into that number."""
    return int(layer) if isinstance(layer, str) and layer.isascii() and layer.isdigit() else layer


@dataclass(frozen=True)
class EncoderConfig:
    """How texts become token states; recorded with every SAE that is trained on them, with nothing left open.

    model: Hugging Face id, a folder, "minilm", or "random:MODEL:SEED".
    layer: None for the final hidden states; an index into Hugging Face's `hidden_states` (0: the embeddings, i: the
    output of block i); a TransformerLens hook point ("blocks.2.mlp.out.hook_out"); or, for a multi-vector encoder,
    "projected", the output of its projection.
    max_length: tokens per text, special ones included; None: what the model's files say, MAX_LENGTH at most. A
    multi-vector encoder cuts queries at its own query_length.
    query_prefix, document_prefix: put before every text; None: the prompts of the model's files, "": nothing.
    special_tokens: whether the states of [CLS], [SEP] and other special tokens are kept.
    """

    model: str = "minilm"
    layer: Layer = None
    max_length: int | None = None
    query_prefix: str | None = None
    document_prefix: str | None = None
    special_tokens: bool = True
    precision: Literal["float32", "bfloat16"] = "float32"
    device: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer", as_layer(self.layer))
