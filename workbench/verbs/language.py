"""Verbs that ask whether the vocabulary is a language: growth, head, length."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_table
from workbench.verbs.options import AsJson, Idf, Queue, StudyFolder, bm25, long_job
from workbench.verbs.tabular import Csv, give, records


def growth_verb(
    studies: Annotated[
        list[Path], typer.Argument(help="A study, or several of one collection.", metavar="STUDY...")
    ],
    csv: Csv = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Heaps' law: does the vocabulary go on growing as more is read, as that of a language does?

    Latents beside words and wordpieces: the fitted exponent with its interval, how far the power law is off the
    exact curve, the exponent at the end, and how many terms are still to come. It takes some seconds, once: the
    study keeps it. With several studies of one collection, how far each dictionary fills, by its size and k.

    `workbench growth studies/scifact --csv curve.csv`
    """
    import pandas as pd

    from analyses.study_growth import dictionary_growth, growth, heaps, write_growth
    from retrieval.study import Study

    opened = [Study.open(study) for study in studies]
    if len(opened) > 1:
        give(dictionary_growth(opened), csv, as_json, lambda table: {"studies": records(table)})
        return
    with long_job(f"Growth of {opened[0].name}", {}, queue) as progress:
        write_growth(opened[0], progress)
    curve, laws = growth(opened[0]), heaps(opened[0])
    if as_json or csv:
        told = {"heaps": {name: law.to_dict() for name, law in laws.items()}, "curve": records(curve)}
        give(curve, csv, as_json, lambda _: told)
        return
    shown = ["system", "distinct", "capacity", "exponent", "low", "high", "misses", "last_exponent", "unseen"]
    print_table(pd.DataFrame([law.to_dict() for law in laws.values()])[shown])
    print(
        "misses: how far the power law is off the curve, at most; last_exponent: the exponent at the end, exact;"
    )
    print("unseen: Chao's estimate of the terms still to come, at least")


def head_verb(
    study: StudyFolder,
    prune: Annotated[str, typer.Option(help="`head`, the most frequent, or `tail`, the rarest.")] = "head",
    share: Annotated[
        float | None,
        typer.Option(help="Prune this share of the latents that occur, such as 0.01.", min=0, max=1),
    ] = None,
    where: Annotated[
        str, typer.Option(help="`index`: out of postings and |d|; `scoring`: out of the scoring alone.")
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

    `workbench head studies/scifact --share 0.01`
    """
    import pandas as pd

    from analyses.bands import band_table
    from analyses.pruning_effect import (
        PARTS,
        WHERES,
        Pruning,
        pruning_curve,
        pruning_effect,
        write_pruning_curve,
    )
    from analyses.types import TypeThresholds, classify, type_measures, types_are_kept
    from retrieval.study import Study

    part = next((known for known in PARTS if known == prune), None)
    place = next((known for known in WHERES if known == where), None)
    if part is None or place is None:
        raise UserError(f"got --prune {prune} --where {where}: expected head or tail, and index or scoring")
    opened, parameters = Study.open(study), bm25(idf)
    if share is not None:
        effect = pruning_effect(opened, Pruning(part, share, place, parameters))
        numbers = {name: value for name, value in vars(effect).items() if name != "pruning"}
        table = pd.DataFrame([{"prune": part, "where": place, "share": share, **numbers}])
        give(table, csv, as_json, lambda table: records(table)[0])
        return
    types = classify(type_measures(opened), TypeThresholds()) if types_are_kept(opened) else None
    bands, curve = band_table(opened, types), None
    if opened.qrels:
        curve = pruning_curve(opened, parameters.idf)
        if curve is None:
            with long_job(f"Pruning of {opened.name}", {}, queue) as progress:
                curve = write_pruning_curve(opened, parameters.idf, progress=progress)
    if as_json or csv:
        told = {"bands": records(bands), "curve": [] if curve is None else records(curve)}
        give(bands if curve is None else curve, csv, as_json, lambda _: told)
        return
    print_table(bands)
    if curve is not None:
        shown = ["part", "where", "share", "n_latents", "change", "low", "high", "control"]
        print_table(curve[(curve["part"] == part) & (curve["where"] == place)][shown])


def length_verb(
    study: StudyFolder,
    b: Annotated[float, typer.Option(help="How much long documents pay, 0 to 1.", min=0, max=1)] = 0.7,
    idf: Idf = "clipped",
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Length and repetition: the shapes that BM25 takes for granted, and what b and k1 do to whom.

    What |d| goes with; where relevant documents lie by length, and from where the results at b = 0 and at b are
    taken (Singhal et al. 1996); whether terms come in bursts; and at which weight the evidence of relevance
    levels off.

    `workbench length studies/scifact --b 0.4`
    """
    import pandas as pd

    from analyses.judged import judged_queries
    from analyses.lengths import document_lengths, length_correlations, retrieval_by_length
    from analyses.repetition import repetition_medians, write_repetition
    from analyses.saturation import saturation_evidence
    from retrieval.bm25 import LEXICAL, Bm25Parameters
    from retrieval.study import Study

    opened, parameters = Study.open(study), bm25(idf)
    correlations = length_correlations(document_lengths(opened))
    write_repetition(opened)
    repetition = repetition_medians(opened)
    told: dict[str, Any] = {"correlations": records(correlations), "repetition": records(repetition)}
    table = correlations
    saturations = []
    if opened.qrels:
        judged = judged_queries(opened)
        table = retrieval_by_length(opened, b, parameters.idf, judged=judged)
        words = opened.words.count([opened.queries.texts[row] for row in judged.rows])
        saturations = [
            saturation_evidence("latents", opened.index, judged.counts, judged, Bm25Parameters()),
            saturation_evidence("words", opened.lexical.index, words, judged, LEXICAL),
        ]
        told |= {"retrieval": records(table), "saturation": [one.to_dict() for one in saturations]}
    if as_json or csv:
        give(table, csv, as_json, lambda _: told)
        return
    print_table(correlations)
    if opened.qrels:
        shown = ["bin", "mean_length", "norm", "relevant", "without", "with_b", "with_b_low", "with_b_high"]
        print_table(table[[*shown, "raised", "lowered"]])
        facts = ["system", "k1", "median_x", "median_saturation", "straight", "k1_fit", "k1_low", "k1_high"]
        print_table(pd.DataFrame([one.to_dict() for one in saturations])[facts])
    print_table(
        repetition[repetition["measure"] == "adaptation"][["system", "x", "median", "low", "high", "n"]]
    )
