"""LayerReader: the states of any layers of a model in one forward pass.

A layer is None (the final hidden states), a number (an index into Hugging Face's `hidden_states`: 0 the
embeddings, i the output of block i), a name (a hook point, see data/hook_points.py) or, of multi-vector encoders,
"projected": the vectors of unit norm that the model's projection makes of the final hidden states.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeAlias

import torch

from data.errors import UserError
from data.hook_points import Change, HookedModel
from data.multi_vector import PROJECTED, MultiVector

Layer: TypeAlias = int | str | None


def as_layer(layer: Layer) -> Layer:
    """A number given in digits is that number: `"4"` is layer 4."""
    return int(layer) if isinstance(layer, str) and layer.isascii() and layer.isdigit() else layer


class LayerReader:
    """Reads a model's layers; the hook points are put into the model when one is first asked for.

    With them inside, numbered layers are read there too, since Hugging Face no longer finds its own blocks.
    """

    def __init__(self, model: Any, name: str, multi_vector: MultiVector | None = None) -> None:
        self._model, self._name, self._multi_vector = model, name, multi_vector
        self._hooked: HookedModel | None = None
        self._lock = Lock()

    def resolve(self, layer: Layer) -> Layer:
        """The layer by its own name; one that the model does not have is a `UserError`."""
        layer = as_layer(layer)
        if layer == PROJECTED:
            if self._multi_vector is None:
                raise UserError(
                    f"layer {PROJECTED!r} does not exist in {self._name!r}: it is the projection of multi-vector "
                    "encoders, and this one has one vector a text"
                )
            return layer
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
        if layer == PROJECTED and self._multi_vector:
            return self._multi_vector.width
        if isinstance(layer, str):
            return self._with_hook_points().widths[layer]
        return int(self._model.config.hidden_size)

    @property
    def pooled_layer(self) -> Layer:
        """The layer whose states the encoder's own vector of a text is made of."""
        return PROJECTED if self._multi_vector else None

    def read(self, layers: Iterable[Layer], **inputs: Any) -> tuple[torch.Tensor, dict[Layer, torch.Tensor]]:
        """States of `pooled_layer`, and of each (resolved) layer, all (n_texts, n_positions, width)."""
        layers = set(layers) - {PROJECTED}
        states: dict[Layer, torch.Tensor]
        if self._hooked is None:
            output = self._model(**inputs, output_hidden_states=bool(layers - {None}))
            states = {layer: output.hidden_states[layer] for layer in layers - {None}}
        else:
            points = {layer: _hook_point_of(layer) for layer in layers if layer is not None}
            output, heard = self._hooked.run(points.values(), **inputs)
            states = {layer: heard[point] for layer, point in points.items()}
        states[None] = output.last_hidden_state
        if self._multi_vector:
            states[PROJECTED] = self._multi_vector.project(output.last_hidden_state)
        return states[self.pooled_layer], states

    def read_changed(self, layer: Layer, change: Change, **inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """States of `pooled_layer`, and the changed ones of one (resolved) layer, which the model goes on with."""
        if layer == PROJECTED and self._multi_vector:
            changed = change(self._multi_vector.project(self._model(**inputs).last_hidden_state))
            return changed, changed
        n_layers = int(self._model.config.num_hidden_layers)
        point = _hook_point_of(n_layers if layer is None else layer)
        output, heard = self._with_hook_points().run([point], {point: change}, **inputs)
        final = output.last_hidden_state
        return self._multi_vector.project(final) if self._multi_vector else final, heard[point]

    def _with_hook_points(self) -> HookedModel:
        with self._lock:
            if self._hooked is None:
                self._hooked = HookedModel(self._model, self._name)
        return self._hooked


def _hook_point_of(layer: int | str) -> str:
    if isinstance(layer, str):
        return layer
    return f"blocks.{layer - 1}.hook_out" if layer else "embed_ln.hook_out"
