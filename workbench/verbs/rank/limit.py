"""The verb limit."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, query_text
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import records


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help='A judged query of the form "Who likes quokkas?".')],
    pooled: Annotated[
        bool,
        typer.Option(
            "--pooled", help="Encode some documents again: what the attribute's tokens are in the mean."
        ),
    ] = False,
    limit: Annotated[int, typer.Option(help="Latents to print.", min=1)] = 15,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Which tokens of a LIMIT collection does mean pooling average away that the latents keep?

    A latent's power is its mean contribution to the query's relevant documents minus that to all others; chance is
    the 95th percentile of the largest power for as many random documents. Example:

    `workbench limit studies/limit "Who likes quokkas?" --json`
    """
    from analyses.attribution.limit import attribute_latents, pooled_away
    from analyses.comparison.query_rankings import query_id_of
    from retrieval.study import Study

    opened = Study.open(study)
    text = query_text(query)
    grades = opened.qrels.get(query_id_of(opened, text) or "", {})
    encoded = opened.encode(text)
    relevant = [doc_id for doc_id, grade in grades.items() if grade > 0]
    attribute = attribute_latents(opened, encoded, relevant, bm25(idf))
    averaged = pooled_away(opened, encoded, attribute).documents if pooled else None
    if as_json:
        found = {"attribute": attribute.name, "chance": attribute.chance}
        found |= {"latents": records(attribute.latents), "documents": records(attribute.documents)}
        print_json(found if averaged is None else found | {"pooled": records(averaged)})
        return
    say(
        f"latents of “{attribute.name}”; of random documents the strongest power is {attribute.chance:.2f} (95%)"
    )
    print_table(attribute.latents.head(limit).round(3))
    print_table((attribute.documents if averaged is None else averaged).round(3))
