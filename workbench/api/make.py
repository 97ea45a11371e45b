"""Making an SAE and a study from a notebook, as the verbs `train` and `index` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.collections import load_collection
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.locks import only_maker
from data.terminal import say
from retrieval.study import Study
from sae.model import SparseAutoencoder
from sae.train_config import TrainConfig
from workbench.jobs.progress import StageProgress
from workbench.making.defaults import DEFAULTS
from workbench.making.parsing import parse_count, parse_layer
from workbench.making.stages import complete_study, make_study, read_autoencoder
from workbench.making.training import train_autoencoder

Text = str | Path | Collection | Sequence[str]


def train(
    text: Text,
    out: str | Path,
    *,
    encoder: str = DEFAULTS.encoder,
    layer: int | str = DEFAULTS.layer,
    latents: int = DEFAULTS.n_latents,
    k: int = DEFAULTS.k,
    tokens: int | str = DEFAULTS.n_tokens,
    epochs: int = DEFAULTS.epochs,
    max_length: int | None = DEFAULTS.max_length,
    seed: int = DEFAULTS.seed,
    device: str = "auto",
    **recipe: Any,
) -> SparseAutoencoder:
    """Train an SAE on the token states of a text, into the folder `out`; one that is there already is returned.

    text: a source as `workbench train --text` reads it, a collection, or texts. tokens: training tokens (repeats
    counted), as a number or "6M". recipe: further fields of `TrainConfig`, such as batch_size. An interrupted
    training goes on where it stopped. Another SAE in `out` is a `UserError`.
    """
    n_tokens = parse_count(tokens, "tokens") if isinstance(tokens, str) else tokens
    known = TrainConfig.__dataclass_fields__
    if unknown := sorted(set(recipe) - set(known)):
        raise UserError(f"unknown training options {', '.join(unknown)}: choose from {', '.join(known)}")
    config = TrainConfig(n_tokens=n_tokens, n_latents=latents, k=k, seed=seed, **recipe)
    reads = EncoderConfig(encoder, parse_layer(str(layer)), max_length, device=device)
    folder = Path(out)
    with only_maker(folder, say), StageProgress() as progress:
        collection = collection_of(text)
        return train_autoencoder(
            collection, Encoder.load(reads), config, epochs, folder, progress, resume=True
        )


def index(
    sae: str | Path,
    collection: Text,
    out: str | Path,
    *,
    queries: int | None = None,
    complete: bool = False,
    device: str = "auto",
) -> Study:
    """Index a collection by an SAE's latents into the study folder `out`, and open it; what is there is reused.

    sae: a folder, or whatever `workbench import-sae` reads. queries: evaluate at most so many. complete: also make
    the map and the controls of types, which take longer. An interrupted build goes on where it stopped.
    """
    folder = Path(out)
    with only_maker(folder, say), StageProgress() as progress:
        autoencoder, encoder = read_autoencoder(sae, None, device)
        study = make_study(
            collection_of(collection), encoder, autoencoder, folder, progress, max_queries=queries
        )
        if complete:
            complete_study(study, progress)
        return study


def collection_of(text: Text) -> Collection:
    """The collection that a source names, or whose documents are these texts (ids 1, 2, ...)."""
    if isinstance(text, Collection):
        return text
    if isinstance(text, (str, Path)):
        return load_collection(str(text))
    texts = list(text)
    if not texts or not all(isinstance(one, str) for one in texts):
        raise UserError(f"expected texts, got {len(texts)} values that are not all texts: give a list of str")
    ids = [str(number) for number in range(1, len(texts) + 1)]
    return Collection("texts", Corpus(ids, texts, [""] * len(texts)), Queries([], []), {})
