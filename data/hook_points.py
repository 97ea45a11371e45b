"""Hook points: the places inside a model that TransformerLens names, such as `blocks.2.mlp.out.hook_out`.

TransformerBridge puts its `HookPoint` modules into the Hugging Face model itself and keeps its outputs, to the bit:
the model is called as before, and its hook points record their tensors. Each thread has its own record, so batches
can run side by side. The bridge knows BERT as a masked language model; the adapter below drops that head.
TransformerLens takes seconds to import, so it is imported with the first hook point.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from math import prod
from typing import Any

import torch

from data.errors import UserError
from data.models import load_model

# Maps a tensor to another of the same shape.
Change = Callable[[torch.Tensor], torch.Tensor]
# Models with BERT's module names and structure: one adapter serves them all.
BERT_SHAPED = ("BertModel", "RobertaModel", "XLMRobertaModel", "CamembertModel")


def hook_points(model: str) -> list[tuple[str, int]]:
    """(name, d_hook) of each hook point of the named model that has one state per token, in forward order."""
    return list(HookedModel(load_model(model).model, model).widths.items())


class HookedModel:
    """A model with hook points in it. widths: name -> d_hook of every point with one state per token."""

    def __init__(self, model: Any, name: str) -> None:
        """name: the encoder's, for error messages. `model` is changed in place: it keeps its hook points."""
        self._model, self._name = model, name
        self._recording = threading.local()
        self._points: Mapping[str, Any] = _bridge(model, name).hook_dict
        for point in {id(point): point for point in self._points.values()}.values():
            point.register_forward_hook(self._observe)
        self.widths = self._probe()

    def resolve(self, name: str) -> str:
        """The canonical name of a hook point or of an alias (`blocks.0.hook_resid_post`).

        A name without a hook point, or whose hook point has no state per token, raises a `UserError`.
        """
        canonical = self._points[name].name if name in self._points else name
        if canonical in self.widths:
            return str(canonical)
        close = difflib.get_close_matches(name, self.widths, n=3, cutoff=0.4) or list(self.widths)[:3]
        reason = "has no state per token" if name in self._points else "does not exist"
        raise UserError(
            f"hook point {name!r} {reason} in {self._name!r}: expected one of its {len(self.widths)} that do, "
            f"such as {', '.join(close)}"
        )

    def run(
        self, names: Iterable[str], changes: Mapping[str, Change] | None = None, **inputs: Any
    ) -> tuple[Any, dict[str, torch.Tensor]]:
        """The model's output, and the states (n_texts, n_positions, d_hook) at the named points, in one pass.

        changes: point -> function of its tensor, whose result the rest of the model uses instead.
        """
        states: dict[str, torch.Tensor] = {}
        self._recording.names, self._recording.states = frozenset(names), states
        self._recording.changes = dict(changes or {})
        try:
            output = self._model(**inputs)
        finally:
            self._recording.names, self._recording.changes = frozenset(), {}
        # Heads side by side; position embeddings, computed once for all texts, are repeated for each.
        n_texts = len(inputs["input_ids"])
        return output, {name: state.flatten(2).expand(n_texts, -1, -1) for name, state in states.items()}

    def _observe(self, point: Any, _: Any, output: Any) -> Any:
        change = getattr(self._recording, "changes", {}).get(point.name)
        if change is not None:
            output = change(output)
        if point.name in getattr(self._recording, "names", ()):
            self._recording.states[point.name] = output
        return None if change is None else output  # torch replaces the output by what a hook returns

    def _probe(self) -> dict[str, int]:
        """Run the model once, with a length that no other axis has, to learn which points run and their shapes."""
        states: dict[str, torch.Tensor] = {}
        n_positions = self._model.config.num_attention_heads + 1
        ids = torch.zeros((2, n_positions), dtype=torch.long, device=self._model.device)
        self._recording.names = frozenset(point.name for point in self._points.values())
        self._recording.states = states
        with torch.inference_mode():
            self._model(input_ids=ids)
        self._recording.names = frozenset()
        shapes = {
            name: tuple(state.shape)
            for name, state in states.items()
            if isinstance(state, torch.Tensor) and state.is_floating_point()
        }
        return {
            name: prod(shape[2:])
            for name, shape in shapes.items()
            if len(shape) >= 3 and shape[1] == n_positions and prod(shape[2:]) > 1
        }


def _bridge(model: Any, name: str) -> Any:
    """TransformerBridge around a model, with the hook points inside that model itself."""
    kind = type(model).__name__
    if kind not in BERT_SHAPED:
        raise UserError(
            f"encoder {name!r} is a {kind}, which hook points do not support here "
            f"(supported: {', '.join(BERT_SHAPED)}): give a hidden layer's number instead"
        )
    from transformer_lens.model_bridge.sources import build_bridge_from_module

    return build_bridge_from_module(model, _registered_adapter(), hf_config=model.config, model_name=name)


@cache
def _registered_adapter() -> str:
    """Register an adapter for a bare `BertModel`: TransformerLens's own without the head and the prefix."""
    from transformer_lens.factories.architecture_adapter_factory import ArchitectureAdapterFactory
    from transformer_lens.model_bridge.supported_architectures import BertArchitectureAdapter

    class HeadlessBert(BertArchitectureAdapter):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            components: Any = self.component_mapping
            for head in ("mlm_head", "unembed", "ln_final"):
                components.pop(head)
            for component in components.values():
                component.name = component.name.removeprefix("bert.")

        def prepare_model(self, hf_model: Any) -> None:
            """Nothing to prepare: the model has no head."""

    ArchitectureAdapterFactory.register_adapter(HeadlessBert.__name__, HeadlessBert)
    return HeadlessBert.__name__
