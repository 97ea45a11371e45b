"""Files of single-vector encoders: how a sentence-transformers folder reads texts and makes its vector of them.

    modules.json                         Transformer, Pooling, then any of Dense, LayerNorm, Normalize, Dropout
    sentence_bert_config.json            max_seq_length, do_lower_case
    config_sentence_transformers.json    prompts, truncate_dim, similarity_fn_name

A setting that changes a vector is applied, or refused by its name. A model without modules.json is read as
sentence-transformers reads it: mean pooling, of a causal language model the last token's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from data.errors import UserError
from data.model_files import model_json

# Modes in the order in which several are concatenated, by the names of older and newer folders.
MODES = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
OLD_MODES = {f"{name}_tokens": name for name in ("mean", "max")} | {"cls_token": "cls"}
BEHIND_POOLING = ("Dense", "LayerNorm", "Normalize", "Dropout")
TRANSFORMER_FILES = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
# Their files do not say that they leave the prompt out; sentence-transformers knows them by name.
INSTRUCTORS = ("hkunlp/instructor-base", "hkunlp/instructor-large", "hkunlp/instructor-xl")
CONFIG = "config_sentence_transformers.json"
# Settings of the Transformer that change a vector by rounding at most, whatever their value.
HARMLESS = {
    "unpad_inputs",
    *(f"model_kwargs.{key}" for key in ("attn_implementation", "torch_dtype", "dtype", "device_map")),
    *(f"model_kwargs.{key}" for key in ("add_pooling_layer", "use_safetensors")),
    *("processor_kwargs.padding_side", "processor_kwargs.use_fast", "config_kwargs.use_cache"),
}
# Settings that are supported with this value alone.
EXPECTED: dict[str, Any] = {
    "transformer_task": "feature-extraction",
    "module_output_name": "token_embeddings",
    "modality_config.text": {"method": "forward", "method_output_name": "last_hidden_state"},
}
RENAMED = {"model_args": "model_kwargs", "tokenizer_args": "processor_kwargs", "config_args": "config_kwargs"}


@dataclass(frozen=True)
class HeadModule:
    """A module behind the pooling. kind: of BEHIND_POOLING. folder: where its weights are. config: its settings."""

    kind: str
    folder: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class VectorRules:
    """How texts are read, and how their token states make one vector.

    transformer: folder of the model within its folder, "" for the folder itself. pooling: of MODES, concatenated.
    include_prompt: whether the prompt's tokens are pooled too. head: modules behind the pooling, in order.
    truncate_dim: leading dimensions that are kept of the vector; None: all. query_prompt, document_prompt: put
    before every text. max_length: tokens per text that the model or its tokenizer says, None if neither does.
    lower_case: whether texts are lower-cased before the tokenizer.
    """

    transformer: str = ""
    pooling: tuple[str, ...] = ("mean",)
    include_prompt: bool = True
    head: tuple[HeadModule, ...] = ()
    truncate_dim: int | None = None
    query_prompt: str = ""
    document_prompt: str = ""
    max_length: int | None = None
    lower_case: bool = False

    def describe(self) -> dict[str, Any]:
        """What the encoder's description records beside pooling, prompts and length: rules that most lack."""
        record: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in ("include_prompt", "truncate_dim", "lower_case")
            and getattr(self, field.name) != field.default
        }
        dense = [module.kind for module in self.head if module.kind in ("Dense", "LayerNorm")]
        return record | ({"head": [module.kind for module in self.head]} if dense else {})


def read_vector_rules(path: str, name: str) -> VectorRules:
    """The rules in a model's files; one that is not supported raises a `UserError`. name: for messages."""
    modules = model_json(path, "modules.json")
    if modules is None:
        pooling_modes = ("lasttoken",) if _is_causal(path) else ("mean",)
        return VectorRules(pooling=pooling_modes, max_length=_tokenizers_length(path, ""))
    transformer, pooling, head = _modules(modules, path, name)
    settings = _transformer_settings(path, name, transformer)
    config = _object(model_json(path, CONFIG), name, CONFIG)
    _check_similarity(config, head, name)
    prompts = {key: text for key, text in (config.get("prompts") or {}).items() if text is not None}
    if not all(isinstance(text, str) for text in prompts.values()):
        raise UserError(f"encoder {name!r} has prompts that are not text: correct its {CONFIG}")
    return VectorRules(
        transformer,
        _pooling_modes(pooling, name),
        pooling.get("include_prompt", True) is not False and name not in INSTRUCTORS,
        head,
        _whole_number(config.get("truncate_dim"), "truncate_dim", name),
        prompts.get("query", ""),
        next((prompts[key] for key in ("document", "passage", "corpus") if key in prompts), ""),
        _whole_number(settings.get("max_seq_length"), "max_seq_length", name)
        or _tokenizers_length(path, transformer),
        bool(settings.get("do_lower_case")),
    )


def _is_causal(path: str) -> bool:
    config = model_json(path, "config.json") or {}
    architectures = config.get("architectures") or [""]
    return str(architectures[0]).endswith("ForCausalLM") and config.get("is_causal", True) is not False


