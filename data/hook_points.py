"""Hook points: the places inside a model that TransformerLens names, such as `blocks.2.mlp.out.hook_out`.

TransformerBridge puts its `HookPoint` modules into the Hugging Face model itself and leaves its numbers as they
are, to the bit: the model is called as before, and its hook points pass their tensors to a listener. Each thread
listens for itself, so that batches can run side by side. The bridge knows BERT as a masked language model; the
adapter below drops that head. TransformerLens is imported when a hook point is first asked for (it takes seconds).
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

# A tensor in, another of its shape out.
Change = Callable[[torch.Tensor], torch.Tensor]
# Models whose modules are named and joined as BERT's are, so that one adapter carries them all.
BERT_SHAPED = ("BertModel", "RobertaModel", "XLMRobertaModel", "CamembertModel")


def hook_points(model: str) -> list[tuple[str, int]]:
    """(name, d_hook) of the hook points of a model (by name) that have a state a token, in forward order."""
    return list(HookedModel(load_model(model).model, model).widths.items())


class HookedModel:
    """A model with hook points in it. widths: name -> d_hook of every point that has a state a token."""

    def __init__(self, model: Any, name: str) -> None:
        """name: the encoder's, for messages. The model keeps its hook points from now on."""
        self._model, self._name = model, name
        self._listening = threading.local()
        self._points: Mapping[str, Any] = _bridge(model, name).hook_dict
        for point in {id(point): point for point in self._points.values()}.values():
            point.register_forward_hook(self._hear)
        self.widths = self._probe()

    def resolve(self, name: str) -> str:
        """The hook point's own name, also for an alias (`blocks.0.hook_resid_post`); others are a `UserError`."""
        own = self._points[name].name if name in self._points else name
        if own in self.widths:
            return str(own)
        close = difflib.get_close_matches(name, self.widths, n=3, cutoff=0.4) or list(self.widths)[:3]
        fault = "has no state a token" if name in self._points else "does not exist"
        raise UserError(
            f"hook point {name!r} {fault} in {self._name!r}: expected one of its {len(self.widths)} that do, "
            f"such as {', '.join(close)}"
        )

    def run(
        self, names: Iterable[str], changes: Mapping[str, Change] | None = None, **inputs: Any
    ) -> tuple[Any, dict[str, torch.Tensor]]:
        """The model's own output, and states (n_texts, n_positions, d_hook) at the named points, in one pass.

        changes: point -> what becomes of its tensor; the rest of the model goes on with that.
        """
        heard: dict[str, torch.Tensor] = {}
        self._listening.names, self._listening.heard = frozenset(names), heard
        self._listening.changes = dict(changes or {})
        try:
            output = self._model(**inputs)
        finally:
            self._listening.names, self._listening.changes = frozenset(), {}
        # Heads side by side; position embeddings, computed once for all texts, are repeated for each.
        n_texts = len(inputs["input_ids"])
        return output, {name: state.flatten(2).expand(n_texts, -1, -1) for name, state in heard.items()}

    def _hear(self, point: Any, _: Any, output: Any) -> Any:
        change = getattr(self._listening, "changes", {}).get(point.name)
        if change is not None:
            output = change(output)
        if point.name in getattr(self._listening, "names", ()):
            self._listening.heard[point.name] = output
        return None if change is None else output  # what a hook returns takes the output's place

    def _probe(self) -> dict[str, int]:
        """Run once, at a length that no other axis has, to see which points fire, and with which shape."""
        heard: dict[str, torch.Tensor] = {}
        n_positions = self._model.config.num_attention_heads + 1
        ids = torch.zeros((2, n_positions), dtype=torch.long, device=self._model.device)
        self._listening.names = frozenset(point.name for point in self._points.values())
        self._listening.heard = heard
        with torch.inference_mode():
            self._model(input_ids=ids)
        self._listening.names = frozenset()
        shapes = {
            name: tuple(state.shape)
            for name, state in heard.items()
            if isinstance(state, torch.Tensor) and state.is_floating_point()
        }
        return {
            name: prod(shape[2:])
            for name, shape in shapes.items()
            if len(shape) >= 3 and shape[1] == n_positions and prod(shape[2:]) > 1
        }


def _bridge(model: Any, name: str) -> Any:
    """TransformerBridge around a model; it puts its hook points into that very model."""
    kind = type(model).__name__
    if kind not in BERT_SHAPED:
        raise UserError(
            f"encoder {name!r} is a {kind}, whose hook points TransformerBridge cannot carry here "
            f"(it carries {', '.join(BERT_SHAPED)}): give a hidden layer's number instead"
        )
    from transformer_lens.model_bridge.sources import build_bridge_from_module

    return build_bridge_from_module(model, _registered_adapter(), hf_config=model.config, model_name=name)


@cache
def _registered_adapter() -> str:
    """TransformerLens's map of BERT for a model that is `bert` itself, without prefix and head."""
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
            """There is no head to adjust to."""

    ArchitectureAdapterFactory.register_adapter(HeadlessBert.__name__, HeadlessBert)
    return HeadlessBert.__name__
