"""Tokens/s of every way to train an SAE: this project's paths, SAELens's trainer, and streaming from the encoder.

All read the same states with the same batches, peak learning rate, warm-up and cosine. FVU is on the same held-out
tokens, and is comparable only at equal L0: JumpReLU and standard need thousands of steps to reach k latents per
token. The limit is the speed of a step that is one matrix product and nothing else, in float32 and in int8.

    python benchmarks/train_sae.py [--quick] [--json] [--latents 8192 32768] [--paths topk,gloo] [--states FILE.npy]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine, markdown_table
from numpy.typing import NDArray
from train_setting import (
    BATCH_SIZE,
    D_MODEL,
    HELD_OUT,
    K,
    Result,
    Setting,
    product_limit,
    sae_lens_topk,
    timed,
)

from data.encoders import bfloat16_is_native
from sae.auxiliary import Auxiliary
from sae.in_memory import ArraySource
from sae.model import SparseAutoencoder, initial_autoencoder
from sae.optimizer import TrainState
from sae.step_cpu import CpuStepper
from sae.step_torch import TorchStepper
from sae.train import TokenSource, TrainStep, train
from sae.workers import Workers


def by_loop(
    train_sae: Callable[..., SparseAutoencoder], setting: Setting, source: TokenSource, **settings: Any
) -> Result:
    """Time a whole training loop, with its log and its last checkpoint."""
    config, trained = setting.config(**settings), []
    with tempfile.TemporaryDirectory() as folder:

        def work() -> None:
            trained.append(train_sae(config, source, Path(folder), device=setting.device))

        result = timed(config.n_tokens, work)
    return setting.judged(result, trained[0])


def by_step(setting: Setting, make: Callable[[TrainState], CpuStepper | TorchStepper]) -> Result:
    """Time the steps alone, without log and checkpoints."""
    config = setting.config()
    mean_state = setting.source.states[:65_536].mean(axis=0, dtype=np.float32)
    state = TrainState.of(initial_autoencoder(D_MODEL, setting.n_latents, K, mean_state, seed=0)).to(
        setting.device
    )
    stepper, batches = make(state), setting.source.batches(BATCH_SIZE, 0, 0)

    def steps() -> None:
        while state.step < config.n_steps:
            stepper.step(next(batches), config.adamw(state.step))

    result = timed(config.n_tokens, steps)
    return setting.judged(result, state.autoencoder())


class TenthDead(Auxiliary):
    """Counts every tenth latent as dead: their number sets the cost of the loss, and in few steps none dies."""

    def dead_latents(self, state: TrainState) -> torch.Tensor:
        return torch.arange(0, len(state.last_fired), 10, device=state.last_fired.device)


def topk(setting: Setting) -> Result:
    return by_loop(train, setting, setting.source)


def auxiliary(setting: Setting) -> Result:
    loss = TenthDead(weight=1 / 32, dead_after=0)
    if setting.device == "cpu":
        return by_step(setting, lambda state: CpuStepper(state, BATCH_SIZE, loss))
    return by_step(setting, lambda state: TorchStepper(state, BATCH_SIZE, loss))


def torch_step(setting: Setting, nominate_in: torch.dtype) -> Result | None:
    """Time torch's step; None if the device would only emulate bfloat16."""
    if nominate_in == torch.bfloat16 and not bfloat16_is_native(torch.device(setting.device)):
        return None
    return by_step(setting, lambda state: TorchStepper(state, BATCH_SIZE, nominate_in=nominate_in))


