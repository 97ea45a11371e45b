"""Encoder: turns texts into a frozen retriever's token states h_t and its own pooled vectors.

h_t (d_model,) is the encoder's hidden state of token t at one layer or hook point, by default the final hidden
state. `data/models.py` lists the encoders, `data/layer_reader.py` the layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.encoder_config import EncoderConfig, Layer
from data.errors import UserError
from data.layer_reader import LayerReader
from data.lengths import checked_length
from data.models import LoadedModel, bfloat16_is_native, load_model, resolve_model
from data.multi_vector import PROJECTED, Kind, MultiVector
from data.passes import model_inputs
from data.progress import StepProgress
from data.ragged import Ragged
from data.reading import as_read, with_absolute_model
from data.single_vector import SingleVector, prompt_tokens
from data.threads import for_each_block
from data.token_states import TokenStates
from data.tokens import Tokens, read_tokens
from data.trial import TEXTS, takes_padding

__all__ = ["Encoder", "EncoderConfig", "Kind", "TokenStates", "bfloat16_is_native", "resolve_model"]
STATES_AT_ONCE = 65_536  # states per call of the projection
# Padded tokens in one forward pass: small enough for a CPU's cache, large enough to fill a GPU.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 131_072, "mps": 16_384}


class Encoder:
    """A frozen encoder that returns the states of one layer; `Encoder.load` makes one."""

    reads_new_texts = True  # False: token states of given texts were imported, and the model is not here
    changed_states = ""  # what they are changed to (data/changed_encoder.py); "": they are as they are

    def __init__(
        self, config: EncoderConfig, loaded: LoadedModel, reader: LayerReader, takes_padding: bool = True
    ) -> None:
        """takes_padding: whether texts of different lengths may share a batch."""
        # An alias of a hook point becomes its one name, so that equal states have equal descriptions.
        self.config = replace(config, layer=reader.resolve(config.layer))
        self.pooling = loaded.pooling
        self.device = loaded.device
        self.fingerprint = loaded.fingerprint
        self.d_model = reader.width(self.config.layer)
        self._loaded = loaded
        self._reader = reader
        self._tokenizer = loaded.tokenizer
        self._takes_padding = takes_padding
        self._prompt_tokens = {
            "query": prompt_tokens(loaded.tokenizer, self.config.query_prefix or ""),
            "document": prompt_tokens(loaded.tokenizer, self.config.document_prefix or ""),
        }

    @classmethod
    def load(cls, config: EncoderConfig) -> Encoder:
        """Load model and tokenizer, and try them; a missing or unsupported model raises a `UserError`.

        What `config` leaves open is as the model's files say; a folder is recorded by its absolute path.
        """
        from data.imported_states import ImportedEncoder, is_imported

        config = with_absolute_model(config)
        if is_imported(config.model):
            return ImportedEncoder(config)
        loaded = load_model(config.model, config.precision, config.device)
        config = checked_length(config, as_read(config), loaded)
        reader = LayerReader(loaded.model, config.model, loaded.multi_vector)
        encoder = cls(config, loaded, reader)
        ids, width, dtype = encoder._tokens(TEXTS, "document").ids, reader.width(None), loaded.model.dtype
        encoder._takes_padding = takes_padding(encoder._trial_states, ids, width, dtype, config.model)
        return encoder

    def at_layer(self, layer: Layer) -> Encoder:
        """This encoder at another layer; both share the model in memory."""
        return self._with(replace(self.config, layer=layer))

    def with_special_tokens(self) -> Encoder:
        """This encoder with the states of special tokens kept, which its pooled vector also averages over."""
        return self._with(replace(self.config, special_tokens=True))

    def _with(self, config: EncoderConfig) -> Encoder:
        return Encoder(config, self._loaded, self._reader, self._takes_padding)

    @property
    def vector(self) -> SingleVector:
        """How token states make the encoder's own vector of a text."""
        return self._loaded.vector

    @property
    def multi_vector(self) -> MultiVector | None:
        """The projection and reading rules of a multi-vector encoder; None for one with one vector per text."""
        return self._loaded.multi_vector

    def for_maxsim(self) -> Encoder:
        """This multi-vector encoder with the states that `token_vectors` needs: all tokens, final layer."""
        if self.config.layer in (None, PROJECTED) and self.config.special_tokens:
            return self
        return self._with(replace(self.config, layer=PROJECTED, special_tokens=True))

    def token_vectors(self, states: TokenStates, kind: Kind = "document") -> Ragged:
        """The unit vectors that MaxSim compares, float16 (n_compared, d_vector), from states of `for_maxsim`."""
        assert self.multi_vector is not None  # callers check that the encoder is multi-vector
        values = states.states.values
        if self.config.layer is None:
            projected = np.empty((len(values), self.multi_vector.width), np.float16)
            with torch.inference_mode():
                for first in range(0, len(values), STATES_AT_ONCE):
                    rows = torch.from_numpy(np.array(values[first : first + STATES_AT_ONCE])).to(self.device)
                    projected[first : first + STATES_AT_ONCE] = self.multi_vector.project(rows).cpu().numpy()
            values = projected
        compared = self.multi_vector.compared(states.token_ids, kind)
        kept = np.concatenate(([0], np.cumsum(compared)))
        return Ragged(values[compared], kept[states.states.offsets])

    @property
    def mask_token(self) -> str | None:
        """The token that replaces a hidden word; None for a tokenizer without one."""
        return self._tokenizer.mask_token  # type: ignore[no-any-return]

    @property
    def n_layers(self) -> int:
        """Number of transformer blocks; hidden states are numbered 0 (the embeddings) to n_layers."""
        return int(self._loaded.model.config.num_hidden_layers)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the model's weights in memory."""
        return sum(weight.nbytes for weight in self._loaded.model.parameters())

    def describe(self) -> dict[str, Any]:
        """The record of this encoder in an SAE or a study: configuration, width, pooling, weights' fingerprint.

        A control encoder (data/control_encoders.py) has its record under `control`, a multi-vector encoder its
        reading rules under `multi_vector`, any other what its files say beyond the usual under `rules`.
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
        elif rules := self.vector.rules.describe():
            description["rules"] = rules
        return description if control is None else {**description, "control": dict(control)}

    def wordpieces(self) -> list[str]:
        """The tokenizer's token of each token id; an id without a token is "[id]"."""
        by_id = {index: token for token, index in self._tokenizer.get_vocab().items()}
        return [by_id.get(index, f"[{index}]") for index in range(max(by_id) + 1)]

    def encode(
        self, texts: Sequence[str], kind: Kind = "document", progress: StepProgress | None = None
    ) -> TokenStates:
        """Encode texts; results are in input order. progress: counts tokens. No text raises a `UserError`.

        Texts are batched by length, which affects rounding only.
        """
        layer = self.config.layer
        return self.encode_layers(texts, [layer], kind, progress)[layer]

    def encode_layers(
        self,
        texts: Sequence[str],
        layers: Sequence[Layer],
        kind: Kind = "document",
        progress: StepProgress | None = None,
    ) -> dict[Layer, TokenStates]:
        """`encode` at several layers in one forward pass; the result is bit-identical to one `encode` per layer.

        All layers' states are in memory at once: 2 bytes x n_tokens x the sum of their widths.
        """
        own_names = {layer: self._reader.resolve(layer) for layer in layers}
        tokens = self._tokens(texts, kind)
        lengths, offsets, kept = tokens.lengths, tokens.offsets, tokens.kept
        values = {
            layer: np.empty((int(offsets[-1]), self._reader.width(layer)), dtype=np.float16)
            for layer in own_names.values()
        }
        pooled = np.zeros((len(texts), self.vector.width), dtype=np.float32)
        batches = list(tokens.batches(TOKENS_PER_PASS.get(self.device.type, 2048), self._takes_padding))
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
            # One core per batch: cores that share a matrix product wait for each other after every one.
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
        """Encode one text with `change` applied to its token states at this layer, float32 (n_tokens, d_model).

        `states` are the changed states, and `pooled` is the vector that the rest of the model computes from them.
        Needs an encoder that TransformerBridge supports (data/hook_points.py); others raise a `UserError`.
        """
        tokens = self._tokens([text], kind)
        if not tokens.lengths[0]:
            return self.encode([text], kind)
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

    def count_tokens(self, texts: Sequence[str], kind: Kind = "document") -> NDArray[np.int64]:
        """Tokens of each text whose states `encode` returns, after prefix and truncation, int64 (n_texts,)."""
        return self._tokens(texts, kind).n_kept

    def _tokens(self, texts: Sequence[str], kind: Kind) -> Tokens:
        config, multi_vector = self.config, self.multi_vector
        prefix = config.query_prefix if kind == "query" else config.document_prefix
        prefix = multi_vector.prompt(kind) + (prefix or "") if multi_vector else prefix or ""
        assert config.max_length is not None  # `load` has filled what the configuration left open
        return read_tokens(
            self._tokenizer, texts, kind, prefix, config.max_length, config.special_tokens, multi_vector
        )

    def _check_finite(self, layer: Layer, states: NDArray[np.float16]) -> None:
        if not np.isfinite(states).all():
            where = "the final layer" if layer is None else f"layer {layer}"
            raise UserError(
                f"encoder {self.config.model!r} has states at {where} that are not finite in float16: expected "
                "hidden states below 65,504; choose another layer"
            )

    def _forward(
        self, tokens: Tokens, batch: NDArray[np.int64], layers: Iterable[Layer], kind: Kind
    ) -> tuple[NDArray[np.float32], dict[Layer, NDArray[np.float32]]]:
        """Pooled vectors (n_texts, d_vector) and each layer's states (n_texts, longest, width) of one batch."""
        inputs, mask = self._inputs(tokens, batch.tolist())
        with torch.inference_mode():
            final, states = self._reader.read(layers, **inputs)
            vectors = self._pooled(final, mask, inputs["input_ids"], kind)
            return vectors, {layer: states[layer].float().cpu().numpy() for layer in layers}

    def _inputs(self, tokens: Tokens, batch: Sequence[int]) -> tuple[dict[str, Any], torch.Tensor]:
        ids, attended = [tokens.ids[row] for row in batch], [tokens.attended[row] for row in batch]
        types = [tokens.types[row] for row in batch] if tokens.types else None
        return model_inputs(ids, attended, types, self._tokenizer.pad_token_id or 0, self.device)

    def _trial_states(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """The final states of some texts' tokens, (n_texts, longest, d_model)."""
        inputs, _ = model_inputs(
            ids, [len(row) for row in ids], None, self._tokenizer.pad_token_id or 0, self.device
        )
        with torch.inference_mode():
            return self._reader.read([None], **inputs)[1][None]

    def _pooled(
        self, final: torch.Tensor, mask: torch.Tensor, input_ids: torch.Tensor, kind: Kind
    ) -> NDArray[np.float32]:
        """The encoder's own unit vectors, (n_texts, d_vector), from states (n_texts, n_positions, width)."""
        if self.multi_vector:
            compared = self.multi_vector.compared(input_ids.cpu().numpy(), kind)
            mask = mask & torch.from_numpy(compared).to(mask.device)
        vectors = self.vector.of(final, mask, 0 if self.multi_vector else self._prompt_tokens[kind])
        pooled: NDArray[np.float32] = vectors.cpu().numpy()
        return pooled
