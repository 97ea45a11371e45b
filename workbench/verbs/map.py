"""Verbs that make what a study's pages show and indexing may leave for later: map, complete."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job


def complete_verb(study: StudyFolder, queue: Queue = False) -> None:
    """Make what a study still lacks of all that its pages show, and keep it there.

    That is its vocabulary, types and words, the map of its latents, and the controls of their types. `index` does
    it at its end, unless it was told to be --quick, and `demo` while the app is open already. Example:

    `workbench complete studies/scifact`
    """
    from retrieval.study import Study
    from workbench.completion import mark_complete
    from workbench.stages import complete_study, is_complete

    opened = Study.open(study)
    if is_complete(opened):
        mark_complete(opened.path)
        print(f"{opened.name} lacks nothing.")
        return
    with long_job(f"Map and controls of {opened.name}", {}, queue) as progress:
        complete_study(opened, progress)


def map_verb(
    study: StudyFolder,
    seed: Annotated[int, typer.Option(help="Seed of the layout and of the sample it is judged by.")] = 0,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Lay the latents out by decoder direction (UMAP, cosine), and say how far the map can be trusted.

    The map is kept in the study, and shown by the app; until then the app shows a PCA. It takes one to three
    minutes, the greater part of them compilation. Example:

    `workbench map studies/scifact`
    """
    from analyses.maps import write_map
    from retrieval.study import Study

    opened = Study.open(study)
    with long_job(f"Map of {opened.name}", {}, queue) as progress:
        made = write_map(opened, seed, progress)
    if as_json:
        print_json({"method": made.method, **made.parameters, "quality": list(made.quality)})
        return
    import pandas as pd

    print_table(pd.DataFrame(made.quality))
    print(
        "kept: the share of a latent's 10 nearest by direction that are among its 10 or 50 nearest on the map, "
        "estimated on the sampled latents"
    )
