"""The quality card: how good an SAE is, before its latents are interpreted.

Each number stands beside two controls, which separate what the SAE learned from what any sparse dictionary shows:

    sae                  the SAE on its encoder
    random_directions    as many latents, but W_dec_j random unit vectors, W_enc = W_dec, b_enc = 0, b_dec = the
                         mean state of a sample; Top-K with the SAE's k (its mean L0, where it has a threshold)
    random_encoder       the SAE on the states of its encoder's twin with random weights

Each encoder reads the texts once, in parts, for all of its SAEs.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.saes._card_measures import HeldOut, lexical_numbers, measure_columns
from analyses.saes._reconstruction import pooling_head
from analyses.saes.card_record import FORMAT, QualityCard, Variant, card_path
from data.activations import ActivationStore
from data.control_encoders import random_twin
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint, read_json, write_json
from data.progress import Progress
from retrieval.pipeline import check_encoder, versions
from retrieval.study import Study
from sae.control_dictionaries import random_directions
from sae.model import SparseAutoencoder

__all__ = ["QualityCard", "card_path", "quality_card"]

SAMPLE_DOCUMENTS = 256


def quality_card(
    sae: SparseAutoencoder,
    study: Study,
    *,
    encoder: Encoder,
    held_out: Sequence[str] | None = None,
    held_out_name: str = "given text",
    store: ActivationStore | None = None,
    twin: Encoder | None = None,
    seed: int = 0,
    path: Path | None = None,
    progress: Progress | None = None,
) -> QualityCard:
    """Measure an SAE on a study's texts and keep the card at `path` (None: `card_path`); an equal card is reused.

    sae: the study's own, or any other of `encoder`. held_out: texts that the SAE was not trained on; without
    them the study's documents, if the SAE was trained on another text, or else the study's queries. store:
    the encoder's states of exactly the study's documents, if they are kept. twin: the encoder with random
    weights; None loads it. progress: the stage, texts done, of all. An interrupted call leaves no card; the
    next call continues with the encoder that was not finished. An SAE of another encoder is a `UserError`.
    """
    check_encoder(sae, encoder)
    path = path or card_path(study, sae.fingerprint)
    chosen = choose_held_out(sae, study, held_out, held_out_name)
    twin_name = twin.config.model if twin else _twin_name(encoder)
    plan = _plan(sae, study, encoder, [twin_name, twin.fingerprint if twin else ""], chosen, seed)
    if path.is_file() and read_json(path).get("plan") == plan:
        return QualityCard.open(path)
    work = _work_folder(path, plan)
    sae = sae.to(encoder.device)
    columns = _finished(work, "sae", "random_directions")
    if not columns:
        control = random_directions(sae, _sample(study, encoder, seed), seed)
        saes = {"sae": sae, "random_directions": control}
        columns = _measured(study, encoder, saes, chosen, work, store, progress)
    if twin_name:
        finished = _finished(work, "random_encoder")
        twin = None if finished else twin or Encoder.load(replace(encoder.config, model=twin_name))
        if twin:
            finished = _measured(study, twin, {"random_encoder": sae}, chosen, work, None, progress)
        columns += finished
    card = QualityCard(
        plan=plan,
        sae=_described(sae),
        encoder=encoder.describe(),
        twin=twin_name,
        study=_described_study(study),
        texts=_texts(study, chosen, columns[0]),
        variants=tuple(columns),
        baselines=tuple(lexical_numbers(study)) if study.queries else (),
        notes=_notes(study, encoder, chosen, twin_name),
        seed=seed,
        versions=versions(),
    )
    card.save(path)
    shutil.rmtree(work)
    return QualityCard.open(path)


def choose_held_out(
    sae: SparseAutoencoder, study: Study, texts: Sequence[str] | None, name: str
) -> HeldOut | None:
    """`texts`; else the study's documents where the SAE was trained on another text; else the queries, if any."""
    text, collection = sae.trained_on.get("text"), study.manifest["collection"]
    if texts is not None:
        if not texts:
            raise UserError("the held-out text is empty: give at least one text, or leave it out")
        return HeldOut("given", name, f"{name}; whether the SAE has read it is not checked.", tuple(texts))
    if not isinstance(text, Mapping) or "fingerprint" not in text:
        why = "The study's documents; the SAE does not say what it was trained on, so this cannot be checked."
        return HeldOut("documents", collection["name"], why)
    if text["fingerprint"] != collection["fingerprint"]:
        why = f"The study's documents; the SAE was trained on {text.get('name', 'another text')}."
        return HeldOut("documents", collection["name"], why)
    if not study.queries:
        return None
    why = "The study's queries, which are short; the SAE was trained on the study's documents."
    return HeldOut("queries", f"queries of {collection['name']}", why)


