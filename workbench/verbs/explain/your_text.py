"""The verb your-text."""

from __future__ import annotations

from typing import Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import records


def run(
    study: StudyFolder,
    text: Annotated[str, typer.Argument(help="Any text.")],
    kind: Annotated[str, typer.Option(help="Encoded as a `document` or as a `query`.")] = "document",
    limit: Annotated[int, typer.Option(help="How many latents to print.", min=1)] = 20,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Encode one text: encoder -> SAE -> pooling, and show its latents by term frequency x idf.

    `--json` has the latents of each token too.

    `workbench your-text studies/scifact "Aspirin thins the blood."`
    """
    from analyses.dictionary.your_text import read_text
    from retrieval.study import Study

    if not text.strip():
        raise UserError("the text is empty: expected some text to encode")
    if kind not in ("document", "query"):
        raise UserError(f"--kind {kind} is unknown: expected document or query")
    read = read_text(Study.open(study), text, kind, bm25(idf))  # type: ignore[arg-type]  # just looked at
    if as_json:
        print_json({"text": text, "latents": records(read.pooled), "tokens": records(read.tokens)})
        return
    say(f"{len(read.encoded.token_ids):,} tokens, {len(read.pooled):,} latents")
    print_table(read.pooled.head(limit))
