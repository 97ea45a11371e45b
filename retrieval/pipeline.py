"""The one place that joins encoder, SAE and index: a collection goes in, a study comes out.

One pass in bounded memory: blocks of documents become token states, latents and counts; each finished block is
on disk, so that an interrupted build goes on where it stopped. Then the blocks are laid out as `study.py` says.
"""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, load_npz, save_npz

from data.activations import DOCUMENTS_PER_SHARD, ActivationStore
from data.corpus import Collection, Queries, corpus_fingerprint
from data.encoders import Encoder, TokenStates
from data.errors import UserError
from data.files import fingerprint, new_file, new_folder, read_json, replace_folder, write_json
from retrieval.contexts import write_contexts
from retrieval.index import write_index
from retrieval.lexical import count_words
from retrieval.own_ranking import write_maxsim_run, write_token_vectors
from retrieval.study import FORMAT, Study, write_documents, write_judgements
from retrieval.systems import evaluate_systems
from sae.checkpoint import save_autoencoder
from sae.latents import pool, token_latents
from sae.model import SparseAutoencoder

# (stage, done, total)
Progress = Callable[[str, int, int], None]
BLOCK_ARRAYS = ("lengths", "token_ids", "spans", "indices", "activations", "pooled")


@dataclass(frozen=True)
class StudyPlan:
    """Everything that a study's content depends on, and nothing else; its fingerprint names the study."""

    name: str
    collection: str
    encoder: Mapping[str, Any]
    sae: Mapping[str, Any]
    pooling: Literal["sum", "max"]
    queries: str
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.__dict__)


def build_study(
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    folder: Path,
    *,
    pooling: Literal["sum", "max"] = "sum",
    max_queries: int | None = None,
    store: ActivationStore | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Study:
    """Index a collection with an SAE into a study folder; returns at once if that very study stands there.

    max_queries: evaluate at most so many queries, evenly spaced (None: all). store: token states of exactly
    this corpus from exactly this encoder, if they are kept, so that nothing is encoded twice. Whether another
    study at `folder` is replaced or refused is for `replace` to say.
    """
    check_encoder(sae, encoder)
    queries = evenly_spaced(collection.queries, max_queries)
    plan = StudyPlan(
        collection.name,
        corpus_fingerprint(collection.corpus),
        encoder.describe(),
        {"fingerprint": sae.fingerprint, "n_latents": sae.n_latents, "k": sae.k},
        pooling,
        fingerprint(
            [list(queries.ids), list(queries.texts), {q: dict(g) for q, g in collection.qrels.items()}]
        ),
    )
    if _stands(folder, plan, replace):
        return Study.open(folder)
    work = _work_folder(folder, plan)
    started = time.time()
    blocks = _write_blocks(work, collection, encoder, sae, pooling, store, progress)
    with new_folder(work / "study") as study:
        counts = _lay_out(study, blocks, collection, sae, progress)
        save_autoencoder(sae, study / "sae")
        write_json(study / "wordpieces.json", encoder.wordpieces())
        write_judgements(
            study, queries, {q: collection.qrels[q] for q in queries.ids if q in collection.qrels}
        )
        _encode_queries(study, queries, encoder, sae, pooling, progress)
        if encoder.multi_vector and queries:
            write_maxsim_run(study, blocks, encoder, queries, collection.corpus.ids, progress)
        write_json(study / "study.json", _manifest(plan, collection, queries, sae, counts, started))
        if collection.qrels and queries:
            evaluate_systems(Study.open(study), progress).save(study)
    replace_folder(work / "study", folder)
    shutil.rmtree(work)
    return Study.open(folder)


def _stands(folder: Path, plan: StudyPlan, replace: bool) -> bool:
    """Whether the planned study is already at `folder`; whatever else stands there and must not go is refused."""
    if not (folder / "study.json").is_file():
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} exists and is not a study: choose another folder")
        return False
    if read_json(folder / "study.json").get("fingerprint") == plan.fingerprint:
        return True
    if not replace:
        raise UserError(f"{folder} holds another study: choose another folder, or remove it first")
    return False


def _work_folder(folder: Path, plan: StudyPlan) -> Path:
    """Where the blocks of a build are kept until it is whole; blocks of another plan are dropped."""
    work = folder.with_name(f".{folder.name}.building")
    record = work / "plan.json"
    if not (record.is_file() and read_json(record) == plan.fingerprint):
        shutil.rmtree(work, ignore_errors=True)
        write_json(record, plan.fingerprint)
    return work


def check_encoder(sae: SparseAutoencoder, encoder: Encoder) -> None:
    """Refuse, in one sentence, an encoder whose states the SAE was not trained on."""
    trained = sae.trained_on.get("encoder")
    if trained is None:
        raise UserError(
            f"SAE {sae.name} does not say which encoder it was trained on: name it when you import it"
        )
    ours = encoder.describe()
    for what in ("fingerprint", "d_model"):
        if trained[what] != ours[what]:
            raise UserError(
                f"SAE {sae.name} was trained on {trained['config']['model']} ({what} {trained[what]}), got "
                f"{encoder.config.model} ({what} {ours[what]}): use the encoder that it was trained on"
            )
    for what in ("layer", "query_prefix", "document_prefix", "special_tokens"):
        if trained["config"][what] != ours["config"][what]:
            raise UserError(
                f"SAE {sae.name} was trained with {what} {trained['config'][what]!r}, got "
                f"{ours['config'][what]!r}: use what it was trained with"
            )


