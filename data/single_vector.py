"""SingleVector: one unit vector of a text from its token states, as a single-vector encoder makes it.

    v = normalise(head(pool_m h_1 .. h_n))        m: the model's pooling mode; head: its Dense, LayerNorm, Normalize

`data/single_vector_files.py` reads the rules. Modes are those of sentence-transformers' Pooling module, whose
`encode_query` and `encode_document` give the same direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from data.errors import UserError
from data.model_files import model_file
from data.single_vector_files import HeadModule, VectorRules

# Activations of a Dense module, by the last part of the name that its folder has.
ACTIVATIONS = {"Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "LeakyReLU", "ELU", "Softplus", "Mish"}


@dataclass(frozen=True, eq=False)
class SingleVector:
    """rules: what the model's files say. head: the modules behind the pooling, in order. width: of the vector."""

    rules: VectorRules
    head: torch.nn.Sequential
    width: int

    @property
    def is_plain(self) -> bool:
        """Whether the vector's direction is that of one pooling of all tokens, with nothing behind it."""
        rules = self.rules
        beyond = [module for module in rules.head if module.kind != "Normalize"]
        return len(rules.pooling) == 1 and not beyond and rules.include_prompt and rules.truncate_dim is None

    def of(self, states: torch.Tensor, mask: torch.Tensor, n_prompt: int = 0) -> torch.Tensor:
        """Unit vectors, float32 (n_texts, width), of states (n_texts, n_positions, d_model); 0 stays 0.

        mask: bool (n_texts, n_positions), true for a text's own tokens, which come first. n_prompt: tokens of the
        prompt at the beginning, the first special one included.
        """
        pooled = mask
        if n_prompt and not self.rules.include_prompt:
            pooled = mask & (torch.arange(mask.shape[1], device=mask.device) >= n_prompt)
        vectors = [POOL[mode](states, pooled) for mode in self.rules.pooling]
        vector = vectors[0] if len(vectors) == 1 else torch.cat(vectors, dim=-1)
        if pooled is not mask:  # a text that the prompt filled has nothing left to pool
            vector = torch.where(pooled.any(1)[:, None], vector, 0.0)
        vector = self.head(vector)[:, : self.rules.truncate_dim]
        return torch.nn.functional.normalize(vector, dim=-1)


def load_single_vector(
    path: str, name: str, rules: VectorRules, d_model: int, place: torch.device, drawn: bool = False
) -> SingleVector:
    """Read the modules behind the pooling. drawn: their weights are drawn by torch's rule and generator.

    Weights that are missing, or do not fit, raise a `UserError`.
    """
    width = d_model * len(rules.pooling)
    modules: list[torch.nn.Module] = []
    # The vector is normalised at its end in any case: once, so that it has the same bits with and without.
    ends = rules.head and rules.head[-1].kind == "Normalize"
    for described in rules.head[:-1] if ends else rules.head:
        module = _module(described, width, path, name)
        if any(True for _ in module.parameters()) and not drawn:
            _fill(module, path, described, name)
        width = module.linear.out_features if isinstance(module, _Dense) else width
        modules.append(module)
    head = torch.nn.Sequential(*modules).eval().requires_grad_(False).to(place)
    return SingleVector(rules, head, min(width, rules.truncate_dim or width))


class _Dense(torch.nn.Module):
    """a(W x + b), plus x or R x if the module has a residual."""

    def __init__(
        self, d_in: int, d_out: int, bias: bool, residual: bool, activation: torch.nn.Module
    ) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(d_in, d_out, bias=bias)
        self.activation = activation
        self.has_residual = residual
        if residual and d_in != d_out:
            self.residual = torch.nn.Linear(d_in, d_out, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.activation(self.linear(x))
        if not self.has_residual:
            return out
        return out + (x if self.linear.in_features == self.linear.out_features else self.residual(x))


class _Norm(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed: torch.Tensor = self.norm(x)
        return normed


class _UnitNorm(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(x, dim=-1)


def _module(described: HeadModule, width: int, path: str, name: str) -> torch.nn.Module:
    config = described.config
    if described.kind == "Normalize":
        return _UnitNorm()
    if described.kind == "LayerNorm":
        return _Norm(width)
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
    kind = activation.rsplit(".", 1)[-1]
    if not activation.startswith("torch.nn.") or kind not in ACTIVATIONS:
        raise UserError(
            f"encoder {name!r} has {activation} in {described.folder}: expected one of torch.nn's "
            f"{', '.join(sorted(ACTIVATIONS))}"
        )
    d_in, d_out = config.get("in_features"), config.get("out_features")
    if d_in != width or not isinstance(d_out, int):
        raise UserError(
            f"encoder {name!r} has a Dense module from {d_in} to {d_out} dimensions in {described.folder}, and "
            f"{width} come to it: its files do not belong together, download them again"
        )
    return _Dense(
        width,
        d_out,
        config.get("bias", True) is not False,
        bool(config.get("use_residual")),
        getattr(torch.nn, kind)(),
    )


def _fill(module: torch.nn.Module, path: str, described: HeadModule, name: str) -> None:
    from safetensors.torch import load_file

    file = model_file(path, f"{described.folder}/model.safetensors")
    if file is None:
        pickled = model_file(path, f"{described.folder}/pytorch_model.bin")
        raise UserError(
            f"encoder {name!r} has {'only pytorch_model.bin' if pickled else 'no weights'} in {described.folder}: "
            "expected model.safetensors (a pickle can run code, and is never opened: save the model again as "
            "safetensors)"
        )
    try:
        module.load_state_dict({key: value.float() for key, value in load_file(str(file)).items()})
    except RuntimeError as error:
        raise UserError(
            f"encoder {name!r} has weights in {described.folder} that do not fit its settings "
            f"({' '.join(str(error).split())[:200]}): download its files again"
        ) from None


def _first(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    rows = torch.arange(len(states), device=states.device)
    return states[rows, mask.int().argmax(1)].float()


def _last(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    rows, positions = (
        torch.arange(len(states), device=states.device),
        torch.arange(mask.shape[1], device=mask.device),
    )
    return states[rows, (positions * mask).argmax(1)].float()


def _largest(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return states.float().masked_fill(~mask[:, :, None], -torch.inf).amax(1)


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask[:, :, None].to(torch.float32)
    return (states.float() * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _mean_sqrt(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask[:, :, None].to(torch.float32)
    return (states.float() * weights).sum(1) / weights.sum(1).clamp(min=1e-9).sqrt()


def _weighted_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The state at position i (from 1) counts i times."""
    positions = torch.arange(1, mask.shape[1] + 1, device=mask.device, dtype=torch.float32)
    weights = (mask * positions)[:, :, None]
    return (states.float() * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


POOL: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cls": _first,
    "max": _largest,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}


def prompt_tokens(tokenizer: Any, prompt: str) -> int:
    """How many tokens a prompt has at the beginning of a text, without the special token that ends it."""
    if not prompt:
        return 0
    ids: Sequence[int] = tokenizer(prompt)["input_ids"]
    return len(ids) - (bool(ids) and ids[-1] in tokenizer.all_special_ids)
