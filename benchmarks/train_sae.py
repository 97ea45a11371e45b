"""SAE training side by side: this project's loop, SAELens's trainer as it comes, and with its sparse activations.

All three see the same batches, the same peak learning rate, warm-up and cosine; FVU is on the same held-out tokens.
The limit is what the machine's matrix product alone would allow: nothing else in a step, in float32 and in int8.

    python benchmarks/train_sae.py [--quick] [--json] [--latents 8192 32768] [--states FILE.npy]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine, markdown_table
from numpy.typing import NDArray

from sae.in_memory import ArraySource
from sae.metrics import fraction_of_variance_unexplained
from sae.model import SparseAutoencoder
from sae.train import TrainConfig, train

BATCH_SIZE, K, D_MODEL = 4096, 16, 384
HELD_OUT = 16_384


def synthetic_states(n_tokens: int, seed: int) -> NDArray[np.float16]:
    """Sums of 20 of 4,000 random directions, the first more often, with exponential strengths, and noise."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((4_000, D_MODEL), dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    states = 0.05 * rng.standard_normal((n_tokens, D_MODEL), dtype=np.float32)
    for _ in range(20):
        chosen = (len(directions) * rng.random(n_tokens) ** 2).astype(int)
        states += directions[chosen] * rng.exponential(1, (n_tokens, 1)).astype(np.float32)
    return states.astype(np.float16)


@dataclass(frozen=True)
class Result:
    """Tokens a second by the clock, and of processor time, which a busy machine disturbs less."""

    tokens_per_second: float
    tokens_per_cpu_second: float
    fvu: float | None = None


def timed(n_tokens: int, work: Callable[[], object]) -> Result:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Result(n_tokens / (time.perf_counter() - wall), n_tokens / (time.process_time() - cpu))


def ours(source: ArraySource, held_out: torch.Tensor, n_latents: int, n_steps: int) -> Result:
    config = TrainConfig(n_tokens=n_steps * BATCH_SIZE, n_latents=n_latents, k=K)
    trained: list[SparseAutoencoder] = []
    with tempfile.TemporaryDirectory() as folder:
        result = timed(config.n_tokens, lambda: trained.append(train(config, source, Path(folder))))
    reconstructed = trained[0].decode(*trained[0].encode(held_out))
    return replace(result, fvu=fraction_of_variance_unexplained(held_out, reconstructed))


def saelens(
    source: ArraySource, held_out: torch.Tensor, n_latents: int, n_steps: int, sparse: bool
) -> Result:
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(0)
    config = TopKTrainingSAEConfig(
        d_in=D_MODEL,
        d_sae=n_latents,
        k=K,
        use_sparse_activations=sparse,
        rescale_acts_by_decoder_norm=not sparse,  # its backward pass fails on sparse activations otherwise
    )
    sae = TopKTrainingSAE(config)
    trainer = SAETrainer(
        SAETrainerConfig(
            total_training_samples=n_steps * BATCH_SIZE,
            train_batch_size_samples=BATCH_SIZE,
            lr=1e-3,
            lr_end=1e-6,
            lr_scheduler_name="cosineannealing",
            lr_warm_up_steps=round(0.05 * n_steps),
        ),
        sae,
        (torch.from_numpy(batch).float() for batch in source.batches(BATCH_SIZE, 0, 0)),
    )
    with contextlib.redirect_stderr(io.StringIO()):
        result = timed(n_steps * BATCH_SIZE, trainer.fit)
    with torch.no_grad():
        reconstructed = sae.decode(sae.encode(held_out))
    return replace(result, fvu=fraction_of_variance_unexplained(held_out, reconstructed))


def product_limit(n_latents: int, dtype: torch.dtype) -> Result:
    """If a step were nothing but (batch, d_model) times (d_model, n_latents); the best of five."""
    product: Callable[..., Any] = torch.mm if dtype == torch.float32 else torch._int_mm
    states = (100 * torch.randn(BATCH_SIZE, D_MODEL)).to(dtype)
    weights = (100 * torch.randn(n_latents, D_MODEL)).to(dtype).T
    out = product(states, weights)
    runs = [timed(BATCH_SIZE, lambda: product(states, weights, out=out)) for _ in range(5)]
    return max(runs, key=lambda run: run.tokens_per_second)


def compare(states: NDArray[Any], n_latents: int, n_steps: int, n_sparse_steps: int) -> list[dict[str, Any]]:
    held_out = torch.from_numpy(states[-HELD_OUT:]).float()
    source = ArraySource(states[:-HELD_OUT])
    ours(source, held_out, n_latents, 2)  # compiles
    results = {
        "latent terms workbench": ours(source, held_out, n_latents, n_steps),
        "SAELens, as it comes": saelens(source, held_out, n_latents, n_steps, sparse=False),
        "SAELens, sparse activations": replace(
            saelens(source, held_out, n_latents, n_sparse_steps, sparse=True), fvu=None
        ),
        "limit: float32 product alone": product_limit(n_latents, torch.float32),
        "limit: int8 product alone": product_limit(n_latents, torch.int8),
    }
    reference = results["SAELens, as it comes"]
    return [
        {
            "latents": n_latents,
            "trainer": name,
            "tokens/s": round(result.tokens_per_second),
            "times SAELens": round(result.tokens_per_second / reference.tokens_per_second, 1),
            "tokens a CPU second": round(result.tokens_per_cpu_second),
            "times SAELens, CPU": round(result.tokens_per_cpu_second / reference.tokens_per_cpu_second, 1),
            f"held-out FVU after {n_steps} steps": "" if result.fvu is None else round(result.fvu, 4),
        }
        for name, result in results.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few steps of each: a minute and a half")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--latents", type=int, nargs="+", choices=(8192, 32_768), default=(8192, 32_768))
    parser.add_argument("--states", type=Path, help="token states (n_tokens, 384), float16 or float32, .npy")
    arguments = parser.parse_args()
    states = np.load(arguments.states) if arguments.states else synthetic_states(400_000, seed=0)
    steps = {8192: (8, 3), 32_768: (3, 2)} if arguments.quick else {8192: (200, 10), 32_768: (25, 5)}
    tables = [compare(states, n_latents, *steps[n_latents]) for n_latents in arguments.latents]
    about = {
        **machine(["torch", "numba", "sae-lens"]),
        "threads": str(torch.get_num_threads()),
        "states": str(arguments.states.name if arguments.states else "synthetic, seed 0"),
        "shape": f"batch {BATCH_SIZE}, d_model {D_MODEL}, k {K}",
    }
    if arguments.json:
        print(json.dumps({"machine": about, "tables": tables}, indent=2))
    else:
        print(
            *map(markdown_table, tables), *(f"{name}: {value}" for name, value in about.items()), sep="\n\n"
        )


if __name__ == "__main__":
    main()
