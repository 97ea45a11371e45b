"""The verb map."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, give


def run(
    study: StudyFolder,
    seed: Annotated[int, typer.Option(help="Seed of the layout and of the sample it is judged by.")] = 0,
    kept: Annotated[
        bool, typer.Option("--kept", help="Make none: what the study keeps, or a PCA, as the app shows it.")
    ] = False,
    csv: Csv = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Lay the latents out by decoder direction (UMAP, cosine), and measure how far the map can be trusted.

    The map is kept in the study, and shown by the app; until then the app shows a PCA. UMAP takes one to three
    minutes, the greater part of them compilation. `--csv` writes each latent's place. Example:

    `workbench map studies/scifact`
    """
    import pandas as pd

    from analyses.latents.map import latent_map, write_map
    from retrieval.study import Study

    opened = Study.open(study)
    if kept:
        made = latent_map(opened)
    else:
        with long_job(f"Map of {opened.name}", {}, queue, writes=[opened.path]) as progress:
            made = write_map(opened, seed, progress)
    if as_json or csv is not None:
        places = pd.DataFrame(made.xy, columns=["x", "y"]).rename_axis("latent").reset_index()
        record = {"method": made.method, **made.parameters, "quality": list(made.quality)}
        give(places, csv, as_json, lambda _: record)
        return
    if not made.quality:
        say(
            f"the study keeps no map, and so shows a {made.method.upper()}: `workbench map {study}` makes one"
        )
        return
    print_table(pd.DataFrame(made.quality))
    say(
        "kept: the share of a latent's 10 nearest by direction that are among its 10 or 50 nearest on the map, "
        "estimated on the sampled latents"
    )
