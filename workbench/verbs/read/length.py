"""The verb length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, give, records

if TYPE_CHECKING:
    import pandas as pd

    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study


def run(
    study: StudyFolder,
    b: Annotated[float, typer.Option(help="How much long documents pay, 0 to 1.", min=0, max=1)] = 0.7,
    idf: Idf = "clipped",
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Length and repetition: the shapes that BM25 takes for granted, and what b and k1 do to whom.

    What document length (sum of term frequencies) goes with; where relevant documents lie by length, and from where
    the results at b = 0 and at b are taken (Singhal et al. 1996); whether terms come in bursts; and at which term
    frequency the evidence of relevance levels off.

    `workbench length studies/scifact --b 0.4`
    """
    from analyses.bm25_assumptions.lengths import document_lengths, length_correlations
    from analyses.bm25_assumptions.repetition import repetition_medians, write_repetition
    from retrieval.study import Study

    opened, parameters = Study.open(study), bm25(idf)
    correlations = length_correlations(document_lengths(opened))
    write_repetition(opened)
    repetition = repetition_medians(opened)
    record: dict[str, Any] = {"correlations": records(correlations), "repetition": records(repetition)}
    judged = _judged(opened, b, parameters) if opened.qrels else None
    if judged is not None:
        by_length, saturation = judged
        record |= {"retrieval": records(by_length), "saturation": saturation}
    if as_json or csv:
        give(correlations if judged is None else judged[0], csv, as_json, lambda _: record)
        return
    print_table(correlations)
    if judged is not None:
        _show_judged(*judged)
    print_table(
        repetition[repetition["measure"] == "adaptation"][["system", "x", "median", "low", "high", "n"]]
    )


def _judged(study: Study, b: float, parameters: Bm25Parameters) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Relevant and retrieved documents by length; how evidence of relevance saturates, a record per vocabulary."""
    from analyses.bm25_assumptions.lengths import retrieval_by_length
    from analyses.bm25_assumptions.saturation import saturation_evidence
    from analyses.comparison.judged_queries import judged_queries
    from retrieval.bm25 import LEXICAL, Bm25Parameters

    judged = judged_queries(study)
    table = retrieval_by_length(study, b, parameters.idf, judged=judged)
    words = study.stems.terms.count([study.queries.texts[row] for row in judged.rows])
    saturations = [
        saturation_evidence("latents", study.index, judged.counts, judged, Bm25Parameters()),
        saturation_evidence("words", study.stems.weighted.index, words, judged, LEXICAL),
    ]
    return table, [saturation.to_dict() for saturation in saturations]


def _show_judged(table: pd.DataFrame, saturation: list[dict[str, Any]]) -> None:
    import pandas as pd

    shown = ["bin", "mean_length", "norm", "relevant", "without", "with_b", "with_b_low", "with_b_high"]
    print_table(table[[*shown, "raised", "lowered"]])
    facts = ["system", "k1", "median_x", "median_saturation", "straight", "k1_fit", "k1_low", "k1_high"]
    print_table(pd.DataFrame(saturation)[facts])
