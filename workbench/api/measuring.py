"""Making the answers to "why" for a study: which aspects, and the token states that need not be encoded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from analyses.why.aspect import Aspect
from analyses.why.aspects import ASPECTS
from data.corpus import Collection, corpus_fingerprint
from data.errors import UserError
from data.files import read_json
from retrieval.study import Study
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.stages import activations

if TYPE_CHECKING:  # torch: only when the ladder is measured
    from analyses.why.ladder.stores import Stores
    from data.activations import ActivationStore


def aspects_named(only: str) -> list[Aspect]:
    """The aspect of this name, all for ""; an unknown one raises a `UserError`."""
    if only and only not in ASPECTS:
        raise UserError(f'there is no aspect "{only}": choose one of {", ".join(ASPECTS)}')
    return [aspect for name, aspect in ASPECTS.items() if only in ("", name)]


def measure(
    study: Study,
    aspects: Sequence[Aspect],
    progress: StageProgress,
    *,
    text: str = "",
    **options: Any,
) -> None:
    """Measure these aspects of a study and keep what was found; kept ones are not measured again.

    text: where the text is read from on which the SAE was trained, for the ladder: one of another text is measured
    anew. options: those of the aspects; None leaves one out.
    """
    training = training_text(study, text) if text and any("text" in one.options for one in aspects) else None
    if training is not None:
        options["text"] = corpus_fingerprint(training.corpus)
    for aspect in aspects:
        aspect.measure(study, progress, find=partial(stores, study, training, progress), **options)


def stores(study: Study, training: Collection | None, progress: StageProgress) -> Stores:
    """The kept token states of the study's documents, and of the text on which its SAE was trained.

    training: that text; None: it is looked for among the kept states.
    """
    from analyses.why.ladder.stores import Stores

    own = study.manifest["collection"]["fingerprint"]
    documents = kept_states(study, own, whole=True)
    if training is not None and corpus_fingerprint(training.corpus) != own:
        return Stores(documents, _states_of(study, training, progress))
    expected = (study.sae.trained_on.get("text") or {}).get("fingerprint")
    return Stores(documents, None if expected in (None, own) else kept_states(study, str(expected)))


def training_text(study: Study, source: str) -> Collection:
    """The text on which the study's SAE was trained, read from `source`; another text raises a `UserError`."""
    from data.collections import load_collection

    collection, trained = load_collection(source), study.sae.trained_on.get("text") or {}
    found, expected = corpus_fingerprint(collection.corpus), trained.get("fingerprint")
    if expected not in (None, found):
        raise UserError(
            f"SAE {study.sae.name} was trained on {trained.get('name')} (fingerprint {expected}), and {source} has "
            f"{found}: give the text that it was trained on, or leave --text out"
        )
    return collection


def kept_states(study: Study, fingerprint: str, whole: bool = False) -> ActivationStore | None:
    """A finished store of the text of this fingerprint by the study's encoder on any device; None without one.

    whole: of all documents of the text, not of a part.
    """
    from data.activations import ActivationStore

    encoder = _on_any_device(study.encoder.describe())
    for manifest in sorted((artifacts() / "activations").glob("*/manifest.json")):
        plan = read_json(manifest.parent / "plan.json")
        source = plan["source"]
        if whole and "documents" in source:
            continue
        if _on_any_device(plan["encoder"]) == encoder and source.get("fingerprint") == fingerprint:
            return ActivationStore.open(manifest.parent)
    return None


def _on_any_device(encoder: Mapping[str, Any]) -> dict[str, Any]:
    return {**encoder, "config": {**encoder["config"], "device": ""}}


def _states_of(study: Study, training: Collection, progress: StageProgress) -> ActivationStore:
    """The states of the documents on which the SAE was trained."""
    from data.activations import select_documents

    texts = training.corpus.texts
    seed = int((study.sae.trained_on.get("training") or {}).get("seed", 0))
    wanted = int(study.sae.trained_on.get("distinct_tokens") or 10**12)
    rows = select_documents(study.encoder, texts, wanted, seed)
    return activations(study.encoder, training, None if len(rows) == len(texts) else rows, progress)
