"""The chain: collection -> SAE, trained or given -> study -> all that its pages show.

Each stage keeps what it finishes, so that the same chain, begun again, goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.corpus import Collection
from data.encoders import Encoder
from retrieval.study import Study
from sae.model import SparseAutoencoder
from sae.train_config import TrainConfig
from workbench.jobs.progress import StageProgress
from workbench.making.stages import complete_study, make_study
from workbench.making.training import train_autoencoder


@dataclass(frozen=True)
class Training:
    """How an SAE is trained, and the folder `out` that keeps it."""

    config: TrainConfig
    epochs: int
    out: Path


def make(
    collection: Collection,
    encoder: Encoder,
    source: Training | SparseAutoencoder,
    folder: Path,
    progress: StageProgress,
    *,
    complete: bool = True,
    **options: Any,
) -> Study:
    """The study of a collection at `folder`, by an SAE that is there or is trained. options: of `make_study`."""
    if isinstance(source, Training):
        config, epochs, out = source.config, source.epochs, source.out
        sae = train_autoencoder(collection, encoder, config, epochs, out, progress, resume=True)
    else:
        sae = source
    study = make_study(collection, encoder, sae, folder, progress, **options)
    if complete:
        complete_study(study, progress, lambda part: progress.enter(part.title))
    return study
