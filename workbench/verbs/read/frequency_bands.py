"""The verb frequency-bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.verbs.options import AsJson, Idf, Queue, StudyFolder, bm25, long_job
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, give, records

if TYPE_CHECKING:
    import pandas as pd

    from analyses.interventions.pruning_effect import Pruning
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study


def run(
    study: StudyFolder,
    prune: Annotated[str, typer.Option(help="`head`, the most frequent, or `tail`, the rarest.")] = "head",
    share: Annotated[
        float | None,
        typer.Option(help="Prune this share of the latents that occur, such as 0.01.", min=0, max=1),
    ] = None,
    where: Annotated[
        str,
        typer.Option(
            help="`index`: out of postings and document lengths; `scoring`: out of the scoring alone."
        ),
    ] = "index",
    idf: Idf = "clipped",
    csv: Csv = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Head, body and tail: what the most common and the rarest latents hold, and what pruning them does.

    Without `--share`: the bands of the vocabulary, and the curve of nDCG@10 as more and more of the head or the
    tail go, on a sample of the queries, beside as many postings of other latents; the study keeps the curve.
    With `--share`: that pruning, on all judged queries.

    `workbench frequency-bands studies/scifact --share 0.01`
    """
    from retrieval.study import Study

    pruning = _pruning(prune, share or 0.0, where, bm25(idf))
    opened = Study.open(study)
    if share is not None:
        give(_effect(opened, pruning), csv, as_json, lambda table: records(table)[0])
        return
    bands = _bands(opened)
    curve = _curve(opened, pruning.parameters, queue) if opened.qrels else None
    if as_json or csv:
        record = {"bands": records(bands), "curve": [] if curve is None else records(curve)}
        give(bands if curve is None else curve, csv, as_json, lambda _: record)
        return
    print_table(bands)
    if curve is not None:
        shown = ["part", "where", "share", "n_latents", "change", "low", "high", "control"]
        print_table(curve[(curve["part"] == pruning.part) & (curve["where"] == pruning.where)][shown])


def _pruning(prune: str, share: float, where: str, parameters: Bm25Parameters) -> Pruning:
    from analyses.interventions.pruning_effect import PARTS, WHERES, Pruning

    part = next((known for known in PARTS if known == prune), None)
    place = next((known for known in WHERES if known == where), None)
    if part is None or place is None:
        raise UserError(f"got --prune {prune} --where {where}: expected head or tail, and index or scoring")
    return Pruning(part, share, place, parameters)


def _effect(study: Study, pruning: Pruning) -> pd.DataFrame:
    """What one pruning does, in one row."""
    import pandas as pd

    from analyses.interventions.pruning_effect import pruning_effect

    effect = pruning_effect(study, pruning)
    numbers = {name: value for name, value in vars(effect).items() if name != "pruning"}
    return pd.DataFrame([{"prune": pruning.part, "where": pruning.where, "share": pruning.share, **numbers}])


def _bands(study: Study) -> pd.DataFrame:
    from analyses.latents.frequency_bands import band_table
    from analyses.latents.types import TypeThresholds, classify, type_measures, types_are_kept

    types = classify(type_measures(study), TypeThresholds()) if types_are_kept(study) else None
    return band_table(study, types)


def _curve(study: Study, parameters: Bm25Parameters, queue: bool) -> pd.DataFrame:
    from analyses.interventions.pruning_effect import pruning_curve, write_pruning_curve

    curve = pruning_curve(study, parameters.idf)
    if curve is not None:
        return curve
    with long_job(f"Pruning of {study.name}", {}, queue, writes=[study.path]) as progress:
        return write_pruning_curve(study, parameters.idf, progress=progress)
