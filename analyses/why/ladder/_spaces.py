"""The spaces of a ladder: token states of the documents on disk, and the dictionaries fitted to them.

own              the states that the study's SAE reads; dictionaries are fitted to the SAE's training text, if at
                 hand
layer 0          the input embeddings of the same encoder; dictionaries are fitted to the documents
random encoder   the same layer of the encoder's twin with random weights; likewise
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analyses.why.ladder._counts import Drawn, Space
from analyses.why.ladder.dictionaries import DICTIONARIES, N_SAMPLE, FittingData, with_postings
from analyses.why.ladder.names import FROZEN, LAYER_0, MEAN_OF_DOCUMENTS, RANDOM_ENCODER, TRAINED
from analyses.why.ladder.states import STATES
from analyses.why.ladder.stores import Stores
from data.activations import DOCUMENTS_PER_SHARD, ActivationStore, write_store
from data.embeddings import Embeddings
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint
from data.progress import Progress, StepProgress, within
from data.ragged import Ragged, offsets_of
from data.streaming import store_bytes
from data.wordpiece_means import wordpiece_means
from retrieval.study import Study
from retrieval.variants import check_store
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from sae.train import TrainConfig, train

OWN = "own"
SEED = 0
N_MATCHED = 256  # documents on which postings are counted to choose k


@dataclass(frozen=True, eq=False)
class EncodedSpace:
    """A space before its dictionaries: its encoder, the states of its documents, the states it is fitted to."""

    name: str
    encoder: Encoder
    documents: ActivationStore
    fitted_to: ActivationStore

    @property
    def rows(self) -> list[str]:
        """The names of its rows of the ladder."""
        if self.name != OWN:
            return [self.name]
        return [*STATES, *([] if self.fitted_to is self.documents else [MEAN_OF_DOCUMENTS])]


def space_names(study: Study) -> list[str]:
    """The spaces of a study's ladder."""
    config = study.manifest["encoder"]["config"]
    if "imported" in study.manifest["encoder"]:
        return [OWN]  # what was imported is all that there is of the encoder
    layer_0 = [] if config["layer"] == 0 else [LAYER_0]
    return [OWN, *layer_0, *([] if config["model"].startswith("random:") else [RANDOM_ENCODER])]


def encoded_space(
    name: str, study: Study, work: Path, stores: Stores, progress: Progress | None
) -> EncodedSpace:
    """A space with the states of the study's documents, encoded into `work` where they are not at hand."""
    own = study.encoder
    if name == OWN:
        documents = stores.documents or _encoded(
            study, own, work / "own", within(progress, "Encode the documents")
        )
        check_store(documents, study, own)
        return EncodedSpace(OWN, own, documents, stores.training_text or documents)
    other: Encoder
    if name == LAYER_0:
        other, stage = Embeddings.of(own), "Input embeddings"
    else:
        other = Encoder.load(replace(own.config, model=f"random:{own.config.model}"))
        stage = "Random encoder"
    store = _encoded(study, other, work / name.replace(" ", "-"), within(progress, stage))
    return EncodedSpace(name, other, store, store)


def fitting_data(space: EncodedSpace, study: Study) -> FittingData:
    """What the space's untrained dictionaries are made of."""
    means = wordpiece_means(space.fitted_to.blocks(), len(study.wordpieces))
    sample = space.fitted_to.sample(N_SAMPLE, SEED).astype(np.float32)
    k = study.sae.k if study.sae.threshold is None else _latents_per_token(study)
    return FittingData(means, sample, study.n_latents, k)


def with_dictionaries(
    space: EncodedSpace, study: Study, work: Path, n_seeds: int, match: bool, progress: Progress | None
) -> Space:
    """The space with its dictionaries, each kept in `work` once it is made.

    match: whether each one's k is that which gives it the trained SAE's postings a document.
    """
    data, saes = fitting_data(space, study), {}
    drawn = [
        (name, seed)
        for name, dictionary in DICTIONARIES.items()
        for seed in range(n_seeds if dictionary.drawn else 1)
        if not dictionary.first_of
    ]
    for done, one in enumerate(drawn):
        if (sae := dictionary_of(one, space, study, data, work, progress)) is not None:
            saes[one] = sae
        if progress:
            progress(f"Dictionaries of {space.name} states", done + 1, len(drawn))
    document_means = None
    if MEAN_OF_DOCUMENTS in space.rows:
        document_means = wordpiece_means(space.documents.blocks(), len(study.wordpieces))
    if match:
        states, target = some_documents(study, space.documents)
        saes = {
            drawn: sae if drawn[0] == TRAINED else with_postings(sae, states, target)
            for drawn, sae in saes.items()
        }
    moved = {drawn: sae.to(study.sae.device) for drawn, sae in saes.items()}
    return Space(space.rows, data.means, moved, document_means)


