"""Verbs that make things: an SAE, a study, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_cost, print_evaluation, print_json, print_spread
from workbench.verbs.options import (
    SOURCE_HELP,
    AsJson,
    Device,
    DocumentPrefix,
    EncoderName,
    Layer,
    MaxLength,
    QueryPrefix,
    Queue,
    SpecialTokens,
    Split,
    load_documents,
    long_job,
    parse_count,
    parse_layer,
)

if TYPE_CHECKING:
    from sae.model import SparseAutoencoder


def demo(
    port: Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")] = 8501,
    serve: Annotated[bool, typer.Option(help="Open the app at the end.")] = True,
) -> None:
    """Run the whole road on the embedded collection, then open the app on it.

    Docstrings of the installed Python packages are encoded with all-MiniLM-L6-v2, an SAE is trained on their
    token states, and they are indexed by its latents: a few minutes the first time, seconds from then on.
    """
    from workbench.demo import build_demo, complete_later

    study = build_demo()
    print_evaluation(study)
    if serve:
        from workbench.serve import serve_app

        complete_later(study)
        serve_app([study], port)


def train_verb(
    text: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[
        Path, typer.Option(help="Folder for the SAE (SAELens's layout, with a log a plot can read).")
    ],
    encoder: EncoderName = "minilm",
    layer: Layer = "final",
    architecture: Annotated[
        str,
        typer.Option(
            help="`topk` as in the paper, by our trainer; `batchtopk`, `jumprelu`, `matryoshka` or `standard` "
            "by SAELens's.",
            metavar="ARCHITECTURE",
        ),
    ] = "topk",
    latents: Annotated[int, typer.Option(help="How many latents the dictionary has.")] = 8192,
    k: Annotated[
        int, typer.Option(help="How many latents describe one token (on average, but for Top-K).")
    ] = 16,
    tokens: Annotated[str, typer.Option(help="Token views to train on, such as 6M.")] = "6M",
    epochs: Annotated[
        int, typer.Option(help="Views of each token: at most tokens / epochs distinct tokens are encoded.")
    ] = 3,
    batch: Annotated[int, typer.Option(help="Tokens in a batch.")] = 4096,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    auxiliary_weight: Annotated[
        float,
        typer.Option(
            help="Weight of the loss that revives dead latents (Gao et al. 2024: 0.03125); 0 is off."
        ),
    ] = 0.0,
    sparsity: Annotated[
        float | None, typer.Option(help="Weight of the sparsity penalty (jumprelu and standard).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of documents, initialisation and order.")] = 0,
    seeds: Annotated[
        int,
        typer.Option(help="Train so many SAEs on the same documents, from SEED on: OUT/seed-0 ...", min=1),
    ] = 1,
    max_length: MaxLength = 256,
    query_prefix: QueryPrefix = "",
    document_prefix: DocumentPrefix = "",
    special_tokens: SpecialTokens = True,
    precision: Annotated[
        str, typer.Option(help="`float32`, or `bfloat16` where the hardware has it.")
    ] = "float32",
    device: Device = "auto",
    split: Split = "test",
    disk: Annotated[
        str | None,
        typer.Option(
            help="Bytes that token states may take, such as 20G; beyond it training streams from the encoder. "
            "Default: half of what is free.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
    cost: Annotated[bool, typer.Option("--cost", help="Say what it would cost, and do nothing.")] = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Train an SAE on the token states of a text.

    The recipe is the paper's (arXiv 2605.29384): Top-K, AdamW, 5% warm-up then cosine to 0, batches of 4,096
    tokens, three views of each token. Examples:

    `workbench train --text my-corpus/ --tokens 6M --out saes/mine`

    `torchrun --nproc-per-node 2 --no-python workbench train --text my-corpus/ --out saes/mine`
    """
    import torch

    from data.encoders import Encoder, EncoderConfig
    from sae.train import TrainConfig
    from sae.workers import Workers
    from workbench import training
    from workbench.cost import estimate

    if epochs < 1:
        raise UserError(f"--epochs {epochs} reads no text: expected 1 or more")
    config = TrainConfig(
        n_latents=latents,
        k=k,
        n_tokens=parse_count(tokens),
        batch_size=batch,
        peak_learning_rate=learning_rate,
        architecture=architecture,  # type: ignore[arg-type]  # TrainConfig refuses any other
        auxiliary_weight=auxiliary_weight,
        sparsity_coefficient=sparsity,
        seed=seed,
    )
    disk_budget = parse_count(disk, "--disk") if disk else None
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    workers = Workers.from_environment(place)
    encoder_config = EncoderConfig(
        encoder,
        parse_layer(layer),
        max_length,
        query_prefix,
        document_prefix,
        special_tokens,
        precision,  # type: ignore[arg-type]  # Encoder.load refuses any other
        workers.device(place),
    )
    collection = load_documents(text, split)
    if cost:
        print_cost(
            estimate(
                collection,
                Encoder.load(encoder_config),
                config,
                epochs,
                n_seeds=seeds,
                disk_budget=disk_budget,
            ),
            as_json,
        )
        return
    with long_job(f"SAE {out.name} on {collection.name}", {"sae": out}, queue) as progress:
        loaded = Encoder.load(encoder_config)
        common = (collection, loaded, config, epochs, out, progress)
        options: dict[str, Any] = {"resume": resume, "disk_budget": disk_budget, "workers": workers}
        if seeds > 1:
            saes = training.train_family(*common, n_seeds=seeds, **options)
        else:
            saes = [training.train_autoencoder(*common, **options)]
    if as_json and workers.is_first:
        facts = [described(sae, folder) for sae, folder in zip(saes, training.members(out), strict=True)]
        print_json(facts if seeds > 1 else facts[0])
    elif workers.is_first:
        what = f"{seeds} SAEs" if seeds > 1 else "SAE"
        saved = saes[0].architecture
        told = architecture if saved == architecture else f"{architecture}, saved as {saved} as SAELens does"
        print(f"{what} in {out}: {told}, {latents:,} latents, k {k}")