def evenly_spaced(queries: Queries, at_most: int | None) -> Queries:
    """At most so many of the queries, spread evenly over their order; all if None."""
    if at_most is None or len(queries) <= at_most:
        return queries
    rows = np.linspace(0, len(queries) - 1, at_most).round().astype(int)
    return Queries([queries.ids[row] for row in rows], [queries.texts[row] for row in rows])


def _write_blocks(
    work: Path,
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    pooling: Literal["sum", "max"],
    store: ActivationStore | None,
    progress: Progress | None,
) -> list[Path]:
    """Token latents and counts of each block of documents, each in its own folder under `work`."""
    texts = collection.corpus.texts
    starts = range(0, len(texts), DOCUMENTS_PER_SHARD)
    stored: Iterator[TokenStates | None] = store.blocks() if store else iter([None] * len(starts))
    paths = [work / f"block-{number:05d}" for number in range(len(starts))]
    for start, path, states in zip(starts, paths, stored, strict=True):
        if not path.is_dir():
            some = texts[start : start + DOCUMENTS_PER_SHARD]
            states = states or encoder.encode(some)
            latents = token_latents(sae, states.states)
            with new_folder(path) as temporary:
                save_npz(temporary / "counts.npz", pool(latents, sae.n_latents, pooling), compressed=False)
                arrays = (
                    states.states.lengths,
                    states.token_ids,
                    states.spans,
                    latents.indices,
                    latents.activations,
                    states.pooled,
                )
                for name, array in zip(BLOCK_ARRAYS, arrays, strict=True):
                    np.save(temporary / f"{name}.npy", array, allow_pickle=False)
                if encoder.multi_vector:
                    write_token_vectors(temporary, encoder, states, some)
        if progress:
            progress("Latents of the documents", min(start + DOCUMENTS_PER_SHARD, len(texts)), len(texts))
    return paths


def _lay_out(
    study: Path,
    blocks: Sequence[Path],
    collection: Collection,
    sae: SparseAutoencoder,
    progress: Progress | None,
) -> dict[str, int]:
    """Lay the blocks out as a study's tokens, contexts, indexes and texts; returns what was counted."""
    step = _steps(progress, "Index", 6)
    write_documents(study / "documents.arrow", collection.corpus)
    step()
    (study / "tokens").mkdir()
    for name in BLOCK_ARRAYS[1:5]:
        _concatenate([block / f"{name}.npy" for block in blocks], study / "tokens" / f"{name}.npy")
    _concatenate([block / "pooled.npy" for block in blocks], study / "vectors.npy")
    lengths = np.concatenate([_load(block / "lengths.npy") for block in blocks])
    np.save(study / "tokens" / "offsets.npy", np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))
    step()
    alive = write_contexts(study, sae.n_latents)
    step()
    write_index(
        study / "index", (csr_array(load_npz(block / "counts.npz")) for block in blocks), sae.n_latents
    )
    step()
    words, vocabulary = count_words(collection.corpus.texts)
    step()
    write_index(study / "lexical", [words], words.shape[1])
    vocabulary.save(study / "lexical")
    step()
    return {
        "n_docs": len(collection.corpus),
        "n_tokens": int(lengths.sum()),
        "n_words": int(words.shape[1]),
        "n_alive_latents": alive,
    }


def _encode_queries(
    study: Path,
    queries: Queries,
    encoder: Encoder,
    sae: SparseAutoencoder,
    pooling: Literal["sum", "max"],
    progress: Progress | None,
) -> None:
    """Counts and pooled vectors of the collection's queries, kept so that they are encoded once."""
    if not queries:
        return
    report = (lambda done, total: progress("Queries", done, total)) if progress else None
    states = encoder.encode(queries.texts, "query", report)
    counts = pool(token_latents(sae, states.states), sae.n_latents, pooling)
    with new_file(study / "query_counts.npz") as temporary, temporary.open("wb") as file:
        save_npz(file, counts, compressed=False)
    np.save(study / "query_vectors.npy", states.pooled, allow_pickle=False)


def _manifest(
    plan: StudyPlan,
    collection: Collection,
    queries: Queries,
    sae: SparseAutoencoder,
    counts: Mapping[str, int],
    started: float,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": plan.name,
        "fingerprint": plan.fingerprint,
        "encoder": plan.encoder,
        "sae": {
            **plan.sae,
            "architecture": sae.architecture,
            "name": sae.name,
            "trained_on": dict(sae.trained_on),
        },
        "collection": {
            "name": collection.name,
            "fingerprint": plan.collection,
            "card": dict(collection.card),
            "n_queries": len(queries),
            "n_queries_in_collection": len(collection.queries),
            "problems": _count_kinds(problem.kind for problem in collection.problems),
        },
        "pooling": plan.pooling,
        "counts": dict(counts),
        "seconds": round(time.time() - started, 1),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Versions of all that a number may depend on."""
    packages = ("latent-terms-workbench", "torch", "transformers", "numpy", "scipy", "numba")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in packages
    }


def _count_kinds(kinds: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for kind in kinds:
        counted[kind] = counted.get(kind, 0) + 1
    return counted


def _steps(progress: Progress | None, stage: str, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(stage, done, total)

    return step


def _load(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _concatenate(sources: Sequence[Path], destination: Path) -> None:
    """Join arrays along their first axis, one at a time; narrower rows are filled up with zeros."""
    arrays = [_load(source) for source in sources]
    shape = (sum(len(array) for array in arrays), *max(array.shape[1:] for array in arrays))
    joined = np.lib.format.open_memmap(destination, "w+", arrays[0].dtype, shape)
    start = 0
    for array in arrays:
        rows = joined[start : start + len(array)]
        rows[tuple(map(slice, array.shape))] = array
        start += len(array)
    joined.flush()
