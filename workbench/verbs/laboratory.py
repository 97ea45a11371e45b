"""Verbs of the SAE laboratory: load others' SAEs, judge them, compare them, and make their controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
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
    from analyses.sae_comparison import SaeComparison

SAE_HELP = (
    "A folder or file of SAELens, EleutherAI's sparsify or dictionary_learning, a .safetensors file with named "
    "tensors, `hf:OWNER/NAME[/FOLDER]`, or SAELens's `RELEASE/SAE_ID`."
)


def import_sae(
    source: Annotated[str, typer.Argument(help=SAE_HELP, metavar="PATH-OR-ID")],
    out: Annotated[Path, typer.Option(help="Folder for the SAE, in SAELens's layout.")],
    encoder: Annotated[
        str | None, typer.Option(help="The encoder that it was trained on, where it does not say.")
    ] = None,
    layer: Layer = "final",
    k: Annotated[int | None, typer.Option(help="Latents a token, where the file does not say.")] = None,
    max_length: MaxLength = 256,
    query_prefix: QueryPrefix = "",
    document_prefix: DocumentPrefix = "",
    special_tokens: SpecialTokens = True,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Bring in an SAE that was made elsewhere, exactly or not at all.

    It is written in SAELens's layout, which every other verb reads. Few files say which encoder's states they were
    trained on: name it here, or later at `index`. Example:

    `workbench import-sae their-sae/ --encoder minilm --layer blocks.4.hook_out --out saes/theirs`
    """
    from data.encoders import EncoderConfig
    from sae.checkpoint import save_autoencoder
    from sae.importers import import_autoencoder
    from workbench.stages import read_autoencoder
    from workbench.verbs.making import described

    if out.exists():
        raise UserError(f"{out} exists: choose another folder, or remove it first")
    if encoder:
        given = EncoderConfig(
            encoder,
            parse_layer(layer),
            max_length,
            query_prefix,
            document_prefix,
            special_tokens,
            device=device,
        )
        sae, _ = read_autoencoder(source, given, device, k)
    else:
        sae = import_autoencoder(source, k)
    save_autoencoder(sae, out)
    if as_json:
        print_json(described(sae, out))
        return
    print(f"SAE in {out}: {sae.architecture}, {sae.n_latents:,} latents of width {sae.d_model}")
    if "encoder" not in sae.trained_on:
        print(
            "It does not say which encoder it was trained on: name it with --encoder when you index with it."
        )


def sae_card(
    sae: Annotated[
        str, typer.Argument(help=f"{SAE_HELP} A family's folder gives a card each.", metavar="SAE")
    ],
    study: Annotated[Path, typer.Option(help="The study whose texts, queries and qrels it is judged by.")],
    held_out: Annotated[
        str | None,
        typer.Option(
            help="Text that the SAE has not read. Default: the study's documents where it was trained on "
            "another text, else the study's queries.",
            metavar="PATH-OR-ID",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the controls' random directions and weights.")] = 0,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Tell what an SAE is worth before anything is read into its latents: its quality card.

    Reconstruction, sparsity, dead and dense latents, how much of the cosine ranking its reconstructions keep, and
    how well its latents retrieve; each beside two controls, an SAE of untrained random directions and the same SAE
    on an encoder with random weights. The card is kept in the study, and shown by the app.

    `workbench sae-card saes/mine --study studies/scifact`
    """
    from retrieval.study import Study
    from workbench.laboratory import card_of
    from workbench.training import members

    opened = Study.open(study)
    texts = load_documents(held_out, "test").corpus.texts if held_out else None
    with long_job(f"Quality card of {sae} on {opened.name}", {}, queue) as progress:
        cards = []
        for member in members(sae):
            progress.part = f"{Path(member).name}: "
            cards.append(card_of(member, opened, texts, held_out or "", seed, device, progress))
    if as_json:
        print_json([card.to_dict() for card in cards] if len(cards) > 1 else cards[0].to_dict())
        return
    from workbench.laboratory import card_rows, spread_of_cards

    print_table(card_rows(cards[0]) if len(cards) == 1 else spread_of_cards(cards))
    for note in dict.fromkeys(note for card in cards for note in card.notes):
        print(note)


def compare_saes(
    saes: Annotated[
        list[str],
        typer.Argument(help="Two or more SAEs, families, or studies of one collection.", metavar="SAE..."),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare SAEs: which latents recur, by decoder direction and by activation, and do the rankings agree?

    SAEs alone are matched by their decoder directions. Studies of one collection are matched by activation over
    its documents too, split by document frequency and type, and their rankings are compared. Each share stands
    beside what chance gives. Example:

    `workbench compare-saes studies/a studies/b`
    """
    from workbench.laboratory import compare_paths
    from workbench.progress import StageProgress

    with StageProgress() as progress:
        comparison = compare_paths(saes, progress)
    if as_json:
        print_json(comparison.to_dict())
    else:
        print_comparison(comparison)


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
    from workbench.sweep import sweep_layers, training_logs

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
    table = layer_table(studies, training_logs(studies, out))
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        return
    print_table(table[table["measure"] == "nDCG@10"].drop(columns=["position", "study"]))
    print(
        f"figure: {out / 'layers.html'}, table: {out / 'layers.csv'}; `workbench app {out}` opens the studies"
    )


def jobs_verb(as_json: AsJson = False) -> None:
    """List the jobs, the newest first: what runs, waits, and has ended; the app's Train page shows the same."""
    import pandas as pd

    from workbench.jobs import jobs

    rows: list[dict[str, Any]] = []
    for job in jobs():
        status = job.status
        stage = f"{status.stage} {status.done / max(1, status.total):.0%}" if status else ""
        rows.append(
            {"job": job.id, "state": job.state, "title": job.request.title, "stage": stage,
             "error": job.end.error if job.end else ""}
        )  # fmt: skip
    if as_json:
        print_json(rows)
    elif rows:
        print_table(pd.DataFrame(rows))
    else:
        print("No job yet: `workbench train`, `index` and the other long verbs make one.")


def print_comparison(comparison: SaeComparison) -> None:
    """Recurrence and agreement of each pair, then what varies over all."""
    recurrence, means = comparison.recurrence, comparison.ranking_means
    for (a, b), of_pair in recurrence.groupby(["a", "b"], sort=False):
        for by, table in of_pair.groupby("by", sort=False):
            print(f"{a} and {b}: latents that recur by {by}, beside the share that chance gives")
            print_table(table[["group", "value", "n_latents", "share", "low", "high", "chance", "mutual"]])
        if len(means):
            print(f"{a} and {b}: agreement of their rankings")
            print_table(means[(means["a"] == a) & (means["b"] == b)].drop(columns=["a", "b"]))
    if len(comparison.spread):
        print(f"mean and spread over {len(comparison.names)} SAEs")
        print_table(comparison.spread)
