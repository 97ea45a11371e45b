"""torchrun --nproc-per-node 2 train_together.py FOLDER: train one small SAE four times.

`alone` by the first worker, `together` by all, `parted` by all from a source that gives each worker its share
alone, and `ended` by all, while the last worker's source fails before batch 10, it is sent SIGINT before batch 20,
and NaN comes in batch 30: each time it is resumed. FOLDER gets the weights as NAME.RANK.safetensors and what ended
the training as ends.RANK.json.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from data.errors import UserError
from sae.in_memory import ArraySource
from sae.model import SparseAutoencoder
from sae.optimizer import WEIGHTS
from sae.train import TrainConfig, train
from sae.workers import Workers

CONFIG = TrainConfig(
    n_tokens=40 * 701,  # an odd batch, so that the shares differ
    n_latents=1_000,
    k=4,
    batch_size=701,
    checkpoint_every=6,
    log_every=1,
    auxiliary_weight=1 / 32,
)


class Eventful(ArraySource):
    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[Any]:
        for number, batch in enumerate(super().batches(batch_size, seed, start), start):
            if workers.rank == workers.size - 1 and number in events:
                events.remove(number)
                if number == 10:
                    raise UserError("shard 3 is damaged")
                if number == 20:
                    signal.raise_signal(signal.SIGINT)
                if number == 30:
                    batch[5, 5] = np.nan
            yield batch


class Parted(ArraySource):
    @property
    def part(self) -> tuple[int, int]:
        return workers.rank, workers.size

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[Any]:
        assert batch_size < CONFIG.batch_size
        return map(workers.share, super().batches(CONFIG.batch_size, seed, start))


def save(sae: SparseAutoencoder, name: str) -> None:
    tensors = {name: getattr(sae, name) for name in WEIGHTS}
    save_file(tensors, folder / f"{name}.{workers.rank}.safetensors")


signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process starts with SIGINT ignored
folder, workers, events, ends = Path(sys.argv[1]), Workers.from_environment(), [10, 20, 30], []
rng = np.random.default_rng(0)
states = (rng.standard_normal((3_000, 60)) ** 3 @ rng.standard_normal((60, 16))).astype(np.float16)
if workers.is_first:
    save(train(CONFIG, ArraySource(states), folder / "alone"), "alone")
save(train(CONFIG, ArraySource(states), folder / "together", workers=workers), "together")
save(train(CONFIG, Parted(states), folder / "parted", workers=workers), "parted")
for _ in range(4):
    try:
        save(train(CONFIG, Eventful(states), folder / "ended", resume=True, workers=workers), "ended")
    except (UserError, KeyboardInterrupt) as end:
        ends.append(f"{type(end).__name__}: {end}")
(folder / f"ends.{workers.rank}.json").write_text(json.dumps(ends), encoding="utf-8")
