"""A quality card for any SAE on any study, and a comparison of SAEs or studies by their paths."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from pathlib import Path

import pandas as pd

from analyses.saes.card import QualityCard, quality_card
from analyses.saes.sae_comparison import SaeComparison, compare_autoencoders, compare_studies, spread
from data.errors import UserError
from data.files import fingerprint
from retrieval.study import Study
from sae.importers import import_autoencoder
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.stages import read_autoencoder, stored_activations, study_source
from workbench.making.training import members

FORMAT = 1  # of kept comparisons
PAIR_SECONDS, PAIR_LATENTS = 50.0, 8192  # measured: a pair of 8,192 latents each


def card_of(
    sae: str | Path,
    study: Study,
    held_out: Sequence[str] | None,
    held_out_name: str,
    seed: int,
    device: str,
    progress: StageProgress,
) -> QualityCard:
    """The quality card of an SAE on a study, read if it is kept; token states come from the store, if it stands."""
    loaded, encoder = read_autoencoder(sae, None, device)
    return quality_card(
        loaded,
        study,
        encoder=encoder,
        held_out=held_out,
        held_out_name=held_out_name,
        store=stored_activations(encoder, study_source(study)),
        seed=seed,
        progress=progress,
    )


def card_rows(card: QualityCard) -> pd.DataFrame:
    """A card to print: a row per measure and text, a column per variant."""
    table = card.summary_table()
    wide = table.pivot(index=["measure", "text"], columns="variant", values="value")
    order = table[["measure", "text"]].drop_duplicates()
    return wide.loc[pd.MultiIndex.from_frame(order), list(dict.fromkeys(table["variant"]))].reset_index()


def spread_of_cards(cards: Sequence[QualityCard]) -> pd.DataFrame:
    """measure, mean, standard_deviation, low, high, n: of a family's SAEs, a row per number of their cards."""
    columns = [card.summary_table().query("variant == 'sae'") for card in cards]
    names = [(column["measure"] + " " + column["text"]).str.strip() for column in columns]
    return spread(
        [dict(zip(name, column["value"], strict=True)) for name, column in zip(names, columns, strict=True)]
    )


def compare_paths(paths: Sequence[str], progress: StageProgress | None = None) -> SaeComparison:
    """Compare studies, or SAEs by their decoders alone; a family's folder stands for its members."""
    named = [member for path in paths for member in members(path)]
    are_studies = [(Path(path) / "study.json").is_file() for path in named]
    if any(are_studies) and not all(are_studies):
        odd = named[are_studies.index(False)]
        raise UserError(
            f"{odd} is no study, and others are: compare studies with studies, or SAEs with SAEs "
            "(a study's own is its folder sae/)"
        )
    if all(are_studies) and named:
        return comparison_of([Study.open(path) for path in named], progress)
    return compare_autoencoders([import_autoencoder(path) for path in named], progress=progress)


def comparison_of(studies: Sequence[Study], progress: StageProgress | None = None) -> SaeComparison:
    """The comparison of studies, kept under `artifacts()` and read if it is there."""
    folder = comparison_folder(studies)
    if (folder / "comparison.json").is_file():
        return SaeComparison.open(folder)
    comparison = compare_studies(studies, progress=progress)
    comparison.save(folder)
    return comparison


def comparison_folder(studies: Sequence[Study]) -> Path:
    """Where `comparison_of` keeps it, whether it stands or not."""
    named = [[study.name, study.manifest["fingerprint"]] for study in studies]
    return artifacts() / "comparisons" / fingerprint([FORMAT, named])


def seconds_to_compare(studies: Sequence[Study]) -> float:
    """An estimate: a matching looks at all pairs of latents of each pair of SAEs."""
    largest = max(study.n_latents for study in studies)
    return comb(len(studies), 2) * PAIR_SECONDS * (largest / PAIR_LATENTS) ** 2
