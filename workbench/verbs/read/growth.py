"""The verb growth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Queue, long_job
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, give, records


def run(
    studies: Annotated[
        list[Path], typer.Argument(help="A study, or several of one collection.", metavar="STUDY...")
    ],
    csv: Csv = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Heaps' law: does the vocabulary go on growing as more is read, as that of a language does?

    Latents beside words and wordpieces: the fitted exponent with its interval, how far the power law is off the
    exact curve, the exponent at the end, and how many terms are still to come. This takes some seconds, once: the
    study keeps the curve. With several studies of one collection, how far each dictionary fills, by its size and k.

    `workbench growth studies/scifact --csv curve.csv`
    """
    import pandas as pd

    from analyses.laws.study_growth import dictionary_growth, growth, heaps, write_growth
    from retrieval.study import Study

    opened = [Study.open(study) for study in studies]
    if len(opened) > 1:
        give(dictionary_growth(opened), csv, as_json, lambda table: {"studies": records(table)})
        return
    with long_job(
        f"Growth of {opened[0].name}", {}, queue, writes=[study.path for study in opened]
    ) as progress:
        write_growth(opened[0], progress)
    curve, laws = growth(opened[0]), heaps(opened[0])
    if as_json or csv:
        record = {"heaps": {name: law.to_dict() for name, law in laws.items()}, "curve": records(curve)}
        give(curve, csv, as_json, lambda _: record)
        return
    shown = ["system", "distinct", "capacity", "exponent", "low", "high", "misses", "last_exponent", "unseen"]
    print_table(pd.DataFrame([law.to_dict() for law in laws.values()])[shown])
    say(
        "misses: how far the power law is off the curve, at most; last_exponent: the exponent at the end, exact;"
    )
    say("unseen: Chao's estimate of the terms still to come, at least")
