"""Encoder: texts in, the token states of a frozen retriever out, and its own pooled vector beside them.

A token's state h_t is the encoder's hidden state at one layer or hook point, (d_model,), by default the final
hidden state. `data/models.py` says which encoders there are, `data/layer_reader.py` which layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.layer_reader import Layer, LayerReader, as_layer
from data.models import LoadedModel, Pooling, bfloat16_is_native, load_model, resolve_model
from data.multi_vector import PROJECTED, Kind, MultiVector
from data.ragged import Ragged
from data.threads import for_each_block
from data.tokens import Tokens, read_tokens

__all__ = ["Encoder", "EncoderConfig", "Kind", "TokenStates", "bfloat16_is_native", "resolve_model"]

Progress = Callable[[int, int], None]

STATES_AT_ONCE = 65_536  # projected together
# Padded tokens in one forward pass: small enough for a CPU's cache, large enough to fill a GPU.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 131_072, "mps": 16_384}


@dataclass(frozen=True)
class EncoderConfig:
    """How texts become token states; recorded with every SAE that is trained on them.

    model: Hugging Face id, a folder, "minilm", or "random:MODEL:SEED". layer: None for the final hidden states,
    an index into Hugging Face's `hidden_states` (0 the embeddings, i the output of block i), or a hook point's
    name in TransformerLens ("blocks.2.mlp.out.hook_out"), or, of a multi-vector encoder, "projected": what its
    projection makes of the final hidden states. max_length: in tokens, special ones included; of queries of a
    multi-vector encoder, its own query_length is.
    special_tokens: whether the states of [CLS], [SEP] and their like are kept.
    """

    model: str = "minilm"
    layer: Layer = None
    max_length: int = 256
    query_prefix: str = ""
    document_prefix: str = ""
    special_tokens: bool = True
    precision: Literal["float32", "bfloat16"] = "float32"
    device: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer", as_layer(self.layer))


@dataclass(frozen=True)
class TokenStates:
    """What an encoder says of n_texts texts, in input order.

    states: Ragged of float16 (n_tokens, d_model), the precision in which the whole workbench keeps them.
    token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end character in the text; special
    tokens, prefixes and expansion tokens have (0, 0). pooled: float32 (n_texts, d_vector), the encoder's own
    vector of unit norm, whatever the layer; of a multi-vector encoder, whose own score is MaxSim, the mean of the
    projected vectors that MaxSim compares.
    """

    states: Ragged
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    pooled: NDArray[np.float32]

    @property
    def n_tokens(self) -> int:
        return len(self.token_ids)


class Encoder:
    """A frozen encoder, read at one layer; make one with `Encoder.load`."""

    def __init__(self, config: EncoderConfig, loaded: LoadedModel, reader: LayerReader) -> None:
        # An alias of a hook point becomes its one name, so that equal states have equal descriptions.
        self.config = replace(config, layer=reader.resolve(config.layer))
        self.pooling: Pooling = loaded.pooling
        self.device = loaded.device
        self.fingerprint = loaded.fingerprint
        self.d_model = reader.width(self.config.layer)
        self._loaded = loaded
        self._reader = reader
        self._tokenizer = loaded.tokenizer

    @classmethod
    def load(cls, config: EncoderConfig) -> Encoder:
        """Load model and tokenizer; what is missing, unknown or unfit is a `UserError` of one sentence."""
        loaded = load_model(config.model, config.precision, config.device)
        _check_length(config, loaded)
        return cls(config, loaded, LayerReader(loaded.model, config.model, loaded.multi_vector))

    def at_layer(self, layer: Layer) -> Encoder:
        """This encoder read at another layer; the model is shared."""
        return Encoder(replace(self.config, layer=layer), self._loaded, self._reader)

    def with_special_tokens(self) -> Encoder:
        """This encoder with the states of special tokens kept: all that its pooled vector is made of."""
        return Encoder(replace(self.config, special_tokens=True), self._loaded, self._reader)

    @property
    def multi_vector(self) -> MultiVector | None:
        """The projection and the rules of a multi-vector encoder; None of one with a vector a text."""
        return self._loaded.multi_vector

    def for_maxsim(self) -> Encoder:
        """This multi-vector encoder read where `token_vectors` can take its states from: all tokens, at the end."""
        if self.config.layer in (None, PROJECTED) and self.config.special_tokens:
            return self
        return Encoder(replace(self.config, layer=PROJECTED, special_tokens=True), self._loaded, self._reader)

    def token_vectors(self, states: TokenStates, kind: Kind = "document") -> Ragged:
        """What MaxSim compares: float16 (n_compared, d_vector), rows of unit norm, of what `for_maxsim` encoded."""
        assert self.multi_vector is not None  # asked of multi-vector encoders alone
        values = states.states.values
        if self.config.layer is None:
            projected = np.empty((len(values), self.multi_vector.width), np.float16)
            with torch.inference_mode():
                for first in range(0, len(values), STATES_AT_ONCE):
                    some = torch.from_numpy(np.array(values[first : first + STATES_AT_ONCE])).to(self.device)
                    projected[first : first + STATES_AT_ONCE] = self.multi_vector.project(some).cpu().numpy()
            values = projected
        compared = self.multi_vector.compared(states.token_ids, kind)
        kept = np.concatenate(([0], np.cumsum(compared)))
        return Ragged(values[compared], kept[states.states.offsets])

    @property
    def mask_token(self) -> str | None:
        """What stands in a text for a hidden word; None where the tokenizer has no such token."""
        return self._tokenizer.mask_token  # type: ignore[no-any-return]

    @property
    def n_layers(self) -> int:
        """Blocks of the model; its hidden states are numbered 0 (the embeddings) to n_layers."""
        return int(self._loaded.model.config.num_hidden_layers)

    @property
    def weight_bytes(self) -> int:
        """Of the model's weights in memory."""
        return sum(weight.nbytes for weight in self._loaded.model.parameters())

    def describe(self) -> dict[str, Any]:
        """What an SAE or a study records of its encoder: configuration, width, pooling, weights' fingerprint.

        A control encoder (data/control_encoders.py) also says under `control` what it is, a multi-vector one under
        `multi_vector` how it reads texts: its own score is MaxSim, and its vector of a text stands beside that.
        """
        description = {
            "config": asdict(self.config),
            "d_model": self.d_model,
            "pooling": self.pooling,
            "fingerprint": self.fingerprint,
        }
        control = self._loaded.control
        if self.multi_vector:
            description["multi_vector"] = self.multi_vector.describe()
        return description if control is None else {**description, "control": dict(control)}

    def wordpieces(self) -> list[str]:
        """The tokenizer's token of each token id."""
        by_id = {index: token for token, index in self._tokenizer.get_vocab().items()}
        return [by_id.get(index, f"[{index}]") for index in range(max(by_id) + 1)]

    def encode(
        self, texts: Sequence[str], kind: Kind = "document", progress: Progress | None = None
    ) -> TokenStates:
        """Encode texts, in input order whatever the batches; progress counts tokens.

        Texts are sorted by length and passed in batches of about equal size, which changes rounding only.
        """
        layer = self.config.layer
        return self.encode_layers(texts, [layer], kind, progress)[layer]

    def encode_layers(
        self,
        texts: Sequence[str],
        layers: Sequence[Layer],
        kind: Kind = "document",
        progress: Progress | None = None,
    ) -> dict[Layer, TokenStates]:
        """`encode` at several layers in one forward pass; each gives what it would give alone, to the bit.

        All layers' states are in memory at once: 2 bytes x n_tokens x the sum of their widths.
        """
        own_names = {layer: self._reader.resolve(layer) for layer in layers}
        tokens = self._tokens(texts, kind)
        lengths, offsets, kept = tokens.lengths, tokens.offsets, tokens.kept
        values = {
            layer: np.empty((int(offsets[-1]), self._reader.width(layer)), dtype=np.float16)
            for layer in own_names.values()
        }
        pooled = np.empty((len(texts), self._reader.width(self._reader.pooled_layer)), dtype=np.float32)
        batches = list(tokens.batches(TOKENS_PER_PASS.get(self.device.type, 2048)))
        finished: list[int] = []

        def pass_through(start: int, stop: int) -> None:
            for batch in batches[start:stop]:
                vectors, states = self._forward(tokens, batch, values, kind)
                pooled[batch] = vectors
                for layer, of_batch in states.items():
                    for state, row in zip(of_batch, batch, strict=True):
                        values[layer][offsets[row] : offsets[row + 1]] = state[: lengths[row]][kept[row]]
                finished.append(int(lengths[batch].sum()))
                if progress:
                    progress(sum(finished), int(lengths.sum()))

        if self.device.type == "cpu":
            # A core a batch: cores that share every product wait for each other after each of them.
            for_each_block(len(batches), 1, lambda: pass_through)
        else:
            pass_through(0, len(batches))
        for layer, states in values.items():
            self._check_finite(layer, states)
        return {
            layer: TokenStates(Ragged(values[own_name], offsets), tokens.token_ids, tokens.spans, pooled)
            for layer, own_name in own_names.items()
        }

    def encode_changed(
        self, text: str, change: Callable[[torch.Tensor], torch.Tensor], kind: Kind = "document"
    ) -> TokenStates:
        """One text whose token states at this layer are changed, float32 (n_tokens, d_model) in and out.

        The rest of the model goes on with the changed states: `states` has these, and `pooled` is the vector that
        comes of them. For encoders that TransformerBridge carries (data/hook_points.py); others are a `UserError`.
        """
        tokens = self._tokens([text], kind)
        kept = torch.from_numpy(np.flatnonzero(tokens.kept[0])).to(self.device)

        def within(states: torch.Tensor) -> torch.Tensor:
            changed = states.clone()
            changed[0, kept] = change(states[0, kept].float()).to(states.dtype)
            return changed

        inputs, mask = self._inputs(tokens, [0])
        with torch.inference_mode():
            final, states = self._reader.read_changed(self.config.layer, within, **inputs)
            pooled = self._pooled(final, mask, inputs["input_ids"], kind)
        values = states[0, kept].float().cpu().numpy().astype(np.float16)
        self._check_finite(self.config.layer, values)
        return TokenStates(Ragged(values, tokens.offsets), tokens.token_ids, tokens.spans, pooled)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens that each text will give (after truncation, with its prefix), int64 (n_texts,)."""
        return self._tokens(texts, "document").n_kept

    def _tokens(self, texts: Sequence[str], kind: Kind) -> Tokens:
        config, multi_vector = self.config, self.multi_vector
        prefix = config.query_prefix if kind == "query" else config.document_prefix
        prefix = multi_vector.prompt(kind) + prefix if multi_vector else prefix
        return read_tokens(
            self._tokenizer, texts, kind, prefix, config.max_length, config.special_tokens, multi_vector
        )

    def _check_finite(self, layer: Layer, states: NDArray[np.float16]) -> None:
        if not np.isfinite(states).all():
            where = "the final layer" if layer is None else f"layer {layer}"
            raise UserError(
                f"encoder {self.config.model!r} gave states at {where} that are not finite in float16: expected "
                "hidden states below 65,504; choose another layer"
            )

    def _forward(
        self, tokens: Tokens, batch: NDArray[np.int64], layers: Iterable[Layer], kind: Kind
    ) -> tuple[NDArray[np.float32], dict[Layer, NDArray[np.float32]]]:
        """Pooled vectors (n_texts, d_vector) and each layer's states (n_texts, longest, width) of one batch."""
        inputs, mask = self._inputs(tokens, batch)
        with torch.inference_mode():
            final, states = self._reader.read(layers, **inputs)
            vectors = self._pooled(final, mask, inputs["input_ids"], kind)
            return vectors, {layer: states[layer].float().cpu().numpy() for layer in layers}

    def _inputs(
        self, tokens: Tokens, batch: Sequence[int] | NDArray[np.int64]
    ) -> tuple[dict[str, Any], torch.Tensor]:
        """What the model is called with for some texts, and which positions are theirs (n_texts, longest)."""
        ids = [tokens.ids[row] for row in batch]
        lengths = torch.tensor([len(row) for row in ids])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        input_ids = torch.full(mask.shape, self._tokenizer.pad_token_id or 0)
        input_ids[mask] = torch.tensor([token for row in ids for token in row])
        seen = torch.tensor([tokens.attended[row] for row in batch])
        attended = torch.arange(mask.shape[1])[None, :] < seen[:, None]
        # One text, or texts of one length, need no mask: attention then takes its fastest path.
        attention_mask = None if bool(attended.all()) else attended.long().to(self.device)
        return {"input_ids": input_ids.to(self.device), "attention_mask": attention_mask}, mask.to(
            self.device
        )

    def _pooled(
        self, final: torch.Tensor, mask: torch.Tensor, input_ids: torch.Tensor, kind: Kind
    ) -> NDArray[np.float32]:
        """The encoder's own vector of each text, of unit norm, from states (n_texts, n_positions, width)."""
        if self.multi_vector:
            compared = self.multi_vector.compared(input_ids.cpu().numpy(), kind)
            mask = mask & torch.from_numpy(compared).to(mask.device)
        weights = mask[:, :, None].to(torch.float32)
        vectors = (
            final[:, 0].float()
            if self.pooling == "cls"
            else (final.float() * weights).sum(1) / weights.sum(1)
        )
        pooled: NDArray[np.float32] = torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy()
        return pooled


def _check_length(config: EncoderConfig, loaded: LoadedModel) -> None:
    positions = getattr(loaded.model.config, "max_position_embeddings", None)
    read = {"max_length": config.max_length}
    if loaded.multi_vector:
        read["query_length"] = loaded.multi_vector.rules.query_length or config.max_length
    for what, length in read.items():
        if positions and length > positions:
            raise UserError(
                f"{what} {length} is more than {config.model!r} can take: expected at most {positions}"
            )
        if length < 3:
            raise UserError(f"{what} {length} leaves no room for text: expected at least 3 tokens")
