"""LayerReader: the states of any layers of a model in one forward pass.

A layer is None (the final hidden states), a number (an index into Hugging Face's `hidden_states`; 0: the
embeddings, i: the output of block i), a hook point's name (data/hook_points.py) or, for a multi-vector encoder,
"projected": the unit-norm vectors that its projection computes from the final hidden states.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

import torch

from data.early_stop import FirstBlock, first_block
from data.encoder_config import Layer, as_layer
from data.errors import UserError
from data.hook_points import Change, HookedModel
from data.multi_vector import PROJECTED, MultiVector
from data.trial import token_states


class LayerReader:
    """Reads the states of a model's layers; the first named layer puts hook points into the model.

    From then on, numbered layers are read from hook points too, since Hugging Face no longer recognises its blocks.
    """

    def __init__(self, model: Any, name: str, multi_vector: MultiVector | None = None) -> None:
        self._model, self._name, self._multi_vector = model, name, multi_vector
        self._hooked: HookedModel | None = None
        self._first_block: FirstBlock | None = None
        self._lock = Lock()

    def resolve(self, layer: Layer) -> Layer:
        """The canonical name of a layer; a layer that the model does not have raises a `UserError`."""
        layer = as_layer(layer)
        if layer == PROJECTED:
            if self._multi_vector is None:
                raise UserError(
                    f"layer {PROJECTED!r} does not exist in {self._name!r}: only multi-vector encoders have a "
                    "projection, and this encoder has one vector per text; choose another layer"
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
        """The layer whose states are pooled into the encoder's own vector of a text."""
        return PROJECTED if self._multi_vector else None

    def read(self, layers: Iterable[Layer], **inputs: Any) -> tuple[torch.Tensor, dict[Layer, torch.Tensor]]:
        """The states of `pooled_layer` and of each resolved layer, all (n_texts, n_positions, width)."""
        layers = set(layers) - {PROJECTED}
        states: dict[Layer, torch.Tensor]
        if self._hooked is None:
            output = self._model(**inputs, output_hidden_states=bool(layers - {None}))
            states = {layer: output.hidden_states[layer] for layer in layers - {None}}
        else:
            points = {layer: _hook_point_of(layer) for layer in layers if layer is not None}
            output, by_point = self._hooked.run(points.values(), **inputs)
            states = {layer: by_point[point] for layer, point in points.items()}
        states[None] = token_states(output, self._name)
        if self._multi_vector:
            states[PROJECTED] = self._multi_vector.project(states[None])
        expected = inputs["input_ids"].shape[1]
        for layer, of_layer in states.items():
            if of_layer.shape[1] != expected:
                raise UserError(
                    f"layer {layer} of {self._name!r} has states of {of_layer.shape[1]} positions for texts of "
                    f"{expected} tokens: choose a layer with one state per token"
                )
        return states[self.pooled_layer], states

    def read_embeddings(self, **inputs: Any) -> torch.Tensor:
        """The states of layer 0, (n_texts, n_positions, width), equal to those of `read`.

        The pass ends at the first block, where that one is found and gets these very states (tried once).
        """
        with self._lock:
            if self._first_block is None:
                block = first_block(self._model) if self._hooked is None else None
                self._first_block = FirstBlock(self._model, block, inputs, self.read([0], **inputs)[1][0])
        states = self._first_block.inputs(self._model, inputs)
        return self.read([0], **inputs)[1][0] if states is None else states

    def read_changed(self, layer: Layer, change: Change, **inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """The states of `pooled_layer` after `change`, and the changed states of one resolved layer."""
        if layer == PROJECTED and self._multi_vector:
            changed = change(self._multi_vector.project(self._model(**inputs).last_hidden_state))
            return changed, changed
        n_layers = int(self._model.config.num_hidden_layers)
        point = _hook_point_of(n_layers if layer is None else layer)
        output, states = self._with_hook_points().run([point], {point: change}, **inputs)
        final = output.last_hidden_state
        return self._multi_vector.project(final) if self._multi_vector else final, states[point]

    def _with_hook_points(self) -> HookedModel:
        with self._lock:
            if self._hooked is None:
                self._hooked = HookedModel(self._model, self._name)
        return self._hooked


def _hook_point_of(layer: int | str) -> str:
    if isinstance(layer, str):
        return layer
    return f"blocks.{layer - 1}.hook_out" if layer else "embed_ln.hook_out"