def index_verb(
    sae: Annotated[
        str,
        typer.Option(
            help="SAE: a folder, a family's folder (`train --seeds`), or whatever `import-sae` reads.",
            metavar="SAE",
        ),
    ],
    collection: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[Path, typer.Option(help="Folder for the study; of a family OUT-seed-0 ...")],
    encoder: Annotated[
        str | None, typer.Option(help="Of an SAE that does not say which encoder it was trained on.")
    ] = None,
    layer: Layer = "final",
    max_length: MaxLength = 256,
    query_prefix: QueryPrefix = "",
    document_prefix: DocumentPrefix = "",
    special_tokens: SpecialTokens = True,
    split: Split = "test",
    pooling: Annotated[
        str, typer.Option(help="How a latent's activations are pooled: `sum` or `max`.")
    ] = "sum",
    queries: Annotated[
        int | None, typer.Option(help="Evaluate at most so many queries, evenly spaced.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Leave the map of the latents and the controls of their types to `workbench complete`.",
        ),
    ] = False,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Index a collection by an SAE's latents into a study folder, and evaluate it where there are qrels.

    The SAE says which encoder, layer and prefixes it was trained with; the options are for one that does not.
    Interrupt it at any time: the same command goes on where it stopped. Example:

    `workbench index --sae saes/mine --collection scifact/ --out studies/scifact`
    """
    from data.encoders import EncoderConfig
    from workbench.stages import index_family
    from workbench.training import members

    if pooling not in ("sum", "max"):
        raise UserError(f"--pooling {pooling} is unknown: expected sum or max")
    given = encoder and EncoderConfig(
        encoder,
        parse_layer(layer),
        max_length,
        query_prefix,
        document_prefix,
        special_tokens,
        device=device,
    )
    loaded = load_documents(collection, split)
    with long_job(f"Study {out.name} of {loaded.name}", {"study": out}, queue) as progress:
        studies = index_family(
            members(sae),
            loaded,
            out,
            given or None,
            device,
            progress,
            complete=not quick,
            pooling="max" if pooling == "max" else "sum",
            max_queries=queries,
        )
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


def described(sae: SparseAutoencoder, folder: str | Path) -> dict[str, Any]:
    """What a script wants to know of an SAE."""
    return {
        "sae": str(folder),
        "architecture": sae.architecture,
        "n_latents": sae.n_latents,
        "k": sae.k,
        "d_model": sae.d_model,
        "trained_on": dict(sae.trained_on),
    }
