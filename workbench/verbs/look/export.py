"""The verb export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import K1, AsJson, B, Idf, StudyFolder, long_job
from workbench.verbs.printing import print_json

if TYPE_CHECKING:
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study

To = Annotated[
    str,
    typer.Option(
        help="`jsonl` (Pyserini, Anserini, Seismic), `parquet` (DuckDB, Polars, Spark), `ciff` (PISA, Lucene, "
        "Terrier), `neuronpedia` (batches of features); or an engine: `qdrant://HOST:PORT`, `milvus://HOST:PORT`, "
        "`qdrant:FOLDER`, `milvus:FILE.db`, or `qdrant` or `milvus` with --uri.",
        metavar="FORMAT",
    ),
]
Uri = Annotated[
    str | None,
    typer.Option(help="Where the engine is: http://HOST:PORT, a folder (qdrant) or a file (milvus)."),
]
Bits = Annotated[
    int | None,
    typer.Option(help="Impacts as integers of 8 or 16 bits, which costs something: it is measured and said."),
]


def run(
    study: StudyFolder,
    to: To,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; an engine needs none.")] = None,
    uri: Uri = None,
    bits: Bits = None,
    k1: K1 = None,
    b: B = None,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Write a study's latent terms for another tool, so that an inner product there is BM25 here.

    Documents hold BM25's impacts under fixed k1 and b; the idf goes with the queries. Example:

    `workbench export studies/scifact --to ciff --bits 8 --out exports/scifact`
    """
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study
    from workbench.export.formats import export

    given = {name: value for name, value in {"k1": k1, "b": b}.items() if value is not None}
    parameters = Bm25Parameters(**given, idf=idf)  # type: ignore[arg-type]  # refuses any other
    opened = Study.open(study)
    to = to if uri is None else f"{to}:{uri}"
    if ":" in to:
        if bits:
            raise UserError("engines keep floats: leave out --bits")
        _upload(opened, to, parameters, as_json)
        return
    if out is None:
        raise UserError(f"an export to {to} needs a folder for its files: add --out FOLDER")
    with long_job(f"{opened.name} for {to}", {"export": out}) as progress:
        record = export(opened, to, out, parameters, bits, progress)
    if as_json:
        print_json(record)
        return
    say(f"{opened.name} in {out}: {record['n_docs']:,} documents, {record['n_latents']:,} latents")
    if "kendall_tau" in record:
        say(
            f"integers of {record['bits']} bits: nDCG@10 {record['nDCG@10_integers']:.4f} where floats have "
            f"{record['nDCG@10']:.4f}; the first 100 agree by Kendall's tau {record['kendall_tau']:.3f}"
        )


def _upload(study: Study, address: str, parameters: Bm25Parameters, as_json: bool) -> None:
    """Write the study into an engine."""
    from workbench.export.engines.serving import upload

    with long_job(f"{study.name} into {address}", {}) as progress:
        record = upload(study, address, parameters, progress)
    if as_json:
        print_json(record.to_dict())
        return
    say(f"{study.name} at {address}: {record.n_points:,} documents as collection {record.collection}")
    say(f"Search there: workbench search {study.path} QUERY --engine {address}")
