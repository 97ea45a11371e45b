"""The tokens of a study's documents with their latents, in document order (tokens/ in the study's folder)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.arrays import Shape, map_array

FOLDER = "tokens"
T = TypeVar("T")
Forms = Mapping[str, tuple[str | tuple[str, ...], Shape]]  # array -> its type or types, and its shape
FORMS: Forms = {
    "offsets": ("<i8", (None,)),
    "token_ids": ("<i4", (None,)),
    "spans": ("<i4", (None, 2)),
    "indices": (("<u2", "<i4"), (None, None)),
    "activations": ("<f4", (None, None)),
}


@dataclass(frozen=True)
class TokenTable:
    """Latents of each token, in document order (memory-mapped).

    offsets: int64 (n_docs + 1,). token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end
    character in the document's text; special tokens have (0, 0). indices: latents, (n_tokens, k). activations:
    float32 (n_tokens, k), descending; 0 marks an unused slot.
    """

    offsets: NDArray[np.int64]
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    indices: NDArray[Any]
    activations: NDArray[np.float32]

    @classmethod
    def open(cls, study: Path) -> TokenTable:
        """Map the table of the study at `study`."""
        return map_arrays(cls, study / FOLDER, FORMS)

    def document(self, document: int) -> slice:
        """The slice of tokens of the document at this position of the corpus."""
        return slice(int(self.offsets[document]), int(self.offsets[document + 1]))

    def document_of(self, tokens: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The position in the corpus of each token's document, int64 (len(tokens),)."""
        return np.searchsorted(self.offsets, tokens, side="right") - 1


def map_arrays(table: type[T], folder: Path, forms: Forms) -> T:
    """A dataclass of arrays, each mapped from the file `<field>.npy`; one of another form is a `UserError`."""
    return table(
        **{name: map_array(folder / f"{name}.npy", dtype, shape) for name, (dtype, shape) in forms.items()}
    )