def dictionary_of(
    drawn: Drawn,
    space: EncodedSpace,
    study: Study,
    data: FittingData,
    work: Path,
    progress: Progress | None,
) -> SparseAutoencoder | None:
    """A dictionary of a space, kept in `work` once it is made; None where the space has none of this name."""
    (name, seed), is_own = drawn, space.name == OWN
    fit = DICTIONARIES[name].fit
    if name == TRAINED:
        return study.sae if is_own else None
    if name == FROZEN:
        config, folder = frozen_config(study.sae) if is_own else None, work / "frozen-decoder"
        if config is None:
            return None
        step = within(progress, "Frozen decoder")
        return _kept(folder, lambda: _train_frozen(config, space, folder, step))
    assert fit is not None
    return _kept(work / f"{space.name}-{name}-{seed}".replace(" ", "-"), lambda: fit(data, seed))


def some_documents(study: Study, store: ActivationStore) -> tuple[Ragged, float]:
    """States of N_MATCHED documents spread over the collection, and the study's postings a document of them."""
    rows = np.unique(np.linspace(0, len(study.corpus) - 1, N_MATCHED).round().astype(np.int64))
    states = []
    for number, block in enumerate(store.blocks()):
        first = number * DOCUMENTS_PER_SHARD
        mine = rows[(rows >= first) & (rows < first + len(block.states))] - first
        states += [np.asarray(block.states[row]) for row in mine.tolist()]
    tokens = [study.tokens.document(row) for row in rows.tolist()]
    own = [np.unique(study.tokens.indices[d][study.tokens.activations[d] > 0]).size for d in tokens]
    return Ragged(np.concatenate(states), offsets_of([len(one) for one in states])), float(np.mean(own))


def frozen_config(sae: SparseAutoencoder) -> TrainConfig | None:
    """How the SAE was trained, but with a frozen decoder; None where that is not known, or not by this trainer."""
    record = sae.trained_on.get("training")
    if not isinstance(record, Mapping) or record.get("architecture", "topk") != "topk":
        return None
    known = {name: record[name] for name in TrainConfig.__dataclass_fields__ if name in record}
    return TrainConfig(**{**known, "betas": tuple(known.get("betas", (0.9, 0.999))), "frozen_decoder": True})


def _train_frozen(
    config: TrainConfig, space: EncodedSpace, folder: Path, step: StepProgress | None
) -> SparseAutoencoder:
    run = folder.with_name(f".{folder.name}.training")
    sae = train(
        config,
        space.fitted_to,
        run,
        resume=True,
        on_step=(lambda line: step(line.step, line.n_steps)) if step else None,
        device=str(space.encoder.device),
    )
    shutil.rmtree(run)
    return sae


def _kept(folder: Path, make: Callable[[], SparseAutoencoder]) -> SparseAutoencoder:
    """The SAE in `folder`, made where it is not there."""
    if not folder.is_dir():
        save_autoencoder(make(), folder)
    return load_autoencoder(folder)


def _encoded(study: Study, encoder: Encoder, folder: Path, progress: StepProgress | None) -> ActivationStore:
    """The states of the study's documents in `folder`, encoded where they are not there; resumes."""
    collection = study.manifest["collection"]
    source = {name: collection[name] for name in ("name", "fingerprint")}
    if not (folder / "manifest.json").is_file():
        needed = store_bytes(study.manifest["counts"]["n_tokens"], encoder.d_model)
        free = shutil.disk_usage(study.path).free
        if needed > free:
            raise UserError(
                f"the ladder needs {needed / 1e9:.1f} GB for token states, and {free / 1e9:.1f} GB are free on the "
                f"disk of {study.path}: make room there, or copy the study to another disk"
            )
    return write_store(folder, encoder, study.corpus.texts, source, progress)


def _latents_per_token(study: Study) -> int:
    """The mean number of active latents of a token, for an SAE with a threshold."""
    active = int(study.contexts.ptr[-1])
    return max(1, round(active / max(len(study.tokens.token_ids), 1)))


def plan_of(study: Study, stores: Stores, n_seeds: int, match: bool) -> str:
    """Names all that a ladder's content depends on."""
    text = stores.training_text.plan["source"] if stores.training_text else None
    cells = [list(STATES), MEAN_OF_DOCUMENTS, list(DICTIONARIES)]
    return fingerprint([study.manifest["fingerprint"], text, n_seeds, match, cells])
