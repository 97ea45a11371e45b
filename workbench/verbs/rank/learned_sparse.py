"""The verb learned-sparse."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from data.encoder_config import MAX_LENGTH
from data.terminal import say
from workbench.verbs.options import AsJson, Device, MaxLength, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_json


def run(
    study: StudyFolder,
    model: Annotated[str, typer.Option(help="A SPLADE: a Hugging Face id, or a folder.", metavar="MODEL")],
    max_length: MaxLength = None,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Read a study by a learned-sparse retriever: a vocabulary and a ranking to set beside the latents'.

    Any masked language model that was trained as SPLADE: a term's weight is max over tokens of
    ln(1 + ReLU(logit)). Keeps STUDY/vocabularies/learned_sparse/, and the ranking of the study's queries as
    STUDY/runs/learned_sparse.trec, which the page Systems shows.

    `workbench learned-sparse studies/scifact --model naver/splade-v3`
    """
    from data.learned_sparse import LearnedSparse
    from retrieval.added_runs import run_path
    from retrieval.evaluate import evaluate, means
    from retrieval.learned_sparse import index_learned_sparse
    from retrieval.study import Study
    from retrieval.vocabularies import LEARNED_SPARSE

    opened = Study.open(study)
    loaded = LearnedSparse.load(model, max_length or MAX_LENGTH, device)
    with long_job(f"Learned sparse, {opened.name}", {}, queue, writes=[opened.path]) as progress:
        ranking = index_learned_sparse(opened, loaded, progress)
    index = opened.vocabulary(LEARNED_SPARSE).index
    facts: dict[str, Any] = {
        "model": model,
        "n_terms": index.n_terms,
        "terms_used": int((index.document_frequency > 0).sum()),
        "postings_a_document": index.n_postings / max(index.n_docs, 1),
        "run": str(run_path(opened.path, LEARNED_SPARSE.name)),
    }
    if opened.qrels:
        facts["means"] = means(evaluate(ranking, opened.qrels))
    if as_json:
        print_json(facts)
        return
    say(
        f"{facts['terms_used']:,} of {index.n_terms:,} terms used, "
        f"{facts['postings_a_document']:,.0f} per document; "
        f"the ranking is in {facts['run']}"
    )
    for measure, value in facts.get("means", {}).items():
        say(f"{measure} {value:.3f}")