def _modules(modules: Any, path: str, name: str) -> tuple[str, dict[str, Any], tuple[HeadModule, ...]]:
    """The Transformer's folder, the Pooling's settings, and the modules behind it."""
    if not isinstance(modules, list) or not all(
        isinstance(module, dict) and {"type", "path"} <= set(module) for module in modules
    ):
        raise UserError(
            f"encoder {name!r} has a modules.json that lists no modules: download its files again"
        )
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    foreign = [
        str(module["type"])
        for module in modules
        if not str(module["type"]).startswith("sentence_transformers.")
    ]
    unknown = foreign or [kind for kind in kinds[2:] if kind not in BEHIND_POOLING]
    if kinds[:2] != ["Transformer", "Pooling"] or unknown:
        raise UserError(
            f"encoder {name!r} is made of {', '.join(foreign or kinds)}: expected sentence-transformers' own "
            f"Transformer and Pooling, then any of {', '.join(BEHIND_POOLING)}, which the workbench computes"
        )
    behind = [
        HeadModule(
            kind, module["path"], _object(model_json(path, f"{module['path']}/config.json"), name, kind)
        )
        for kind, module in zip(kinds[2:], modules[2:], strict=True)
        if kind != "Dropout"  # does nothing once a model is trained
    ]
    for module in behind:
        moved = [module.config.get(key) for key in ("module_input_name", "module_output_name")]
        if any(place not in (None, "sentence_embedding") for place in moved):
            raise UserError(
                f"encoder {name!r} applies {module.kind} to other than its pooled vector: expected "
                "sentence_embedding"
            )
    pooling = _object(model_json(path, f"{modules[1]['path']}/config.json"), name, "the Pooling module")
    return str(modules[0]["path"]).strip("/"), pooling, tuple(behind)


def _pooling_modes(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    named = config.get("pooling_mode")
    if named is None:
        switches = {key for key, on in config.items() if key.startswith("pooling_mode_") and on}
        if unknown := switches - set(MODES.values()):
            raise UserError(f"encoder {name!r} pools by {_listed(unknown)}: expected {', '.join(MODES)}")
        return tuple(mode for mode, switch in MODES.items() if switch in switches) or ("mean",)
    modes = (named,) if isinstance(named, str) else tuple(named)
    modes = tuple(OLD_MODES.get(mode, mode) for mode in modes)
    if not modes or set(modes) - set(MODES):
        raise UserError(f"encoder {name!r} pools by {_listed(modes)}: expected {', '.join(MODES)}")
    return modes


def _transformer_settings(path: str, name: str, folder: str) -> Mapping[str, Any]:
    """The Transformer's settings; one that changes the states and is not supported raises a `UserError`."""
    places = (f"{folder}/{file}" if folder else file for file in TRANSFORMER_FILES)
    settings = _object(
        next(filter(None, (model_json(path, place) for place in places)), {}), name, "the Transformer"
    )
    given: dict[str, Any] = {}
    for key, value in settings.items():
        key = RENAMED.get(key, key)
        nested = key.endswith("_kwargs") or key == "modality_config"
        given |= {f"{key}.{inner}": v for inner, v in (value or {}).items()} if nested else {key: value}
    length = given.pop("processor_kwargs.model_max_length", None)
    read = {"max_seq_length", "do_lower_case"}
    for key, value in given.items():
        if key in read | HARMLESS or value is None or key.endswith(".trust_remote_code"):
            continue
        if value != EXPECTED.get(key):
            expected = f"expected {EXPECTED[key]}" if key in EXPECTED else "the workbench does not read so"
            raise UserError(f"encoder {name!r} sets {key} of its Transformer to {value!r}: {expected}")
    return {**settings, "max_seq_length": settings.get("max_seq_length") or length}


def _tokenizers_length(path: str, folder: str) -> int | None:
    config = model_json(path, f"{folder}/tokenizer_config.json" if folder else "tokenizer_config.json")
    length = config.get("model_max_length") if isinstance(config, dict) else None
    return int(length) if isinstance(length, (int, float)) and 0 < length < 1e9 else None


def _check_similarity(config: Mapping[str, Any], head: tuple[HeadModule, ...], name: str) -> None:
    """Of vectors of unit norm, dot product and Euclidean distance rank as the cosine does; else a `UserError`."""
    similarity = config.get("similarity_fn_name") or "cosine"
    of_unit_norm = bool(head) and head[-1].kind == "Normalize" and not config.get("truncate_dim")
    if similarity == "cosine" or (similarity in ("dot", "euclidean") and of_unit_norm):
        return
    raise UserError(
        f"encoder {name!r} compares its vectors by {similarity!r}, which ranks differently from the cosine that "
        f'the workbench computes: expected "cosine"; to compare by the cosine all the same, set similarity_fn_name '
        f"to it in the {CONFIG} of a copy"
    )


def _whole_number(value: Any, key: str, name: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise UserError(f"encoder {name!r} has {key} {value!r}: expected a whole number above 0")


def _object(value: Any, name: str, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(
            f"encoder {name!r} has settings of {what} that are no JSON object: download its files again"
        )
    return value


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(map(str, names))) or "nothing"
