"""The verb make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.making.defaults import DEFAULTS
from workbench.making.parsing import parse_count
from workbench.verbs.options import (
    SOURCE_HELP,
    AsJson,
    Device,
    IdColumn,
    MaxLength,
    MaxQueries,
    Queue,
    Split,
    TextColumn,
    TitleColumn,
    load_documents,
    long_job,
)
from workbench.verbs.printing import print_evaluation, print_json
from workbench.verbs.sae_options import (
    SAE_HELP,
    Batch,
    EncoderName,
    EncoderOptions,
    Epochs,
    K,
    Latents,
    Layer,
    Tokens,
    TrainingSeed,
    checked_epochs,
)

if TYPE_CHECKING:
    from data.encoder_config import EncoderConfig
    from data.encoders import Encoder
    from sae.model import SparseAutoencoder
    from workbench.making.chain.chain import Training
    from workbench.making.chain.chain_cost import ChainCost

StudyOut = Annotated[
    Path | None, typer.Option(help="Folder for the study; studies/NAME of the collection without it.")
]
GivenSae = Annotated[
    str | None, typer.Option(help=f"An SAE that is there, so that none is trained: {SAE_HELP}", metavar="SAE")
]
SaeOut = Annotated[Path | None, typer.Option(help="Folder for the SAE; saes/NAME of the study without it.")]
CostOnly = Annotated[
    bool, typer.Option("--cost", help="Print the estimated cost of all of it, and make nothing.")
]


def run(
    collection: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    out: StudyOut = None,
    sae: GivenSae = None,
    sae_out: SaeOut = None,
    id_column: IdColumn = None,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    split: Split = "test",
    encoder: EncoderName = DEFAULTS.encoder,
    layer: Layer = DEFAULTS.layer,
    max_length: MaxLength = DEFAULTS.max_length,
    latents: Latents = DEFAULTS.n_latents,
    k: K = DEFAULTS.k,
    tokens: Tokens = DEFAULTS.tokens,
    epochs: Epochs = DEFAULTS.epochs,
    batch: Batch = DEFAULTS.batch_size,
    seed: TrainingSeed = DEFAULTS.seed,
    queries: MaxQueries = None,
    device: Device = "auto",
    cost: CostOnly = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Make a study of a collection in one go: train an SAE on its text, index it, and keep all that the pages show.

    It is `train`, `index` and `complete`, with one progress. Interrupt it at any time: the same command goes on
    where it stopped. Example:

    `workbench make my-documents.csv --text-column body --tokens 1M`
    """
    from data.readers.tabular import Columns
    from sae.train_config import TrainConfig
    from workbench.jobs.artifacts import artifacts
    from workbench.jobs.plan import Plan
    from workbench.making.chain.chain import Training, make
    from workbench.making.chain.chain_cost import estimate

    config = TrainConfig(parse_count(tokens), latents, k, batch, seed=seed)
    reading = EncoderOptions(layer, max_length, None, None, True).of(encoder, _place(device))
    loaded = load_documents(collection, split, Columns(id_column, text_column, title_column))
    out = out or artifacts() / "studies" / Path(loaded.name).name
    training = Training(config, checked_epochs(epochs), sae_out or artifacts() / "saes" / out.name)
    if cost:
        _print_cost(estimate(loaded, *_source(sae, training, reading, device)), as_json)
        return
    files = {"study": out} if sae else {"sae": training.out, "study": out}
    with long_job(f"Make {out.name}", files, queue) as progress:
        read_by, source = _source(sae, training, reading, device)
        progress.plan = Plan(estimate(loaded, read_by, source).steps)
        study = make(loaded, read_by, source, out, progress, max_queries=queries)
    if as_json:
        facts = {"counts": study.manifest["counts"], "evaluation": study.evaluation}
        print_json({"study": str(study.path), **facts})
        return
    print_evaluation(study.path)


def _source(
    sae: str | None, training: Training, reading: EncoderConfig, device: str
) -> tuple[Encoder, Training | SparseAutoencoder]:
    """The encoder, and the SAE that is there or the training of one."""
    from data.encoders import Encoder
    from workbench.making.stages import read_autoencoder
    from workbench.making.training import members

    if sae is None:
        return Encoder.load(reading), training
    found = members(sae)
    if len(found) > 1:
        raise UserError(f"{sae} holds {len(found)} SAEs: name one of them, such as {found[0]}")
    read, encoder = read_autoencoder(found[0], None, device)
    return encoder, read


def _place(device: str) -> str:
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def _print_cost(cost: ChainCost, as_json: bool) -> None:
    from workbench.making.chain.chain_cost import PHASES
    from workbench.markup.formats import duration, size

    phases = {phase: cost.of_phase(phase) for phase in PHASES}
    if as_json:
        facts = {"documents": cost.size.n_docs, "tokens": cost.size.n_tokens, "disk_bytes": cost.disk_bytes}
        print_json({**facts, "seconds": cost.seconds, "phases": phases})
        return
    say(f"reads    {cost.size.n_docs:,} documents, about {cost.size.n_tokens:,} tokens")
    for phase, seconds in phases.items():
        say(f"{phase.lower():<8} about {duration(seconds)}")
    say(f"in all   about {duration(cost.seconds)}, at the speeds measured just now")
    say(f"disk     at most {size(cost.disk_bytes)}; {size(cost.free_bytes)} are free")
