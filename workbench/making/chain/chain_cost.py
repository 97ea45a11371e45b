"""The cost of a chain before it starts, and as many training tokens as a given time allows.

    seconds of training = tokens to encode / encoder's tokens/s + training tokens / trainer's tokens/s
    tokens to encode = min(training tokens / epochs, tokens of the text)

Speeds are measured here and now (workbench/making/cost.py); what indexing and completing take follows from the size
of the study by the table of its parts (workbench/making/parts.py). All of it is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.corpus import Collection
from data.encoders import Encoder
from sae.model import SparseAutoencoder
from sae.train_config import TrainConfig
from workbench.jobs.plan import Step
from workbench.making.chain.chain import Training
from workbench.making.cost import (
    Cost,
    Reading,
    Speeds,
    cost_of,
    free_bytes,
    measure_encoding,
    measure_reading,
    measure_speeds,
)
from workbench.making.defaults import PAPER, TrainingDefaults
from workbench.making.part import READING, Size
from workbench.making.parts import parts_of

TRAIN, INDEX, COMPLETE = "Train", "Index", "Complete"
PHASES = (TRAIN, INDEX, COMPLETE)
ENCODING, TRAINING, INDEXING = "Encode the text", "Train the SAE", "Latents of the documents"
STUDY_BYTES = 330  # per token, as measured on a study with all its parts
SETTING_UP = 5.0  # seconds, to load the encoder and to read the text
WHOLE = TrainConfig(10**15, n_latents=1, k=1)  # reads all of a text
JUDGED = ("evaluation", "why_scoring", "why_match", "pruning_clipped")  # parts that judgements are needed for
MOST_PASSES = 20  # over a short text: more teach an SAE nothing new


@dataclass(frozen=True)
class ChainCost:
    """training: None where the SAE is there already. steps: of all phases, with their seconds."""

    training: Cost | None
    steps: tuple[Step, ...]
    size: Size
    free_bytes: int

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)

    def of_phase(self, phase: str) -> float:
        """Seconds of one phase."""
        return sum(step.seconds for step in self.steps if step.phase == phase)

    @property
    def disk_bytes(self) -> int:
        """At the most, beyond what is there already."""
        return STUDY_BYTES * self.size.n_tokens + (self.training.disk_bytes if self.training else 0)

    @property
    def fits(self) -> bool:
        return self.disk_bytes <= self.free_bytes


def estimate(collection: Collection, encoder: Encoder, source: Training | SparseAutoencoder) -> ChainCost:
    """The cost of `chain.make`, by a second or two of the real work."""
    whole = measure_reading(collection, encoder, WHOLE, 1)
    if not isinstance(source, Training):
        _, encode = measure_encoding(collection, encoder)
        return chain_cost(size_of(collection, whole, source.n_latents, encode), None)
    config = source.config
    reading = measure_reading(collection, encoder, config, source.epochs)
    speeds = measure_speeds(collection, encoder, config)
    size = size_of(collection, whole, config.n_latents, speeds.encode)
    return chain_cost(size, cost_of(collection, encoder, config, reading, speeds))


def size_of(collection: Collection, whole: Reading, n_latents: int, encode: float) -> Size:
    """The size of a collection's study. whole: what is read of all its text, or of a part that stands for it."""
    n_docs = len(collection.corpus)
    n_tokens = round(whole.tokens * n_docs / max(whole.documents, 1))
    n_queries = len(collection.queries) if collection.qrels else 0
    return Size(n_docs, n_tokens, n_latents, n_queries, encode)


def chain_cost(size: Size, training: Cost | None) -> ChainCost:
    """The cost of training as `training` says, then of indexing and completing a study of this size."""
    steps: list[Step] = []
    if training is not None:
        encoding = 0.0 if training.stored else training.seconds_encode or 0.0
        steps += [
            Step(TRAIN, ENCODING, SETTING_UP + encoding),
            Step(TRAIN, TRAINING, training.seconds_train or 0.0),
        ]
    kept = training is not None and not training.streams and training.reading.documents == size.n_docs
    reading = size.reading(size.n_docs)
    described = sum(part.seconds(size) for part in parts_of(["index"]))
    first = 0.0 if training else SETTING_UP
    steps.append(
        Step(INDEX, INDEXING, first + described + reading * ((READING - 1) / READING if kept else 1))
    )
    for part in parts_of(["complete"]):
        if size.n_queries or part.name not in JUDGED:
            steps.append(Step(COMPLETE, part.title, part.seconds(size), False))
    return ChainCost(training, tuple(steps), size, free_bytes())


def tokens_within(seconds: float, table: TrainingDefaults, size: Size, speeds: Speeds) -> int:
    """The training tokens that fit into a chain of these seconds, to two digits; training gets at least a quarter.

    At most the paper's, at most MOST_PASSES times the text, and at least ten batches.
    """
    rest = chain_cost(size, None).seconds
    left = max(seconds - rest, seconds / 4)
    tokens = left / (1 / speeds.train + 1 / (table.epochs * speeds.encode))
    if tokens / table.epochs > size.n_tokens:
        tokens = max(left - size.n_tokens / speeds.encode, 0.0) * speeds.train
    tokens = min(tokens, PAPER.n_tokens, MOST_PASSES * size.n_tokens)
    return max(two_digits(tokens), 10 * table.batch_size)


def two_digits(number: float) -> int:
    """A number of at least 10 rounded down to two digits, so that it reads at a glance: 1,734,211 is 1,700,000."""
    whole = int(number)
    unit = int(10 ** max(len(str(whole)) - 2, 0))
    return whole // unit * unit
