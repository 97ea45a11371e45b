"""Encoder: texts in, the token states of a frozen retriever out, and its own pooled vector beside them.

A token's state h_t is the encoder's hidden state at one layer or hook point, (d_model,), by default the final
hidden state. `data/models.py` says which encoders there are, `data/layer_reader.py` which layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.layer_reader import Layer, LayerReader, as_layer
from data.models import LoadedModel, Pooling, bfloat16_is_native, load_model, resolve_model
from data.ragged import Ragged, offsets_of
from data.threads import for_each_block

__all__ = ["Encoder", "EncoderConfig", "TokenStates", "bfloat16_is_native", "resolve_model"]

Kind = Literal["query", "document"]
Progress = Callable[[int, int], None]

# Padded tokens in one forward pass: small enough for a CPU's cache, large enough to fill a GPU.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 131_072, "mps": 16_384}


@dataclass(frozen=True)
class EncoderConfig:
    """How texts become token states; recorded with every SAE that is trained on them.

    model: Hugging Face id, a folder, "minilm", or "random:MODEL:SEED". layer: None for the final hidden states,
    an index into Hugging Face's `hidden_states` (0 the embeddings, i the output of block i), or a hook point's
    name in TransformerLens ("blocks.2.mlp.out.hook_out"). max_length: in tokens, special ones included.
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
    tokens and prefixes have (0, 0). pooled: float32 (n_texts, d_vector), the encoder's own vector of unit norm,
    whatever the layer.
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
        _check_length(config, loaded.model)
        return cls(config, loaded, LayerReader(loaded.model, config.model))

    def at_layer(self, layer: Layer) -> Encoder:
        """This encoder read at another layer; the model is shared."""
        return Encoder(replace(self.config, layer=layer), self._loaded, self._reader)

    def with_special_tokens(self) -> Encoder:
        """This encoder with the states of special tokens kept: all that its pooled vector is made of."""
        return Encoder(replace(self.config, special_tokens=True), self._loaded, self._reader)

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

        A control encoder (data/control_encoders.py) also says under `control` what it is.
        """
        description = {
            "config": asdict(self.config),
            "d_model": self.d_model,
            "pooling": self.pooling,
            "fingerprint": self.fingerprint,
        }
        control = self._loaded.control
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
        prefix = self.config.query_prefix if kind == "query" else self.config.document_prefix
        tokens = self._tokenize([prefix + text for text in texts])
        lengths = np.array([len(ids) for ids in tokens["input_ids"]], dtype=np.int64)
        keeps = [self._kept(mask) for mask in tokens["special_tokens_mask"]]
        offsets = offsets_of([int(keep.sum()) for keep in keeps])
        values = {
            layer: np.empty((int(offsets[-1]), self._reader.width(layer)), dtype=np.float16)
            for layer in own_names.values()
        }
        pooled = np.empty((len(texts), self._reader.width(None)), dtype=np.float32)
        batches = list(_batches(lengths, TOKENS_PER_PASS.get(self.device.type, 2048)))
        finished: list[int] = []

        def pass_through(start: int, stop: int) -> None:
            for batch in batches[start:stop]:
                vectors, states = self._forward([tokens["input_ids"][row] for row in batch], values)
                pooled[batch] = vectors
                for layer, of_batch in states.items():
                    for state, row in zip(of_batch, batch, strict=True):
                        values[layer][offsets[row] : offsets[row + 1]] = state[: lengths[row]][keeps[row]]
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
        ids, spans = _ids_and_spans(tokens, keeps, len(prefix), int(offsets[-1]))
        return {
            layer: TokenStates(Ragged(values[own_name], offsets), ids, spans, pooled)
            for layer, own_name in own_names.items()
        }

    def encode_changed(
        self, text: str, change: Callable[[torch.Tensor], torch.Tensor], kind: Kind = "document"
    ) -> TokenStates:
        """One text whose token states at this layer are changed, float32 (n_tokens, d_model) in and out.

        The rest of the model goes on with the changed states: `states` has these, and `pooled` is the vector that
        comes of them. For encoders that TransformerBridge carries (data/hook_points.py); others are a `UserError`.
        """
        prefix = self.config.query_prefix if kind == "query" else self.config.document_prefix
        tokens = self._tokenize([prefix + text])
        keep = self._kept(tokens["special_tokens_mask"][0])
        kept = torch.from_numpy(np.flatnonzero(keep)).to(self.device)

        def within(states: torch.Tensor) -> torch.Tensor:
            changed = states.clone()
            changed[0, kept] = change(states[0, kept].float()).to(states.dtype)
            return changed

        ids = torch.tensor(tokens["input_ids"], device=self.device)
        with torch.inference_mode():
            final, states = self._reader.read_changed(self.config.layer, within, input_ids=ids)
            pooled = self._pooled(final, torch.ones_like(ids, dtype=torch.bool))
        values = states[0, kept].float().cpu().numpy().astype(np.float16)
        self._check_finite(self.config.layer, values)
        offsets = offsets_of([int(keep.sum())])
        token_ids, spans = _ids_and_spans(tokens, [keep], len(prefix), int(offsets[-1]))
        return TokenStates(Ragged(values, offsets), token_ids, spans, pooled)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens that each text will give (after truncation, with its prefix), int64 (n_texts,)."""
        tokens = self._tokenize([self.config.document_prefix + text for text in texts])
        return np.array(
            [int(self._kept(mask).sum()) for mask in tokens["special_tokens_mask"]], dtype=np.int64
        )

    def _tokenize(self, texts: list[str]) -> Any:
        if not texts:
            raise UserError("there is no text to encode: expected at least one text, got an empty list")
        return self._tokenizer(
            texts,
            truncation=True,
            max_length=self.config.max_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )

    def _kept(self, special_tokens_mask: list[int]) -> NDArray[np.bool_]:
        special = np.array(special_tokens_mask, dtype=bool)
        return np.ones_like(special) if self.config.special_tokens else ~special

    def _check_finite(self, layer: Layer, states: NDArray[np.float16]) -> None:
        if not np.isfinite(states).all():
            where = "the final layer" if layer is None else f"layer {layer}"
            raise UserError(
                f"encoder {self.config.model!r} gave states at {where} that are not finite in float16: expected "
                "hidden states below 65,504; choose another layer"
            )

    def _forward(
        self, ids: list[list[int]], layers: Iterable[Layer]
    ) -> tuple[NDArray[np.float32], dict[Layer, NDArray[np.float32]]]:
        """Pooled vectors (n_texts, d_vector) and each layer's states (n_texts, longest, width) of one batch."""
        lengths = torch.tensor([len(row) for row in ids])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        input_ids = torch.full(mask.shape, self._tokenizer.pad_token_id or 0)
        input_ids[mask] = torch.tensor([token for row in ids for token in row])
        input_ids, mask = input_ids.to(self.device), mask.to(self.device)
        with torch.inference_mode():
            # One text, or texts of one length, need no mask: attention then takes its fastest path.
            attention_mask = None if bool(mask.all()) else mask.long()
            final, states = self._reader.read(layers, input_ids=input_ids, attention_mask=attention_mask)
            vectors = self._pooled(final, mask)
            return vectors, {layer: states[layer].float().cpu().numpy() for layer in layers}

    def _pooled(self, final: torch.Tensor, mask: torch.Tensor) -> NDArray[np.float32]:
        """The encoder's own vector of each text, of unit norm, from final states (n_texts, n_positions, width)."""
        weights = mask[:, :, None].to(torch.float32)
        vectors = (
            final[:, 0].float()
            if self.pooling == "cls"
            else (final.float() * weights).sum(1) / weights.sum(1)
        )
        pooled: NDArray[np.float32] = torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy()
        return pooled


def _batches(lengths: NDArray[np.int64], tokens_per_pass: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers, by falling length, in batches whose padded size stays within tokens_per_pass."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, tokens_per_pass // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size


def _ids_and_spans(
    tokens: Any, keeps: list[NDArray[np.bool_]], prefix_length: int, n_tokens: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    keep = np.concatenate(keeps)
    ids = np.fromiter((i for row in tokens["input_ids"] for i in row), np.int32, len(keep))
    flat = (end for row in tokens["offset_mapping"] for pair in row for end in pair)
    spans = np.fromiter(flat, np.int32, 2 * len(keep)).reshape(-1, 2)
    assert int(keep.sum()) == n_tokens
    return ids[keep], np.maximum(spans[keep] - prefix_length, 0)


def _check_length(config: EncoderConfig, model: Any) -> None:
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and config.max_length > positions:
        raise UserError(
            f"max_length {config.max_length} is more than {config.model!r} can take: expected at most {positions}"
        )
    if config.max_length < 3:
        raise UserError(f"max_length {config.max_length} leaves no room for text: expected at least 3 tokens")
