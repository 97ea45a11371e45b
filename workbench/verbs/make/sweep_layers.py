"""The verb sweep-layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.terminal import say
from workbench.making.defaults import SWEEP
from workbench.making.parsing import parse_count, parse_layer
from workbench.verbs.options import (
    SOURCE_HELP,
    AsJson,
    Device,
    MaxLength,
    MaxQueries,
    Queue,
    Split,
    load_documents,
    long_job,
)
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.sae_options import (
    Batch,
    EncoderName,
    Epochs,
    K,
    Latents,
    Tokens,
    TrainingSeed,
    checked_epochs,
)

if TYPE_CHECKING:
    import pandas as pd


def run(
    collection: Annotated[str, typer.Option(help=f"What is searched, with qrels. {SOURCE_HELP}")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the studies (`workbench app OUT` opens them), layers.csv and .html."),
    ],
    text: Annotated[
        str | None, typer.Option(help="What the SAEs are trained on; default: the collection's documents.")
    ] = None,
    layers: Annotated[
        str, typer.Option(help="`all`, or a list such as `0,3,final,blocks.4.hook_out`.", metavar="LAYERS")
    ] = "all",
    encoder: EncoderName = SWEEP.encoder,
    latents: Latents = SWEEP.n_latents,
    k: K = SWEEP.k,
    tokens: Tokens = SWEEP.tokens,
    epochs: Epochs = SWEEP.epochs,
    batch: Batch = SWEEP.batch_size,
    seed: TrainingSeed = SWEEP.seed,
    max_length: MaxLength = SWEEP.max_length,
    queries: MaxQueries = None,
    device: Device = "auto",
    split: Split = "test",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Train the same SAE on every layer of an encoder, and evaluate retrieval by each layer's latents.

    The text is read once for all layers. Interrupt it at any time: the same command goes on. Example:

    `workbench sweep-layers --collection scifact/ --out sweeps/scifact`
    """
    from analyses.saes.layers import layer_table
    from data.encoder_config import EncoderConfig
    from sae.train_config import TrainConfig
    from workbench.making.sweep import sweep_layers

    epochs = checked_epochs(epochs)
    config = TrainConfig(parse_count(tokens), latents, k, batch, seed=seed)
    chosen = [] if layers == "all" else [parse_layer(layer.strip()) for layer in layers.split(",")]
    searched = load_documents(collection, split)
    read = load_documents(text, split) if text else searched
    encoder_config = EncoderConfig(encoder, max_length=max_length, device=device)
    with long_job(f"Layers of {encoder} on {searched.name}", {"sweep": out / "saes"}, queue) as progress:
        studies = sweep_layers(
            read, searched, encoder_config, chosen, config, epochs, out, progress, max_queries=queries
        )
    _show(layer_table(studies), out, as_json)


def _show(table: pd.DataFrame, out: Path, as_json: bool) -> None:
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        return
    print_table(table[table["measure"] == "nDCG@10"].drop(columns=["position", "study"]))
    say(
        f"figure: {out / 'layers.html'}, table: {out / 'layers.csv'}; `workbench app {out}` opens the studies"
    )
