"""The verb types."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.tabular import give, records


def run(
    study: StudyFolder,
    documents: Annotated[
        int, typer.Option(help="Documents of the sample that random directions read, at most.", min=1)
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the directions.")] = 0,
    own: Annotated[
        bool,
        typer.Option("--own", help="Only print the shares of the study's own latents: no control is made."),
    ] = False,
    lexical: Annotated[
        float | None,
        typer.Option(help="The rule: lexical from this share of activation on one form.", min=0, max=1),
    ] = None,
    narrow: Annotated[
        float | None, typer.Option(help="The rule: narrow from this share on five forms ...", min=0, max=1)
    ] = None,
    closeness: Annotated[
        float | None,
        typer.Option(help="... that are this close in meaning, as the cosine of two of them.", min=0, max=1),
    ] = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Classify, by the rule of types, vocabularies that no SAE has learned, and keep the shares in the study.

    An SAE of random directions on a sample of the documents, beside the study's own latents on that sample, and the
    tokenizer's wordpieces as if they were latents. The Types page shows their shares.

    `workbench types studies/scifact`
    """
    import pandas as pd

    from analyses.latents.type_evidence.type_controls import (
        control_shares,
        type_controls,
        write_type_controls,
    )
    from analyses.latents.types import TypeThresholds, classify, type_measures, type_shares
    from retrieval.study import Study

    given: dict[str, Any] = {"lexical": lexical, "narrow": narrow, "closeness": closeness}
    rule = TypeThresholds(**{name: value for name, value in given.items() if value is not None})
    opened = Study.open(study)
    if own:
        give(type_shares(classify(type_measures(opened), rule)), None, as_json, records)
        return
    with long_job(f"Controls of the types of {opened.name}", {}, queue, writes=[opened.path]) as progress:
        write_type_controls(opened, documents, seed, progress)
    controls = type_controls(opened)
    assert controls is not None  # just written
    shares = [table.assign(control=control) for control, table in control_shares(controls, rule).items()]
    table = pd.concat(shares)[["control", "type", "count", "share", "low", "high"]]
    give(table, None, as_json, records)
