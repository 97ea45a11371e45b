"""A forward pass that ends where the first transformer block begins: all that input embeddings need."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import torch


class _Reached(Exception):  # noqa: N818  # no error: carries the states out of the model
    def __init__(self, states: torch.Tensor | None) -> None:
        self.states = states


def first_block(model: Any) -> Any | None:
    """The first of a Hugging Face model's transformer blocks; None where no list of modules has so many."""
    n_layers = int(model.config.num_hidden_layers)
    lists = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    return next((blocks[0] for blocks in lists if len(blocks) == n_layers > 0), None)


class FirstBlock:
    """What the first block of a model gets. A thread's pass ends there while it asks; other threads' do not."""

    def __init__(
        self, model: Any, block: Any | None, trial: Mapping[str, Any], expected: torch.Tensor
    ) -> None:
        """trial: inputs for which the block must get the `expected` states; else `inputs` gives None."""
        self._asks = threading.local()
        self._works = False
        if block is not None:
            hook = block.register_forward_pre_hook(self._stop, with_kwargs=True)
            found = self._ask(model, trial)
            self._works = found is not None and torch.equal(found, expected)
            if not self._works:
                hook.remove()

    def inputs(self, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor | None:
        """The states that the block gets in a pass over `inputs`, (n_texts, n_positions, width)."""
        return self._ask(model, inputs) if self._works else None

    def _ask(self, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor | None:
        self._asks.now = True
        try:
            model(**inputs)
        except _Reached as reached:
            return reached.states
        finally:
            self._asks.now = False
        return None

    def _stop(self, _: Any, positional: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if getattr(self._asks, "now", False):
            states = positional[0] if positional else named.get("hidden_states")
            raise _Reached(states if isinstance(states, torch.Tensor) else None)
