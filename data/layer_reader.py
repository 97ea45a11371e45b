"""LayerReader: the states of any layers of a model in one forward pass.

A layer is None (the final hidden states), a number (an index into Hugging Face's `hidden_states`: 0 the
embeddings, i the output of block i) or a name (a hook point, see data/hook_points.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeAlias

import torch

from data.errors import UserError
from data.hook_points import Change, HookedModel

Layer: TypeAlias = int | str | None


def as_layer(layer: Layer) -> Layer:
    """A number given in digits is that number: `"4"` is layer 4."""
    return int(layer) if isinstance(layer, str) and layer.isascii() and layer.isdigit() else layer


class LayerReader:
    """Reads a model's layers; the hook points are put into the model when one is first asked for.

    With them inside, numbered layers are read there too, since Hugging Face no longer finds its own blocks.
    """

    def __init__(self, model: Any, name: str) -> None:
        self._model, self._name = model, name
        self._hooked: HookedModel | None = None
        self._lock = Lock()

    def resolve(self, layer: Layer) -> Layer:
        """The layer by its own name; one that the model does not have is a `UserError`."""
        layer = as_layer(layer)
        if isinstance(layer, str):
            return self._with_hook_points().resolve(layer)
        n_layers = int(self._model.config.num_hidden_layers)
        if layer is not None and not 0 <= layer <= n_layers:
            raise UserError(
                f"layer {layer} does not exist in {self._name!r}: expected 0 (embeddings) to {n_layers}, "
                "a hook point's name, or none for the final hidden states"
            )
        return layer

    def width(self, layer: Layer) -> int:
        """d_model of a resolved layer's states."""
        if isinstance(layer, str):
            return self._with_hook_points().widths[layer]
        return int(self._model.config.hidden_size)

    def read(self, layers: Iterable[Layer], **inputs: Any) -> tuple[torch.Tensor, dict[Layer, torch.Tensor]]:
        """Final states, and states of each (resolved) layer, all (n_texts, n_positions, width)."""
        layers = set(layers)
        states: dict[Layer, torch.Tensor]
        if self._hooked is None:
            output = self._model(**inputs, output_hidden_states=bool(layers - {None}))
            states = {layer: output.hidden_states[layer] for layer in layers - {None}}
        else:
            points = {layer: _hook_point_of(layer) for layer in layers if layer is not None}
            output, heard = self._hooked.run(points.values(), **inputs)
            states = {layer: heard[point] for layer, point in points.items()}
        return output.last_hidden_state, {**states, None: output.last_hidden_state}

    def read_changed(self, layer: Layer, change: Change, **inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Final states, and the changed states of one (resolved) layer, when the model goes on with these."""
        n_layers = int(self._model.config.num_hidden_layers)
        point = _hook_point_of(n_layers if layer is None else layer)
        output, heard = self._with_hook_points().run([point], {point: change}, **inputs)
        return output.last_hidden_state, heard[point]

    def _with_hook_points(self) -> HookedModel:
        with self._lock:
            if self._hooked is None:
                self._hooked = HookedModel(self._model, self._name)
        return self._hooked


def _hook_point_of(layer: int | str) -> str:
    if isinstance(layer, str):
        return layer
    return f"blocks.{layer - 1}.hook_out" if layer else "embed_ln.hook_out"