def two_processes(setting: Setting) -> Result:
    """Time two processes that torchrun starts on the CPU's cores, by the clock of the first."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    numbers = [str(setting.n_latents), str(setting.n_steps)]
    command = [*torchrun, __file__, "--worker", str(setting.states_file), *numbers]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def worker(states_file: Path, n_latents: int, n_steps: int) -> None:
    """The work of each process of `two_processes`."""
    workers = Workers.from_environment()
    states = np.load(states_file, mmap_mode="r")
    held_out = torch.from_numpy(np.array(states[-HELD_OUT:])).float()
    source = ArraySource(states[:-HELD_OUT])
    setting = Setting(source, held_out, states_file, n_latents, 1, "cpu")
    together = partial(train, workers=workers)
    by_loop(together, setting, source)  # warm-up
    result = by_loop(together, replace(setting, n_steps=n_steps), source)
    if workers.is_first:
        print(json.dumps(asdict(replace(result, tokens_per_cpu_second=None))))


def sae_lens_architecture(setting: Setting, architecture: str) -> Result:
    from sae.train_sae_lens import train_sae_lens

    return by_loop(train_sae_lens, setting, setting.source, architecture=architecture)


def streamed(setting: Setting) -> Result:
    """Speed of training from the encoder, without a store, after b_dec is initialised; most of it is encoding."""
    from data.docstrings import docstring_collection
    from data.encoders import Encoder, EncoderConfig
    from data.streaming import StreamedStates

    encoder = Encoder.load(EncoderConfig(device=setting.device))
    # With this small buffer, the encoder is at most 4 batches ahead of the training.
    buffer_bytes = 4 * BATCH_SIZE * D_MODEL * 2
    source = StreamedStates(encoder, docstring_collection().corpus.texts, buffer_bytes=buffer_bytes)
    lines: list[TrainStep] = []
    by_loop(partial(train, on_step=lines.append), setting, source)
    return Result(lines[-1].tokens_per_second, tokens_per_cpu_second=None)


PATHS: dict[str, tuple[str, Callable[[Setting], Result | None]]] = {
    "topk": ("workbench, Top-K", topk),
    "auxiliary": ("workbench, Top-K with the auxiliary loss, a tenth of the latents dead", auxiliary),
    "torch": ("workbench, torch step, float32", partial(torch_step, nominate_in=torch.float32)),
    "bfloat16": (
        "workbench, torch step, bfloat16 nominates",
        partial(torch_step, nominate_in=torch.bfloat16),
    ),
    "gloo": ("workbench, 2 processes by gloo", two_processes),
    "stream": ("workbench, Top-K, streamed from the encoder", streamed),
    "sae-lens-topk": ("SAELens, Top-K as it comes", partial(sae_lens_topk, sparse=False)),
    "sae-lens-sparse": ("SAELens, Top-K, sparse activations", partial(sae_lens_topk, sparse=True)),
    **{
        name: (f"SAELens's trainer, {name}", partial(sae_lens_architecture, architecture=name))
        for name in ("batchtopk", "jumprelu", "matryoshka", "standard")
    },
    "limit-float32": ("limit: float32 product alone", partial(product_limit, dtype=torch.float32)),
    "limit-int8": ("limit: int8 product alone", partial(product_limit, dtype=torch.int8)),
}
# The slowest paths run a share of the steps only, so their FVU is not comparable and is not shown.
FEWER_STEPS = {"sae-lens-sparse": 0.05}


def compare(setting: Setting, paths: list[str]) -> Iterator[dict[str, Any]]:
    """A row per path, with its speed relative to SAELens's default Top-K if that is among the paths."""
    topk(replace(setting, n_steps=2))  # compiles
    results = {}
    for path in paths:
        n_steps = max(2, round(setting.n_steps * FEWER_STEPS.get(path, 1)))
        results[path] = PATHS[path][1](replace(setting, n_steps=n_steps))
        print(path, results[path], file=sys.stderr, flush=True)
    reference = results.get("sae-lens-topk")
    for path, result in results.items():
        if result is None:
            continue
        row: dict[str, Any] = {
            "latents": setting.n_latents,
            "path": PATHS[path][0],
            "tokens/s": round(result.tokens_per_second),
        }
        cpu = result.tokens_per_cpu_second
        row["tokens a CPU second"] = "" if cpu is None else round(cpu)
        if reference is not None:
            row["times SAELens"] = round(result.tokens_per_second / reference.tokens_per_second, 1)
        shown = path not in FEWER_STEPS
        row["L0"] = "" if result.l0 is None or not shown else round(result.l0, 1)
        fvu = "" if result.fvu is None or not shown else round(result.fvu, 4)
        row[f"held-out FVU after {setting.n_steps} steps"] = fvu
        yield row


def synthetic_states(n_tokens: int, seed: int) -> NDArray[np.float16]:
    """Sums of 20 of 4,000 random directions, the first more frequent, with exponential weights, plus noise."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((4_000, D_MODEL), dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    states = 0.05 * rng.standard_normal((n_tokens, D_MODEL), dtype=np.float32)
    for _ in range(20):
        chosen = (len(directions) * rng.random(n_tokens) ** 2).astype(int)
        states += directions[chosen] * rng.exponential(1, (n_tokens, 1)).astype(np.float32)
    return states.astype(np.float16)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few steps of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--latents", type=int, nargs="+", default=(8192, 32_768))
    parser.add_argument("--paths", default=",".join(PATHS), help=f"some of {','.join(PATHS)}")
    parser.add_argument(
        "--steps", type=int, help="steps of each path, in place of 200 (25 beyond 8,192 latents)"
    )
    parser.add_argument("--states", type=Path, help="token states (n_tokens, 384), float16 or float32, .npy")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        states_file, n_latents, n_steps = arguments.worker
        return worker(Path(states_file), int(n_latents), int(n_steps))
    paths = arguments.paths.split(",")
    if unknown := set(paths) - PATHS.keys():
        parser.error(f"unknown paths {', '.join(sorted(unknown))}: choose from {', '.join(PATHS)}")

    with tempfile.TemporaryDirectory() as folder:
        states_file = arguments.states or Path(folder) / "states.npy"
        if arguments.states is None:
            np.save(states_file, synthetic_states(400_000, seed=0))
        states = np.load(states_file)
        held_out = torch.from_numpy(states[-HELD_OUT:]).float()
        tables = []
        for n_latents in arguments.latents:
            usual = (8 if arguments.quick else 200) if n_latents <= 8192 else (3 if arguments.quick else 25)
            setting = Setting(
                ArraySource(states[:-HELD_OUT]),
                held_out,
                states_file,
                n_latents,
                arguments.steps or usual,
                arguments.device,
            )
            tables.append(list(compare(setting, paths)))
    about = {
        **machine(["torch", "numba", "sae-lens"]),
        "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "CPU",
        "threads": str(torch.get_num_threads()),
        "states": str(arguments.states.name if arguments.states else "synthetic, seed 0"),
        "shape": f"batch {BATCH_SIZE}, d_model {D_MODEL}, k {K}",
    }
    if arguments.json:
        print(json.dumps({"machine": about, "tables": tables}, indent=2))
    else:
        lines = (f"{name}: {value}" for name, value in about.items())
        print(*map(markdown_table, tables), *lines, sep="\n\n")


if __name__ == "__main__":
    main()
