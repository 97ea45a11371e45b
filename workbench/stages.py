"""The stages of the main job, each kept under a fingerprint of its inputs and reused while they are the same.

    collection -> activations -> SAE (workbench.training) -> study

Activations are kept under `artifacts()`, named by their fingerprint; SAE and study where their user says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analyses.lookup import word_entry
from analyses.maps import kept_map, write_map
from analyses.neighbours import nearest_by_cooccurrence
from analyses.regions import latent_words_are_kept, write_latent_words
from analyses.type_controls import type_controls, write_type_controls
from analyses.types import types_are_kept, write_types
from analyses.vocabulary import rank_frequency_is_kept, write_rank_frequency, write_vocabulary
from analyses.words import word_table, words_are_kept, write_words
from data.activations import ActivationStore, write_store
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.files import fingerprint
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.importers import import_autoencoder, with_encoder
from sae.model import SparseAutoencoder
from workbench.artifacts import artifacts
from workbench.completion import mark_complete
from workbench.language import language_is_kept, write_language
from workbench.progress import StageProgress


def activations(
    encoder: Encoder, collection: Collection, rows: NDArray[np.int64] | None, progress: StageProgress
) -> ActivationStore:
    """Token states of a collection's documents (all, or those at `rows`), from the store if they are there."""
    source = text_source(collection, rows)
    folder = store_folder(encoder, source)
    stage = "Encode the text"
    if (folder / "manifest.json").is_file():
        progress.reused(stage, folder.name)
        return ActivationStore.open(folder)
    texts = collection.corpus.texts
    chosen = texts if rows is None else [texts[row] for row in rows]
    return write_store(
        folder, encoder, chosen, source, lambda done, total: progress(stage, done, total, "tokens")
    )


def stored_activations(encoder: Encoder, source: Mapping[str, Any]) -> ActivationStore | None:
    """The store of exactly this text by exactly this encoder, if there is one."""
    folder = store_folder(encoder, source)
    return ActivationStore.open(folder) if (folder / "manifest.json").is_file() else None


def text_source(collection: Collection, rows: NDArray[np.int64] | None = None) -> dict[str, Any]:
    """What a store says of its texts: a collection's documents, all or those at `rows`."""
    source = {"name": collection.name, "fingerprint": corpus_fingerprint(collection.corpus)}
    return source if rows is None else source | {"documents": fingerprint([int(row) for row in rows])}


def study_source(study: Study) -> dict[str, Any]:
    """`text_source` of the collection that a study is of."""
    return {name: study.manifest["collection"][name] for name in ("name", "fingerprint")}


def store_folder(encoder: Encoder, source: Mapping[str, Any]) -> Path:
    """Where `activations` keeps its store, whether it stands or not; a text is the same by any name."""
    read = {key: value for key, value in source.items() if key != "name"}
    return artifacts() / "activations" / fingerprint({"encoder": encoder.describe(), "source": read})


def make_study(
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    folder: Path,
    progress: StageProgress,
    *,
    pooling: Literal["sum", "max"] = "sum",
    max_queries: int | None = None,
    replace_other: bool = False,
) -> Study:
    """Index a collection by an SAE's latents, and describe its vocabulary, so that pages only read it.

    Token states are taken from the store where they are kept; see `retrieval.pipeline.build_study` for the rest.
    """
    study = build_study(
        collection,
        encoder,
        sae,
        folder,
        pooling=pooling,
        max_queries=max_queries,
        store=stored_activations(encoder, text_source(collection)),
        replace=replace_other,
        progress=progress,
    )
    describe_study(study, progress)
    return study


def describe_study(study: Study, progress: StageProgress) -> None:
    """Keep in a study what its pages read, where it is not there: vocabulary, types, words, words of latents."""
    if not (study.path / "vocabulary.parquet").is_file():
        write_vocabulary(study)
    if not rank_frequency_is_kept(study):
        write_rank_frequency(study)
    write_types(study, progress)
    if not words_are_kept(study):
        write_words(study)
    if not latent_words_are_kept(study):
        write_latent_words(study, word_table(study))
        rehearse(study)


def rehearse(study: Study) -> None:
    """Do once what pages do of a latent and a word, so that no reader waits while numba compiles it."""
    if study.contexts.ptr[-1]:
        token = int(study.contexts.token[0])
        word = word_table(study).word[token]
        nearest_by_cooccurrence(study, int(study.tokens.indices[token, 0]))
        word_entry(study, word_table(study).words[word])


def complete_study(study: Study, progress: StageProgress) -> None:
    """Keep in a study all that its pages show: `describe_study`, the map, the controls of types, `write_language`.

    Only what is missing is made. The pages can be read meanwhile: a PCA stands for the map until it is there.
    """
    describe_study(study, progress)
    if kept_map(study) is None:
        write_map(study, progress=progress)
    if type_controls(study) is None:
        write_type_controls(study, progress=progress)
    write_language(study, progress)
    mark_complete(study.path)


def is_complete(study: Study) -> bool:
    """Whether `complete_study` has nothing to do."""
    words = words_are_kept(study) and latent_words_are_kept(study)
    described = rank_frequency_is_kept(study) and types_are_kept(study) and words
    made = kept_map(study) is not None and type_controls(study) is not None
    return described and made and language_is_kept(study)


def read_autoencoder(
    source: str | Path, given: EncoderConfig | None = None, device: str = "auto", k: int | None = None
) -> tuple[SparseAutoencoder, Encoder]:
    """An SAE of any format with its encoder: the one `given`, which must not contradict it, or the one it names."""
    sae = import_autoencoder(source, k)
    named = sae.trained_on.get("encoder")
    if given:
        config = given
    elif named:
        config = replace(EncoderConfig(**named["config"]), device=device)
    else:
        raise UserError(
            f"SAE {sae.name} does not say which encoder it was trained on: name it with --encoder (and --layer)"
        )
    encoder = Encoder.load(config)
    return with_encoder(sae, encoder.describe()), encoder


def index_family(
    sources: Sequence[str | Path],
    collection: Collection,
    out: Path,
    given: EncoderConfig | None,
    device: str,
    progress: StageProgress,
    *,
    complete: bool = False,
    **options: Any,
) -> list[Study]:
    """A study of each SAE: at `out` if it is one, else at <out>-<name of its folder>; complete ones if so asked."""
    studies = []
    for source in sources:
        sae, encoder = read_autoencoder(source, given, device)
        name = Path(source).name
        folder = out if len(sources) == 1 else out.with_name(f"{out.name}-{name}")
        progress.part = "" if len(sources) == 1 else f"{name}: "
        studies.append(make_study(collection, encoder, sae, folder, progress, **options))
        if complete:
            complete_study(studies[-1], progress)
    return studies
