"""Verbs on vocabularies as a whole: vocabulary, learned-sparse."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Device, MaxLength, Queue, StudyFolder, long_job
from workbench.verbs.tabular import Csv, Seed, give


def vocabulary_verb(
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
    ranks; Heaps' exponent. Intervals are of documents. Half a minute a vocabulary, once: the study keeps it.
    `--csv` writes a row a fit.

    `workbench vocabulary studies/scifact --json`
    """
    from analyses.law_lines import headline, said
    from analyses.read_texts import write_controls, write_queries
    from analyses.study_growth import heaps, write_growth
    from analyses.study_laws import write_laws
    from analyses.vocabularies import MEASURES, OVERS
    from retrieval.study import Study

    measure = next((one for one in MEASURES if one == by), None)
    texts = next((one for one in OVERS if one == over), None)
    if measure is None or texts is None:
        raise UserError(
            f"got --by {by} --over {over}: expected {', '.join(MEASURES)}, and {' or '.join(OVERS)}"
        )
    opened = Study.open(study)
    if texts == "queries" and not opened.queries.ids:
        raise UserError(f"study {opened.name} has no queries: count its documents")
    with long_job(f"Laws of {opened.name}", {}, queue) as progress:
        if controls:
            write_controls(opened, progress)
        if texts == "queries":
            write_queries(opened, progress)
        found = write_laws(opened, measure, texts, seed, progress)
        write_growth(opened, progress)
    if as_json or csv:
        told: dict[str, Any] = found.to_dict()
        for system, law in heaps(opened).items():
            if system in told:
                told[system]["heaps"] = law.to_dict()
        give(found.fits, csv, as_json, lambda _: told)
        return
    shown = ["system", "law", "n_fitted", "n_terms", "x_min", "distance", "p_value"]
    print_table(found.fits[shown])
    print(headline(found))
    for sentence in said(found, "latents"):
        print(sentence)
    print("p_value: bootstrap of the Kolmogorov-Smirnov distance; below 0.1 a law is ruled out")


def learned_sparse_verb(
    study: StudyFolder,
    model: Annotated[str, typer.Option(help="A SPLADE: a Hugging Face id, or a folder.", metavar="MODEL")],
    max_length: MaxLength = 256,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Read a study by a learned-sparse retriever: a vocabulary and a ranking to set beside the latents'.

    Any masked language model that was trained as SPLADE: a term's weight is max over tokens of
    ln(1 + ReLU(logit)). Keeps STUDY/learned_sparse/, and the ranking of the study's queries as
    STUDY/runs/learned_sparse.trec, which the page Systems shows.

    `workbench learned-sparse studies/scifact --model naver/splade-v3`
    """
    from data.learned_sparse import LearnedSparse
    from retrieval.evaluate import evaluate, means
    from retrieval.learned_sparse import index_learned_sparse, learned_sparse_index
    from retrieval.study import Study

    opened = Study.open(study)
    loaded = LearnedSparse.load(model, max_length, device)
    with long_job(f"Learned sparse, {opened.name}", {}, queue) as progress:
        run = index_learned_sparse(opened, loaded, progress)
    index = learned_sparse_index(opened)
    assert index is not None
    told: dict[str, Any] = {
        "model": model,
        "n_terms": index.n_terms,
        "terms_used": int((index.document_frequency > 0).sum()),
        "postings_a_document": index.n_postings / max(index.n_docs, 1),
        "run": str(opened.path / "runs" / "learned_sparse.trec"),
    }
    if opened.qrels:
        told["means"] = means(evaluate(run, opened.qrels))
    if as_json:
        print_json(told)
        return
    print(
        f"{told['terms_used']:,} of {index.n_terms:,} terms used, {told['postings_a_document']:,.0f} a document; "
        f"the ranking is in {told['run']}"
    )
    for measure, value in told.get("means", {}).items():
        print(f"{measure} {value:.3f}")
