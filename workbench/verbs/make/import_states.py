"""The verb import-states."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Source, Split, load_documents, long_job
from workbench.verbs.printing import print_json


def run(
    states: Annotated[
        Path, typer.Argument(help="Token states, (n_tokens, d_model): .npy, .safetensors, or .parquet.")
    ],
    tokens: Annotated[
        Path,
        typer.Option(
            help="A row per state, in the same order: id of its text, token, start and end character; where there "
            "are queries, kind (document or query). Parquet, JSONL, CSV or TSV."
        ),
    ],
    collection: Source,
    out: Annotated[Path, typer.Option(help="Folder for the states, which then stands for an encoder.")],
    name: Annotated[str, typer.Option(help="What the encoder is called.")] = "",
    split: Split = "test",
    as_json: AsJson = False,
) -> None:
    """Bring in token states that were made elsewhere, by an encoder that cannot be loaded here.

    The folder stands wherever an encoder does, for the texts that it holds: train on it, and index the collection.
    What needs the encoder itself (a new query, steering) is refused. Example:

    `workbench import-states states.npy --tokens tokens.parquet --collection scifact/ --out encoders/theirs`
    """
    from data.import_states import import_states

    loaded = load_documents(collection, split)
    with long_job(f"Import states into {out.name}", {"encoder": out}) as progress:
        record = import_states(
            states, tokens, loaded, out, name, lambda done, total: progress("Write the states", done, total)
        )
    if as_json:
        print_json(record)
        return
    say(f"{record['name']} in {out}: {record['n_tokens']:,} states of {record['n_texts']:,} texts")
    say(f"Train on them: workbench train --text {collection} --encoder {out}")
