"""The verb systems."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.verbs.options import K1, AsJson, B, Idf, K1Unit, StudyFolder, query_text, scored
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import readable, records


def run(
    study: StudyFolder,
    query: Annotated[
        str | None, typer.Argument(help="One query; without it all of the study's own.", metavar="[QUERY]")
    ] = None,
    depth: Annotated[int, typer.Option(help="Of one query: the first this many of each system.", min=1)] = 10,
    idf: Idf = "clipped",
    k1: K1 = None,
    b: B = None,
    k1_unit: K1Unit = "weight",
    as_json: AsJson = False,
) -> None:
    """Set the rankings of every system beside each other, added runs too.

    Over all queries: nDCG@10 with intervals, the latents less each other system, and how alike the rankings are.
    Of one query: the place that each system gives each document. `--json` has a row for each query too.

    `workbench systems studies/scifact "aspirin and bleeding"`
    """
    from analyses.comparison.query_rankings import query_id_of
    from analyses.comparison.systems import rankings_of, systems
    from retrieval.study import Study

    opened = Study.open(study)
    parameters = scored(opened, idf, k1, b, k1_unit)
    if query is not None:
        text = query_text(query)
        places = rankings_of(opened, opened.encode(text), query_id_of(opened, text), parameters, depth)
        if as_json:
            print_json({"query": text, "places": records(places)})
        else:
            print_table(places)
        return
    found = systems(opened, parameters)
    means, against = found.means(), found.against()
    if as_json:
        print_json({"means": records(means), "against": records(against), "queries": records(found.queries)})
        return
    print_table(means)
    print_table(readable(against))
