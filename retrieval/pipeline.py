"""Build a study from a collection, an encoder and an SAE.

One pass in bounded memory turns blocks of documents into token states, latents and counts; each finished block is
on disk, so an interrupted build continues with the next block. Then the blocks are combined (study_folder.py).
"""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data.changed_encoder import ChangedEncoder
from data.checksums import FILES, listed, signed
from data.corpus import Collection, Queries, corpus_fingerprint
from data.encoder_match import difference
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint, new_folder, read_json, read_json_object, replace_folder, write_json
from data.progress import Progress
from retrieval.blocks import Blocks, encode_queries, lay_out, write_blocks
from retrieval.emptiness import empty_kinds, lexical_warnings
from retrieval.evaluation import evaluate_systems
from retrieval.lexical import ENGLISH, Words
from retrieval.migration import FORMAT
from retrieval.own_ranking import write_maxsim_run
from retrieval.study import Study
from retrieval.texts import write_judgements
from sae.checkpoint import save_autoencoder
from sae.model import SparseAutoencoder

CONTENT = 1  # changes when equal inputs give a study with different content; FORMAT is the layout


@dataclass(frozen=True)
class StudyPlan:
    """Everything that a study's content depends on, and nothing else; its fingerprint identifies the study."""

    name: str
    collection: str
    encoder: Mapping[str, Any]
    sae: Mapping[str, Any]
    pooling: Literal["sum", "max"]
    queries: str
    language: str = ENGLISH
    format: int = CONTENT

    @property
    def fingerprint(self) -> str:
        """16 hex digits of SHA-256 over all fields; English, the only language once, is not among them."""
        usual = {"language": ENGLISH}
        return fingerprint({name: value for name, value in vars(self).items() if usual.get(name) != value})


def build_study(
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    folder: Path,
    *,
    pooling: Literal["sum", "max"] = "sum",
    max_queries: int | None = None,
    language: str = ENGLISH,
    store: Blocks | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Study:
    """Index a collection with an SAE into a study folder; if the folder already holds this study, open it.

    max_queries: largest number of queries to evaluate, evenly spaced; None: all. language: of the lexical
    baseline's stemmer (`retrieval.lexical.languages`). store: stored token states of exactly this corpus and
    encoder; None: encode the corpus. replace: replace another study at `folder`.
    An encoder that the SAE was not trained on, or a folder with other content, raises a `UserError`.
    """
    check_encoder(sae, encoder)
    Words(language)  # an unknown language is refused before the work
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
        language,
    )
    if _is_built(folder, plan, replace):
        return Study.open(folder)
    work = _work_folder(folder, plan)
    started = time.time()
    blocks = write_blocks(work, collection, encoder, sae, pooling, store, progress)
    with new_folder(work / "study") as study:
        counts = lay_out(study, blocks, collection, queries, sae, language, progress)
        _write_models(study, encoder, sae)
        write_judgements(
            study, queries, {q: collection.qrels[q] for q in queries.ids if q in collection.qrels}
        )
        encode_queries(study, queries, encoder, sae, pooling, progress)
        if encoder.multi_vector and queries:
            write_maxsim_run(study, blocks, encoder, queries, collection.corpus.ids, progress)
        manifest = _manifest(plan, collection, queries, sae, counts, started)
        manifest["collection"]["problems"] |= empty_kinds(study, len(queries))
        manifest["warnings"] = lexical_warnings(study, collection.corpus, queries)
        write_json(study / "study.json", signed({**manifest, FILES: listed(study)}))
        if collection.qrels and queries:
            evaluate_systems(Study.open(study), progress).save(study)
    replace_folder(work / "study", folder)
    shutil.rmtree(work)
    return Study.open(folder)


def _write_models(study: Path, encoder: Encoder, sae: SparseAutoencoder) -> None:
    """The SAE, and what of the encoder is not in its own files."""
    save_autoencoder(sae, study / "sae")
    write_json(study / "wordpieces.json", encoder.wordpieces())
    if isinstance(encoder, ChangedEncoder):
        encoder.save(study)


def _is_built(folder: Path, plan: StudyPlan, replace: bool) -> bool:
    """Whether `folder` holds the planned study; other content that must not be replaced raises a `UserError`."""
    if not (folder / "study.json").is_file():
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} exists and is not a study: choose another folder")
        return False
    if read_json_object(folder / "study.json").get("fingerprint") == plan.fingerprint:
        shutil.rmtree(_work_path(folder), ignore_errors=True)  # of a build that was killed as it ended
        return True
    if not replace:
        raise UserError(f"{folder} holds another study: choose another folder, or remove it first")
    return False


def _work_folder(folder: Path, plan: StudyPlan) -> Path:
    """The folder of the blocks of an unfinished build; blocks of another plan are removed."""
    work = _work_path(folder)
    record = work / "plan.json"
    if not (record.is_file() and read_json(record) == plan.fingerprint):
        shutil.rmtree(work, ignore_errors=True)
        write_json(record, plan.fingerprint)
    return work


def _work_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.building")


def check_encoder(sae: SparseAutoencoder, encoder: Encoder) -> None:
    """Raise a `UserError` for an encoder whose states the SAE was not trained on."""
    trained = sae.trained_on.get("encoder")
    if trained is None:
        raise UserError(
            f"SAE {sae.name} does not say which encoder it was trained on: name the encoder when you import the SAE"
        )
    if differs := difference(trained, encoder.describe()):
        raise UserError(f"SAE {sae.name} was trained {differs}")


def evenly_spaced(queries: Queries, at_most: int | None) -> Queries:
    """At most `at_most` of the queries, spread evenly over their order; None: all."""
    if at_most is None or len(queries) <= at_most:
        return queries
    rows = np.linspace(0, len(queries) - 1, at_most).round().astype(int)
    return Queries([queries.ids[row] for row in rows], [queries.texts[row] for row in rows])


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
        "language": plan.language,
        "counts": dict(counts),
        "seconds": round(time.time() - started, 1),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers may depend on."""
    packages = ("latent-terms-workbench", "torch", "transformers", "numpy", "scipy", "numba")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in packages
    }


def _count_kinds(kinds: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return counts
