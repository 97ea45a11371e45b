"""The stages of the main job, each kept under a fingerprint of its inputs and reused while they are the same.

    collection -> activations -> SAE (workbench.making.training) -> study

Activations are kept under `artifacts()`, named by their fingerprint; SAE and study where their user says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data.activations import ActivationStore, write_store
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.files import fingerprint
from data.progress import Progress
from data.reading import with_found_model
from retrieval.lexical import ENGLISH
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.importers import import_autoencoder, with_encoder
from sae.model import SparseAutoencoder
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.completion import mark_complete
from workbench.making.part import Part, make_parts
from workbench.making.parts import parts_of


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
    language: str = ENGLISH,
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
        language=language,
        store=stored_activations(encoder, text_source(collection)),
        replace=replace_other,
        progress=progress,
    )
    describe_study(study, progress)
    return study


def describe_study(study: Study, progress: Progress) -> None:
    """Keep in a study what its pages read, where it is not there: the parts of stage "index"."""
    make_parts(study, parts_of(["index"]), progress)


def complete_study(study: Study, progress: Progress, on_part: Callable[[Part], None] | None = None) -> None:
    """Keep in a study all that its pages show: the parts of the stages "index" and "complete" that are missing.

    on_part: is called before each. The pages can be read meanwhile: a PCA stands for the map until it is there.
    """
    make_parts(study, parts_of(["index", "complete"]), progress, on_part)
    mark_complete(study.path)


def is_complete(study: Study) -> bool:
    """Whether `complete_study` has nothing to do."""
    return all(part.is_kept(study) for part in parts_of(["index", "complete"]))


def read_autoencoder(
    source: str | Path, given: EncoderConfig | None = None, device: str = "auto", k: int | None = None
) -> tuple[SparseAutoencoder, Encoder]:
    """An SAE of any format with its encoder: the one `given`, which must not contradict it, or the one it names.

    What `given` leaves open, and the precision, is as the SAE's record says, where it has one.
    """
    sae = import_autoencoder(source, k)
    named = sae.trained_on.get("encoder")
    recorded = EncoderConfig(**named["config"]) if named else None
    if given and recorded:
        fields = ("max_length", "query_prefix", "document_prefix")
        kept = {name: getattr(recorded, name) for name in fields if getattr(given, name) is None}
        config = replace(given, precision=recorded.precision, **kept)
    elif given:
        config = given
    elif recorded:
        config = with_found_model(replace(recorded, device=device), f"SAE {sae.name}", Path(source))
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
