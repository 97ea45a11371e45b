"""Files of multi-vector encoders: projection and reading rules, in the three layouts that exist.

    PyLate                 modules.json: Transformer, Dense ...; settings in config_sentence_transformers.json
    sentence-transformers  modules.json: Transformer, Dense ..., MultiVectorMask, Normalize; settings beside each
    ColBERT                config.json names HF_ColBERT; `linear.weight` among the weights; artifact.metadata

Weights are read from safetensors files alone.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import torch

from data.control_encoders import random_twin
from data.errors import UserError
from data.model_files import model_file, model_json

PUNCTUATION = tuple(string.punctuation)
CONFIG = "config_sentence_transformers.json"
# The activation of a plain linear map, as either library writes it.
IDENTITY = ("torch.nn.modules.linear.Identity", "torch.nn.Identity")
MODULES = {"Transformer", "Dense", "MultiVectorMask", "Normalize"}


@dataclass(frozen=True)
class ReadingRules:
    """How texts are read, and which of their tokens are compared.

    query_prefix, document_prefix: token inserted after the first token ("[Q] "). query_prompt, document_prompt:
    text put before the text. query_length: tokens per query at most; None: the encoder's max_length. expanded_to:
    length in tokens to which shorter queries are padded with expansion_token (None: the mask token); 0: no padding.
    attends: whether the other tokens attend to the padding. document_length: tokens per document that the model
    was made for (the encoder's max_length is what applies). skiplist: tokens of documents that are encoded but not
    compared. A value of the wrong type raises a `UserError`.
    """

    query_prefix: str = "[Q] "
    document_prefix: str = "[D] "
    query_prompt: str = ""
    document_prompt: str = ""
    query_length: int | None = 32
    document_length: int | None = 180
    expanded_to: int = 32
    expansion_token: str | None = None
    attends: bool = False
    skiplist: tuple[str, ...] = PUNCTUATION

    def __post_init__(self) -> None:
        for field in fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            plain = {"str": str, "int": int, "bool": bool, "tuple[str, ...]": tuple}
            expected = plain[kind.removesuffix(" | None")]
            if not (isinstance(value, expected) or (value is None and kind.endswith("None"))):
                raise UserError(f"a multi-vector encoder's {field.name} is {value!r}, expected {kind}")


@lru_cache(maxsize=64)
def is_multi_vector(model: str) -> bool:
    """Whether the named model (a folder, an id, or the random twin of one) has one vector per token."""
    twin = random_twin(model)
    name = twin.of if twin else model
    return name != "minilm" and layout_of(name) is not None


def layout_of(path: str) -> str | None:
    """The file layout: pylate, native (sentence-transformers) or colbert; None for an encoder of another kind."""
    modules = model_json(path, "modules.json")
    if modules is None:
        config = model_json(path, "config.json") or {}
        return "colbert" if "HF_ColBERT" in (config.get("architectures") or []) else None
    kinds = {_kind(module) for module in modules}
    if "MultiVectorMask" in kinds:
        return "native"
    model_type = (model_json(path, CONFIG) or {}).get("model_type")
    return "pylate" if "Pooling" not in kinds and ("Dense" in kinds or model_type == "ColBERT") else None


def read_rules(path: str, name: str, layout: str) -> ReadingRules:
    """The reading rules in a model's files; a missing rule takes its library's default."""
    if layout == "colbert":
        return _colbert_rules(model_json(path, "artifact.metadata") or {})
    modules = model_json(path, "modules.json")
    if unknown := {_kind(module) for module in modules} - MODULES:
        raise UserError(
            f"encoder {name!r} puts {', '.join(sorted(unknown))} behind its token states: expected linear "
            "projections of these alone"
        )
    config = model_json(path, CONFIG) or {}
    return _native_rules(path, name, modules, config) if layout == "native" else _pylate_rules(config)


def read_projection(path: str, name: str, layout: str) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """Weight (d_out, d_in) and bias (d_out,) or None of each linear map, float32, in order of application."""
    if layout == "colbert":
        weights = _tensors(path, name, "", ("linear.weight",))
        return [(weights["linear.weight"], None)]
    modules = [module for module in model_json(path, "modules.json") if _kind(module) == "Dense"]
    if not modules:
        raise UserError(
            f"encoder {name!r} is multi-vector by its files, but has no Dense projection: expected one"
        )
    return [_dense(path, name, module["path"]) for module in modules]


def _dense(path: str, name: str, folder: str) -> tuple[torch.Tensor, torch.Tensor | None]:
    config = model_json(path, f"{folder}/config.json") or {}
    activation = config.get("activation_function", IDENTITY[0])
    if activation not in IDENTITY:
        raise UserError(
            f"encoder {name!r} projects through {activation} in {folder}: expected a linear map (Identity)"
        )
    weights = _tensors(path, name, f"{folder}/")
    weight = weights["linear.weight"]
    if config.get("use_residual"):  # W x + R x is one linear map
        weight = weight + weights.get("residual.weight", torch.eye(len(weight)))
    return weight, weights.get("linear.bias")


def _tensors(path: str, name: str, folder: str, wanted: tuple[str, ...] = ()) -> dict[str, torch.Tensor]:
    from safetensors import safe_open

    file = model_file(path, f"{folder}model.safetensors")
    if file is None:
        weights_file = (
            "only pytorch_model.bin" if model_file(path, f"{folder}pytorch_model.bin") else "no weights"
        )
        raise UserError(
            f"encoder {name!r} has {weights_file} for its projection: expected {folder}model.safetensors (a pickle "
            "can run code, and is never opened: save the model again as safetensors)"
        )
    with safe_open(str(file), framework="pt") as weights:
        names = [key for key in weights.keys() if not wanted or key in wanted]  # noqa: SIM118 (no mapping)
        tensors = {key: weights.get_tensor(key).float() for key in names}
    if "linear.weight" not in tensors:
        raise UserError(
            f"encoder {name!r} has no linear.weight in {folder}model.safetensors: expected its projection"
        )
    return tensors


def _pylate_rules(config: Mapping[str, Any]) -> ReadingRules:
    """The rules of PyLate's ColBERT; a prompt comes after the prefix."""
    settings = {
        key: config[key]
        for key in ("query_prefix", "document_prefix", "query_length", "document_length")
        if config.get(key) is not None
    }
    defaults = ReadingRules()
    query_length = settings.get("query_length", defaults.query_length)
    prompts = config.get("prompts") or {}
    skiplist = config.get("skiplist_words")
    return ReadingRules(
        **settings,
        query_prompt=(prompts.get("query") or "").removeprefix(
            settings.get("query_prefix", defaults.query_prefix)
        ),
        document_prompt=(prompts.get("document") or "").removeprefix(
            settings.get("document_prefix", defaults.document_prefix)
        ),
        expanded_to=0 if config.get("do_query_expansion") is False else query_length or 0,
        attends=bool(config.get("attend_to_expansion_tokens")),
        skiplist=PUNCTUATION if skiplist is None else tuple(skiplist),
    )


def _native_rules(path: str, name: str, modules: list[Any], config: Mapping[str, Any]) -> ReadingRules:
    """The rules of sentence-transformers' MultiVectorEncoder: prefixes are text, lengths the Transformer's."""
    folders = {_kind(module): module["path"] for module in modules}
    if "Normalize" not in folders:
        raise UserError(f"encoder {name!r} compares vectors of any norm: expected a Normalize module")
    text = model_json(path, _beside(folders["Transformer"], "sentence_bert_config.json")) or {}
    mask = model_json(path, _beside(folders["MultiVectorMask"], "config.json")) or {}
    skiplist = tuple(mask.get("skiplist_words") or ())
    if mask.get("keep_only_token_ids") or (
        skiplist and mask.get("skiplist_tasks", ["document"]) != ["document"]
    ):
        raise UserError(
            f"encoder {name!r} leaves query tokens, or all but a list of tokens, out of MaxSim: expected a "
            "skip-list of documents alone"
        )
    expansion, prompts = text.get("query_expansion") or {}, config.get("prompts") or {}
    length = expansion.get("length", 0)
    longest = text.get("query_length")
    return ReadingRules(
        query_prefix="",
        document_prefix="",
        query_prompt=prompts.get("query") or "",
        document_prompt=prompts.get("document") or "",
        query_length=length if expansion.get("strategy") == "fixed" else longest and max(longest, length),
        document_length=text.get("document_length"),
        expanded_to=length,
        expansion_token=expansion.get("token"),
        attends=bool(expansion.get("attend")),
        skiplist=skiplist,
    )


def _colbert_rules(metadata: Mapping[str, Any]) -> ReadingRules:
    length = metadata.get("query_maxlen") or 32
    return ReadingRules(
        query_prefix=metadata.get("query_token_id") or "[unused0]",
        document_prefix=metadata.get("doc_token_id") or "[unused1]",
        query_length=length,
        document_length=metadata.get("doc_maxlen") or 180,
        expanded_to=length,
        attends=bool(metadata.get("attend_to_mask_tokens")),
        skiplist=PUNCTUATION if metadata.get("mask_punctuation", True) else (),
    )


def _kind(module: Mapping[str, Any]) -> str:
    return str(module["type"]).rsplit(".", 1)[-1]


def _beside(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
