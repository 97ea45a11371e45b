"""The verb train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.terminal import say
from workbench.making.defaults import DEFAULTS
from workbench.making.parsing import parse_count
from workbench.verbs.options import (
    AsJson,
    Device,
    MaxLength,
    Queue,
    Resume,
    Source,
    Split,
    load_documents,
    long_job,
)
from workbench.verbs.printing import print_cost, print_json
from workbench.verbs.sae_options import (
    Batch,
    DocumentPrefix,
    EncoderName,
    EncoderOptions,
    Epochs,
    K,
    Latents,
    Layer,
    QueryPrefix,
    SpecialTokens,
    Tokens,
    TrainingSeed,
    checked_epochs,
    described,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.corpus import Collection
    from data.encoder_config import EncoderConfig
    from sae.model import SparseAutoencoder
    from sae.train_config import TrainConfig
    from sae.workers import Workers
    from workbench.jobs.progress import StageProgress
    from workbench.making.cost import Cost

SaeOut = Annotated[Path, typer.Option(help="Folder for the SAE (SAELens's layout, with its training log).")]
ArchitectureName = Annotated[
    str,
    typer.Option(
        help="`topk` as in the paper, by our trainer; `batchtopk`, `jumprelu`, `matryoshka` or `standard` "
        "by SAELens's.",
        metavar="ARCHITECTURE",
    ),
]
LearningRate = Annotated[float, typer.Option(help="Peak learning rate.")]
AuxiliaryWeight = Annotated[
    float,
    typer.Option(help="Weight of the loss that revives dead latents (Gao et al. 2024: 0.03125); 0 is off."),
]
Sparsity = Annotated[
    float | None, typer.Option(help="Weight of the sparsity penalty (jumprelu and standard).")
]
Seeds = Annotated[
    int, typer.Option(help="Train this many SAEs on the same documents, from SEED on: OUT/seed-0 ...", min=1)
]
Precision = Annotated[str, typer.Option(help="`float32`, or `bfloat16` where the hardware has it.")]
Disk = Annotated[
    str | None,
    typer.Option(
        help="Bytes that token states may take, such as 20G; beyond it training streams from the encoder. "
        "Default: half of what is free.",
    ),
]
CostOnly = Annotated[bool, typer.Option("--cost", help="Print the estimated cost, and train nothing.")]


@dataclass(frozen=True)
class _Training:
    """What is trained, on what, by whom."""

    collection: Collection
    encoder: EncoderConfig
    config: TrainConfig
    epochs: int
    n_seeds: int
    disk_budget: int | None
    workers: Workers

    def cost(self) -> Cost:
        from data.encoders import Encoder
        from workbench.making.cost import estimate

        encoder, budget = Encoder.load(self.encoder), self.disk_budget
        return estimate(
            self.collection, encoder, self.config, self.epochs, n_seeds=self.n_seeds, disk_budget=budget
        )

    def train(self, out: Path, resume: bool, progress: StageProgress) -> Sequence[SparseAutoencoder]:
        from data.encoders import Encoder
        from workbench.making.training import train_autoencoder, train_family

        common = (self.collection, Encoder.load(self.encoder), self.config, self.epochs, out, progress)
        budget, workers = self.disk_budget, self.workers
        if self.n_seeds > 1:
            return train_family(
                *common, n_seeds=self.n_seeds, resume=resume, disk_budget=budget, workers=workers
            )
        return [train_autoencoder(*common, resume=resume, disk_budget=budget, workers=workers)]


def run(
    text: Source,
    out: SaeOut,
    encoder: EncoderName = DEFAULTS.encoder,
    layer: Layer = DEFAULTS.layer,
    architecture: ArchitectureName = DEFAULTS.architecture,
    latents: Latents = DEFAULTS.n_latents,
    k: K = DEFAULTS.k,
    tokens: Tokens = DEFAULTS.tokens,
    epochs: Epochs = DEFAULTS.epochs,
    batch: Batch = DEFAULTS.batch_size,
    learning_rate: LearningRate = DEFAULTS.peak_learning_rate,
    auxiliary_weight: AuxiliaryWeight = DEFAULTS.auxiliary_weight,
    sparsity: Sparsity = None,
    seed: TrainingSeed = DEFAULTS.seed,
    seeds: Seeds = 1,
    max_length: MaxLength = DEFAULTS.max_length,
    query_prefix: QueryPrefix = None,
    document_prefix: DocumentPrefix = None,
    special_tokens: SpecialTokens = True,
    precision: Precision = "float32",
    device: Device = "auto",
    split: Split = "test",
    disk: Disk = None,
    resume: Resume = False,
    cost: CostOnly = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Train an SAE on the token states of a text.

    The recipe is the paper's (arXiv 2605.29384): Top-K, AdamW, 5% warm-up then cosine to 0, batches of 4,096
    tokens, three epochs. Examples:

    `workbench train --text my-corpus/ --tokens 6M --out saes/mine`

    `torchrun --nproc-per-node 2 --no-python workbench train --text my-corpus/ --out saes/mine`
    """
    reading = EncoderOptions(layer, max_length, query_prefix, document_prefix, special_tokens)
    epochs, n_tokens = checked_epochs(epochs), parse_count(tokens)
    config = _train_config(
        n_tokens, latents, k, batch, learning_rate, architecture, auxiliary_weight, sparsity, seed
    )
    budget = parse_count(disk, "--disk") if disk else None
    workers, place = _workers(device)
    encoder_config = reading.of(encoder, place, precision)
    training = _Training(load_documents(text, split), encoder_config, config, epochs, seeds, budget, workers)
    if cost:
        print_cost(training.cost(), as_json)
        return
    title = f"SAE {out.name} on {training.collection.name}"
    with long_job(title, {"sae": out}, queue, resumes=True) as progress:
        saes = training.train(out, resume, progress)
    if workers.is_first:
        _show(saes, out, config, as_json)


def _train_config(
    n_tokens: int,
    n_latents: int,
    k: int,
    batch_size: int,
    learning_rate: float,
    architecture: str,
    auxiliary_weight: float,
    sparsity: float | None,
    seed: int,
) -> TrainConfig:
    from sae.train_config import TrainConfig

    return TrainConfig(
        n_tokens,
        n_latents,
        k,
        batch_size,
        learning_rate,
        seed=seed,
        architecture=architecture,  # type: ignore[arg-type]  # TrainConfig refuses any other
        auxiliary_weight=auxiliary_weight,
        sparsity_coefficient=sparsity,
    )


def _workers(device: str) -> tuple[Workers, str]:
    """The processes that torchrun started, and the device of this one."""
    import torch

    from sae.workers import Workers

    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    workers = Workers.from_environment(place)
    return workers, workers.device(place)


def _show(saes: Sequence[SparseAutoencoder], out: Path, config: TrainConfig, as_json: bool) -> None:
    from workbench.making.training import members

    if as_json:
        facts = [described(sae, folder) for sae, folder in zip(saes, members(out), strict=True)]
        print_json(facts if len(facts) > 1 else facts[0])
        return
    what, chosen = f"{len(saes)} SAEs" if len(saes) > 1 else "SAE", config.architecture
    saved = saes[0].architecture
    made = chosen if saved == chosen else f"{chosen}, saved as {saved} as SAELens does"
    say(f"{what} in {out}: {made}, {config.n_latents:,} latents, k {config.k}")
