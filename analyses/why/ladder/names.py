"""The names of a ladder's rows and dictionaries, and where a cell is opened; imports nothing that takes long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imports pandas, which the help of a verb does without
    from retrieval.study_folder import StudyFolder

AS_THEY_ARE = "as they are"
WORDPIECE_MEAN = "wordpiece mean"
MEAN_OF_DOCUMENTS = "wordpiece mean, of the documents"
CONTEXT_ALONE = "context alone"
SHUFFLED = "shuffled context"
SHUFFLED_ANY = "shuffled context, any token"
LAYER_0, RANDOM_ENCODER = "layer 0", "random encoder"
TEXT = "the text itself"

TRAINED, FROZEN = "trained SAE", "frozen decoder"
KMEANS, NEAREST = "k-means", "k-means, nearest only"
WORDPIECE_MEANS, DRAWN = "wordpiece means", "drawn states"
PRINCIPAL, RANDOM = "principal directions", "random directions"
COSINE_OF_MEAN = "cosine of mean states"  # a row's own score, beside its dictionaries


def cell_folder(study: StudyFolder, states: str, dictionary: str) -> Path:
    """Where a cell of a study's ladder is opened as a study of its own, unless another folder is named."""
    slug = "-".join(f"{dictionary} on {states}".replace(",", "").split())
    return study.path.with_name(f"{study.name}-{slug}")


def can_open(states: str, dictionary: str) -> bool:
    """Whether a cell is a vocabulary of its own: latents, and not those of the study itself."""
    return states != TEXT and dictionary != COSINE_OF_MEAN and (states, dictionary) != (AS_THEY_ARE, TRAINED)
