"""An encoder whose token states are changed before an SAE reads them: a study of states without their context.

    mean       m_p of each token's wordpiece p        context    h_t - m_p + m

The encoder's own vector of a text stays as it is. Any other change, such as the context of another token, is made
of many texts at once: a study has it for its documents and its own queries, and a single text is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.encoder_config import Layer
from data.encoders import Encoder, Kind, TokenStates
from data.errors import UserError
from data.progress import StepProgress
from data.ragged import Ragged
from data.wordpiece_means import WordpieceMeans

Floats = NDArray[np.float32]
# states (n_tokens, d_model), token_ids (n_tokens,) -> changed states
Change = Callable[[Floats, NDArray[np.int32]], Floats]
FOLDER = "states"  # in a study's folder: the means of wordpieces


class ChangedEncoder(Encoder):
    """An encoder with changed states at its own layer, in float32. record: under "states" of its description."""

    _record: Mapping[str, Any]
    _change: Change
    _means: WordpieceMeans | None

    @classmethod
    def of(
        cls,
        encoder: Encoder,
        record: Mapping[str, Any],
        change: Change,
        means: WordpieceMeans | None = None,
    ) -> ChangedEncoder:
        """record: `name`, of the changed states, `change`, and what they depend on. means: that `change` needs.

        The model in memory is shared with `encoder`.
        """
        changed = cls(encoder.config, encoder._loaded, encoder._reader, encoder._takes_padding)
        changed._record, changed._change, changed._means = record, change, means
        changed.changed_states = str(record["name"])
        return changed

    def save(self, study: Path) -> None:
        """Write into a study's folder what `recorded` reads there."""
        if self._means is not None:
            self._means.save(study / FOLDER)

    @classmethod
    def recorded(cls, encoder: Encoder, record: Mapping[str, Any], study: Path) -> ChangedEncoder:
        """The encoder of a study in the folder `study`, whose description has this record."""
        return cls.of(encoder, record, change_of(record, study / FOLDER))

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "states": dict(self._record)}

    def encode_layers(
        self,
        texts: Sequence[str],
        layers: Sequence[Layer],
        kind: Kind = "document",
        progress: StepProgress | None = None,
    ) -> dict[Layer, TokenStates]:
        encoded = super().encode_layers(texts, layers, kind, progress)
        return {
            layer: self.changed(states) if layer == self.config.layer else states
            for layer, states in encoded.items()
        }

    def changed(self, states: TokenStates) -> TokenStates:
        """These states of the encoder after the change."""
        values = self._change(np.asarray(states.states.values, np.float32), np.asarray(states.token_ids))
        return replace(states, states=Ragged(values, states.states.offsets))

    def encode_changed(self, text: str, change: Any, kind: Kind = "document") -> TokenStates:
        raise UserError(
            f"states are changed already ({self.changed_states}), and the rest of the model does not see that: "
            "steer the study whose states are as they are"
        )


def change_of(record: Mapping[str, Any], folder: Path) -> Change:
    """The change that a record names; means are read from `folder` when they are needed."""
    name = str(record.get("name", "changed"))
    if record.get("change") not in ("mean", "context"):
        return lambda states, token_ids: _refuse(name)
    means = WordpieceMeans.open(folder)
    if record["change"] == "mean":
        return lambda states, token_ids: means.of(token_ids)
    return means.context


def _refuse(name: str) -> Floats:
    raise UserError(
        f"this study reads states with {name}, which are made of many texts at once, so it cannot encode another "
        "text: choose one of its own queries, or a study of other states"
    )
