"""Verbs about the encoder beneath the SAE: a control that never saw a query, and a sweep over its layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import (
    SOURCE_HELP,
    AsJson,
    Device,
    EncoderName,
    MaxLength,
    Queue,
    Split,
    load_documents,
    long_job,
    parse_count,
    parse_layer,
)


def pretrain_verb(
    text: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[Path, typer.Option(help="Folder for the encoder, which --encoder then takes.")],
    architecture: Annotated[
        str, typer.Option(help="The encoder whose architecture and tokenizer it has; not its weights.")
    ] = "minilm",
    tokens: Annotated[str, typer.Option(help="Token views to train on, such as 2M.")] = "2M",
    batch: Annotated[int, typer.Option(help="Windows in a batch.")] = 32,
    max_length: Annotated[int, typer.Option(help="Tokens in a window.")] = 128,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 5e-4,
    seed: Annotated[int, typer.Option(help="Seed of weights, masks and order.")] = 0,
    device: Device = "auto",
    split: Split = "test",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Pre-train a control encoder: the same architecture as a masked language model, never trained for retrieval.

    The paper's control is a BERT that never saw a query. This is a short training from random weights on your
    text, and labelled as such; where a hub is at hand, `--encoder bert-base-uncased` is the real one. Example:

    `workbench pretrain --text my-corpus/ --out encoders/mlm`
    """
    from data.corpus import corpus_fingerprint
    from data.files import read_json
    from data.pretraining import PretrainStep, pretrain

    views = parse_count(tokens)
    collection = load_documents(text, split)
    with long_job(f"Control encoder {out.name} on {collection.name}", {"encoder": out}, queue) as progress:

        def report(step: PretrainStep) -> None:
            note = f"loss {step.loss:.3f}  {step.tokens_per_second:,.0f} tokens/s"
            progress("Masked language model", min(step.tokens, views), views, note)

        pretrain(
            architecture,
            collection.corpus.texts,
            out,
            source={"name": collection.name, "fingerprint": corpus_fingerprint(collection.corpus)},
            tokens=views,
            batch_size=batch,
            max_length=max_length,
            seed=seed,
            learning_rate=learning_rate,
            progress=report,
            resume=resume,
            device=device,
        )
    record = read_json(out / "control.json")
    if as_json:
        print_json({"encoder": str(out), **record})
    else:
        print(f"Encoder in {out}: {record['kind']}")


def sweep_layers_verb(
    collection: Annotated[str, typer.Option(help=f"What is searched, with qrels. {SOURCE_HELP}")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the studies (`workbench app OUT` opens them), layers.csv and .html."),
    ],
    text: Annotated[
        str | None, typer.Option(help="What the SAEs are trained on; default: the collection's documents.")
    ] = None,
    layers: Annotated[
        str,
        typer.Option(help="`all`, or a list such as `0,3,final,blocks.4.hook_out`.", metavar="LAYERS"),
    ] = "all",
    encoder: EncoderName = "minilm",
    latents: Annotated[int, typer.Option(help="How many latents each dictionary has.")] = 8192,
    k: Annotated[int, typer.Option(help="How many latents describe one token.")] = 16,
    tokens: Annotated[str, typer.Option(help="Token views to train each SAE on.")] = "3M",
    epochs: Annotated[int, typer.Option(help="Views of each token.")] = 3,
    batch: Annotated[int, typer.Option(help="Tokens in a batch.")] = 4096,
    seed: Annotated[int, typer.Option(help="Seed of documents, initialisation and order.")] = 0,
    max_length: MaxLength = 256,
    queries: Annotated[
        int | None, typer.Option(help="Evaluate at most so many queries, evenly spaced.")
    ] = None,
    device: Device = "auto",
    split: Split = "test",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Train the same SAE on every layer of an encoder, and evaluate retrieval by each layer's latents.

    The text is read once for all layers. Interrupt it at any time: the same command goes on. Example:

    `workbench sweep-layers --collection scifact/ --out sweeps/scifact`
    """
    from analyses.layers import layer_table
    from data.encoders import EncoderConfig
    from sae.train import TrainConfig
    from workbench.sweep import sweep_layers

    if epochs < 1:
        raise UserError(f"--epochs {epochs} reads no text: expected 1 or more")
    config = TrainConfig(n_tokens=parse_count(tokens), n_latents=latents, k=k, batch_size=batch, seed=seed)
    chosen = [] if layers == "all" else [parse_layer(layer.strip()) for layer in layers.split(",")]
    searched = load_documents(collection, split)
    read = load_documents(text, split) if text else searched
    encoder_config = EncoderConfig(encoder, max_length=max_length, device=device)
    with long_job(f"Layers of {encoder} on {searched.name}", {"sweep": out / "saes"}, queue) as progress:
        studies = sweep_layers(
            read, searched, encoder_config, chosen, config, epochs, out, progress, max_queries=queries
        )
    table = layer_table(studies)
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        return
    print_table(table[table["measure"] == "nDCG@10"].drop(columns=["position", "study"]))
    print(
        f"figure: {out / 'layers.html'}, table: {out / 'layers.csv'}; `workbench app {out}` opens the studies"
    )
