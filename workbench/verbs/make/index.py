"""The verb index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.making.defaults import DEFAULTS
from workbench.verbs.options import (
    AsJson,
    Device,
    MaxLength,
    MaxQueries,
    Queue,
    Source,
    Split,
    load_documents,
    long_job,
)
from workbench.verbs.printing import print_evaluation, print_json, print_spread
from workbench.verbs.sae_options import (
    DocumentPrefix,
    EncoderOptions,
    Layer,
    QueryPrefix,
    SpecialTokens,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retrieval.study import Study

AnySae = Annotated[
    str,
    typer.Option(
        help="SAE: a folder, a family's folder (`train --seeds`), or whatever `import-sae` reads.",
        metavar="SAE",
    ),
]
StudyOut = Annotated[Path, typer.Option(help="Folder for the study; of a family OUT-seed-0 ...")]
MissingEncoder = Annotated[
    str | None, typer.Option(help="Of an SAE that does not say which encoder it was trained on.")
]
Pooling = Annotated[str, typer.Option(help="How a latent's activations are pooled: `sum` or `max`.")]
Language = Annotated[
    str,
    typer.Option(help="Of the lexical baseline's stemmer: english, german, hindi ... (Snowball's names)."),
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Leave the map of the latents and the controls of their types to `workbench complete`.",
    ),
]


def run(
    sae: AnySae,
    collection: Source,
    out: StudyOut,
    encoder: MissingEncoder = None,
    layer: Layer = DEFAULTS.layer,
    max_length: MaxLength = DEFAULTS.max_length,
    query_prefix: QueryPrefix = None,
    document_prefix: DocumentPrefix = None,
    special_tokens: SpecialTokens = True,
    split: Split = "test",
    language: Language = "english",
    pooling: Pooling = "sum",
    queries: MaxQueries = None,
    quick: Quick = False,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Index a collection by an SAE's latents into a study folder, and evaluate it where there are qrels.

    The SAE says which encoder, layer and prefixes it was trained with; the options are for one that does not.
    Interrupt it at any time: the same command goes on where it stopped. Example:

    `workbench index --sae saes/mine --collection scifact/ --out studies/scifact`
    """
    from workbench.making.stages import index_family
    from workbench.making.training import members

    if pooling not in ("sum", "max"):
        raise UserError(f"--pooling {pooling} is unknown: expected sum or max")
    reading = EncoderOptions(layer, max_length, query_prefix, document_prefix, special_tokens)
    named = reading.of(encoder, device) if encoder else None
    loaded = load_documents(collection, split)
    with long_job(f"Study {out.name} of {loaded.name}", {"study": out}, queue) as progress:
        studies = index_family(
            members(sae),
            loaded,
            out,
            named,
            device,
            progress,
            complete=not quick,
            pooling=pooling,
            language=language,
            max_queries=queries,
        )
    _show(studies, as_json)


def _show(studies: Sequence[Study], as_json: bool) -> None:
    if as_json:
        facts = [
            {"study": str(study.path), "counts": study.manifest["counts"], "evaluation": study.evaluation}
            for study in studies
        ]
        print_json(facts if len(facts) > 1 else facts[0])
        return
    for study in studies:
        print_evaluation(study.path)
    if len(studies) > 1:
        print_spread(studies)
