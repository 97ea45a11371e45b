"""The verb importance."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Idf, Queue, StudyFolder, bm25, long_job
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    idf: Idf = "clipped",
    limit: Annotated[
        int, typer.Option(help="How many latents to print, of those that help most.", min=1)
    ] = 20,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Measure each latent's importance: nDCG@10 lost when the latent is removed from every query.

    Exact, every judged query ranked anew without each of its latents; then families of types, each alone and
    without it, beside random families that contribute as much. p_adjusted: by sign flips over queries, with all
    latents looked at. Kept in the study. Example:

    `workbench importance studies/scifact`
    """
    from analyses.interventions.chance import in_words
    from analyses.interventions.importance import importance, write_importance
    from retrieval.study import Study

    opened = Study.open(study)
    chosen = bm25(idf).idf
    with long_job(f"Importance in {opened.name}", {}, queue, writes=[opened.path]) as progress:
        write_importance(opened, chosen, progress)
    kept = importance(opened, chosen)
    assert kept is not None  # just written
    if as_json:
        print_json(kept.to_dict())
        return
    shown = ["latent", "label", "type", "document_frequency", "n_queries", "lost", "low", "high"]
    print_table(kept.latents[[*shown, "p_adjusted"]].head(limit).round(4))
    if kept.chance is not None:
        say(in_words(kept.chance))
    families = ["family", "kept", "ndcg", "change", "low", "high", "control_low", "control_high"]
    if len(kept.families):
        print_table(kept.families[families].round(3))
