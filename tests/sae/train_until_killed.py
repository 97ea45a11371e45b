"""python train_until_killed.py RUN_FOLDER WEIGHTS [KILL_AT]: train a small SAE; at step KILL_AT, SIGKILL oneself.

The kill comes between two steps, or, with a negative KILL_AT, while checkpoint -KILL_AT is half written.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

import sae.run_folder
from sae.in_memory import ArraySource
from sae.optimizer import WEIGHTS
from sae.train import TrainConfig, TrainStep, train

run_folder, weights, kill_at = Path(sys.argv[1]), Path(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def on_step(line: TrainStep) -> None:
    if line.step == kill_at:
        die()


if kill_at < 0:
    write_json = sae.run_folder.write_json

    def write_or_die(path: Path, value: Any) -> None:
        if value["step"] == -kill_at:
            die()
        write_json(path, value)

    sae.run_folder.write_json = write_or_die

states = np.random.default_rng(0).standard_normal((3_000, 16)).astype(np.float16)
config = TrainConfig(
    n_tokens=40 * 700,
    n_latents=600,
    k=4,
    batch_size=700,
    checkpoint_every=6,
    log_every=1,
    peak_learning_rate=1e-2,
)
trained = train(config, ArraySource(states), run_folder, resume=True, on_step=on_step)
save_file({name: getattr(trained, name) for name in WEIGHTS}, weights)
