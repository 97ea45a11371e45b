"""Verbs that make things: an SAE, a study, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_evaluation, print_json
from workbench.verbs.options import SOURCE_HELP, AsJson, Split, load_documents, parse_count


def demo(
    port: Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")] = 8501,
    serve: Annotated[bool, typer.Option(help="Open the app at the end.")] = True,
) -> None:
    """Run the whole road on the embedded collection, then open the app on it.

    Docstrings of the installed Python packages are encoded with all-MiniLM-L6-v2, an SAE is trained on their
    token states, and they are indexed by its latents: a few minutes the first time, seconds from then on.
    """
    from workbench.demo import build_demo

    study = build_demo()
    print_evaluation(study)
    if serve:
        from workbench.serve import serve_app

        serve_app([study], port)


def train_verb(
    text: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[
        Path, typer.Option(help="Folder for the SAE (SAELens's layout, with a log a plot can read).")
    ],
    encoder: Annotated[
        str, typer.Option(help="`minilm` (embedded), a Hugging Face id, or a folder.")
    ] = "minilm",
    latents: Annotated[int, typer.Option(help="How many latents the dictionary has.")] = 8192,
    k: Annotated[int, typer.Option(help="How many latents describe one token.")] = 16,
    tokens: Annotated[str, typer.Option(help="Token views to train on, such as 6M.")] = "6M",
    epochs: Annotated[
        int, typer.Option(help="Views of each token: at most tokens / epochs distinct tokens are encoded.")
    ] = 3,
    batch: Annotated[int, typer.Option(help="Tokens in a batch.")] = 4096,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Seed of documents, initialisation and order.")] = 0,
    layer: Annotated[
        int | None, typer.Option(help="Hidden layer (0 is the embeddings); default: final.")
    ] = None,
    max_length: Annotated[int, typer.Option(help="Tokens of a text that are read.")] = 256,
    query_prefix: Annotated[str, typer.Option(help="Put before every query, as some encoders ask.")] = "",
    document_prefix: Annotated[str, typer.Option(help="Put before every document.")] = "",
    special_tokens: Annotated[
        bool, typer.Option(help="Keep the states of [CLS], [SEP] and their like.")
    ] = True,
    precision: Annotated[
        str, typer.Option(help="`float32`, or `bfloat16` where the hardware has it.")
    ] = "float32",
    device: Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")] = "auto",
    split: Split = "test",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train an SAE on the token states of a text.

    The recipe is the paper's (arXiv 2605.29384): Top-K, AdamW, 5% warm-up then cosine to 0, batches of 4,096
    tokens, three views of each token. Example:

    `workbench train --text my-corpus/ --tokens 6M --out saes/mine`
    """
    from data.encoders import Encoder, EncoderConfig
    from sae.train import TrainConfig
    from workbench.progress import StageProgress
    from workbench.training import train_autoencoder

    if epochs < 1:
        raise UserError(f"--epochs {epochs} reads no text: expected 1 or more")
    config = TrainConfig(
        n_latents=latents,
        k=k,
        n_tokens=parse_count(tokens),
        batch_size=batch,
        peak_learning_rate=learning_rate,
        seed=seed,
    )
    encoder_config = EncoderConfig(
        encoder,
        layer,
        max_length,
        query_prefix,
        document_prefix,
        special_tokens,
        precision,  # type: ignore[arg-type]  # Encoder.load refuses any other
        device,
    )
    collection = load_documents(text, split)
    with StageProgress() as progress:
        loaded = Encoder.load(encoder_config)
        sae = train_autoencoder(collection, loaded, config, epochs, out, progress, resume)
    facts = {"sae": str(out), "n_latents": sae.n_latents, "k": sae.k, "trained_on": dict(sae.trained_on)}
    if as_json:
        print_json(facts)
    else:
        print(f"SAE in {out}: {sae.n_latents:,} latents, k {sae.k}")


def index_verb(
    sae: Annotated[Path, typer.Option(help="SAE folder; it knows which encoder it was trained on.")],
    collection: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[Path, typer.Option(help="Folder for the study.")],
    split: Split = "test",
    pooling: Annotated[
        str, typer.Option(help="How a latent's activations are pooled: `sum` or `max`.")
    ] = "sum",
    queries: Annotated[
        int | None, typer.Option(help="Evaluate at most so many queries, evenly spaced.")
    ] = None,
    device: Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Index a collection by an SAE's latents into a study folder, and evaluate it where there are qrels.

    Interrupt it at any time: the same command goes on where it stopped. Example:

    `workbench index --sae saes/mine --collection scifact/ --out studies/scifact`
    """
    from data.encoders import Encoder, EncoderConfig
    from sae.checkpoint import load_autoencoder
    from workbench.progress import StageProgress
    from workbench.stages import make_study

    if pooling not in ("sum", "max"):
        raise UserError(f"--pooling {pooling} is unknown: expected sum or max")
    loaded_sae = load_autoencoder(sae)
    config = _encoder_config(loaded_sae.trained_on, sae) | {"device": device}
    loaded = load_documents(collection, split)
    with StageProgress() as progress:
        encoder = Encoder.load(EncoderConfig(**config))
        study = make_study(
            loaded,
            encoder,
            loaded_sae,
            out,
            progress,
            pooling="max" if pooling == "max" else "sum",
            max_queries=queries,
        )
    if as_json:
        print_json({"study": str(out), "counts": study.manifest["counts"], "evaluation": study.evaluation})
    else:
        print_evaluation(out)


def _encoder_config(trained_on: Any, sae: Path) -> dict[str, Any]:
    encoder = trained_on.get("encoder")
    if not encoder:
        raise UserError(
            f"SAE {sae} does not say which encoder it was trained on: train one with `workbench train`"
        )
    return dict(encoder["config"])