def _plan(
    sae: SparseAutoencoder,
    study: Study,
    encoder: Encoder,
    twin: list[str],
    held_out: HeldOut | None,
    seed: int,
) -> str:
    """Fingerprint of everything that a card depends on."""
    return fingerprint(
        {
            "format": FORMAT,
            "sae": sae.fingerprint,
            "study": study.manifest["fingerprint"],
            "encoder": encoder.describe(),
            "twin": twin,
            "held_out": asdict(held_out) if held_out else None,
            "seed": seed,
        }
    )


def _twin_name(encoder: Encoder) -> str:
    model = encoder.config.model
    return "" if random_twin(model) else f"random:{model}"


def _sample(study: Study, encoder: Encoder, seed: int) -> NDArray[np.float16]:
    """States of documents chosen by the seed, (n_tokens, d_model); the same whether or not a store is at hand."""
    rows = np.random.default_rng(seed).permutation(len(study.corpus))[:SAMPLE_DOCUMENTS]
    return encoder.encode([study.corpus.texts[int(row)] for row in rows]).states.values


def _work_folder(path: Path, plan: str) -> Path:
    """The folder of finished columns until the card is complete; those of another plan are deleted."""
    work = path.with_name(f".{path.stem}.building")
    record = work / "plan.json"
    if not (record.is_file() and read_json(record) == plan):
        shutil.rmtree(work, ignore_errors=True)
        write_json(record, plan)
    return work


def _finished(work: Path, *names: str) -> list[Variant]:
    """The columns of these names from an earlier call: all of them or none."""
    files = [work / f"{name}.json" for name in names]
    return [Variant.from_dict(read_json(file)) for file in files] if all(map(Path.is_file, files)) else []


def _measured(
    study: Study,
    reader: Encoder,
    saes: dict[str, SparseAutoencoder],
    held_out: HeldOut | None,
    work: Path,
    store: ActivationStore | None,
    progress: Progress | None,
) -> list[Variant]:
    """Measure the columns of one encoder, and keep each in the folder `work`."""
    columns = measure_columns(study, reader, saes, held_out, work, store, progress)
    for column in columns:
        write_json(work / f"{column.name}.json", asdict(column))
    return columns


def _described_study(study: Study) -> dict[str, Any]:
    return {
        "name": study.name,
        "fingerprint": study.manifest["fingerprint"],
        "collection": study.manifest["collection"]["name"],
        "pooling": study.pooling,
        "n_judged_queries": len(study.qrels),
    }


def _described(sae: SparseAutoencoder) -> dict[str, Any]:
    return {
        "name": sae.name,
        "fingerprint": sae.fingerprint,
        "architecture": sae.architecture,
        "n_latents": sae.n_latents,
        "d_model": sae.d_model,
        "k": sae.k,
        "trained_on": dict(sae.trained_on),
    }


def _texts(study: Study, held_out: HeldOut | None, column: Variant) -> dict[str, dict[str, Any]]:
    """The texts that were read: name, n_texts, n_tokens; of the held-out text also its kind and why it was
    chosen.
    """
    n_tokens = {number.text: number.n for number in column.numbers if number.measure == "fvu"}
    texts = {
        "documents": {
            "name": study.manifest["collection"]["name"],
            "n_texts": len(study.corpus),
            "n_tokens": n_tokens["documents"],
        }
    }
    if held_out:
        n_texts = {
            "given": len(held_out.texts),
            "documents": len(study.corpus),
            "queries": len(study.queries),
        }
        texts["held_out"] = {
            "name": held_out.name,
            "n_texts": n_texts[held_out.kind],
            "n_tokens": n_tokens["held_out"],
            "kind": held_out.kind,
            "why": held_out.why,
        }
    return texts


def _notes(study: Study, encoder: Encoder, held_out: HeldOut | None, twin_name: str) -> tuple[str, ...]:
    """Sentences on what the card does not measure, and why."""
    notes = [pooling_head(encoder)[1]]
    if held_out is None:
        notes.append(
            "No text is held out: the SAE was trained on the study's documents, and the study has no queries."
        )
    if not study.queries:
        notes.append("Nothing is ranked: the study has no queries.")
    elif not study.qrels:
        notes.append("nDCG and recall are not measured: the study has no relevance judgements.")
    if not twin_name:
        notes.append("The encoder's weights are random already, so it has no twin to compare with.")
    return tuple(note for note in notes if note)
