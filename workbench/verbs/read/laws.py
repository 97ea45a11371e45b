"""The verb laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, Seed, give

if TYPE_CHECKING:
    from analyses.laws.laws import Laws
    from analyses.vocabularies.vocabularies import Measure, Over


def run(
    study: StudyFolder,
    by: Annotated[
        str,
        typer.Option(help="`documents`, `tokens` or `activation`: what frequency counts.", metavar="COUNT"),
    ] = "documents",
    over: Annotated[str, typer.Option(help="`documents` or `queries`.", metavar="TEXTS")] = "documents",
    controls: Annotated[
        bool,
        typer.Option(
            "--controls", help="Read a sample by random directions and by the random encoder too, once."
        ),
    ] = False,
    seed: Seed = 0,
    csv: Csv = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Is it a language? Zipf's law and its rivals on latents, words, wordpieces and the controls, with tests.

    A power law by maximum likelihood above the threshold that suits it best, whether a bootstrap rules it out, and
    whether a truncated one, a lognormal or a stretched exponential fits better; Zipf's and Mandelbrot's laws on all
    ranks; Heaps' exponent. Intervals are of documents. Half a minute per vocabulary, once: the study keeps the
    fits. `--csv` writes a row per fit.

    `workbench laws studies/scifact --json`
    """
    from analyses.laws.laws import write_laws
    from analyses.laws.study_growth import heaps, write_growth
    from analyses.vocabularies.control_counts import write_controls, write_queries
    from retrieval.study import Study

    measure, texts = _counted(by, over)
    opened = Study.open(study)
    if texts == "queries" and not opened.queries.ids:
        raise UserError(f"study {opened.name} has no queries: count its documents")
    with long_job(f"Laws of {opened.name}", {}, queue, writes=[opened.path]) as progress:
        if controls:
            write_controls(opened, progress)
        if texts == "queries":
            write_queries(opened, progress)
        fitted = write_laws(opened, measure, texts, seed, progress)
        write_growth(opened, progress)
    if as_json or csv:
        record = fitted.to_dict()
        for system, law in heaps(opened).items():
            if system in record:
                record[system]["heaps"] = law.to_dict()
        give(fitted.fits, csv, as_json, lambda _: record)
    else:
        _show(fitted)


def _counted(by: str, over: str) -> tuple[Measure, Over]:
    """What frequency counts, in which texts."""
    from analyses.vocabularies.vocabularies import MEASURES, OVERS

    measure = next((known for known in MEASURES if known == by), None)
    texts = next((known for known in OVERS if known == over), None)
    if measure is None or texts is None:
        raise UserError(
            f"got --by {by} --over {over}: expected {', '.join(MEASURES)}, and {' or '.join(OVERS)}"
        )
    return measure, texts


def _show(fitted: Laws) -> None:
    from analyses.laws.law_sentences import headline, law_sentences

    print_table(fitted.fits[["system", "law", "n_fitted", "n_terms", "x_min", "distance", "p_value"]])
    say(headline(fitted))
    for sentence in law_sentences(fitted, "latents"):
        say(sentence)
    say("p_value: bootstrap of the Kolmogorov-Smirnov distance; below 0.1 a law is ruled out")
