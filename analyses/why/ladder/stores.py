"""Token states for a ladder that need not be encoded again."""

from __future__ import annotations

from dataclasses import dataclass

from data.activations import ActivationStore


@dataclass(frozen=True, eq=False)
class Stores:
    """documents: of the study's documents. training_text: of the text on which the SAE was trained.

    None where they are not at hand: documents are encoded, and dictionaries are fitted to the documents.
    """

    documents: ActivationStore | None = None
    training_text: ActivationStore | None = None
