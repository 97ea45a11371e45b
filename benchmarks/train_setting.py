"""The setting and the result of every path of `train_sae.py`; SAELens's path and the machine's own limit."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from sae.in_memory import ArraySource
from sae.metrics import fraction_of_variance_unexplained, l0
from sae.model import SparseAutoencoder
from sae.train import TrainConfig

BATCH_SIZE, K, D_MODEL = 4096, 16, 384
HELD_OUT = 16_384


@dataclass(frozen=True)
class Result:
    """Tokens per second of wall time, and of this process's CPU time, which other processes disturb less.

    fvu, l0: on the held-out tokens.
    """

    tokens_per_second: float
    tokens_per_cpu_second: float | None
    fvu: float | None = None
    l0: float | None = None


@dataclass(frozen=True)
class Setting:
    """The setting of every path. states_file: file of the states, for a second process."""

    source: ArraySource
    held_out: torch.Tensor
    states_file: Path
    n_latents: int
    n_steps: int
    device: str

    def config(self, **settings: Any) -> TrainConfig:
        return TrainConfig(n_tokens=self.n_steps * BATCH_SIZE, n_latents=self.n_latents, k=K, **settings)

    def judged(self, result: Result, sae: SparseAutoencoder) -> Result:
        """The result with FVU and L0 on the held-out tokens."""
        activations, indices = sae.encode(self.held_out)
        fvu = fraction_of_variance_unexplained(self.held_out, sae.decode(activations, indices))
        return replace(result, fvu=fvu, l0=l0(activations))


def timed(n_tokens: int, work: Callable[[], object]) -> Result:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Result(n_tokens / (time.perf_counter() - wall), n_tokens / (time.process_time() - cpu))


def sae_lens_topk(setting: Setting, sparse: bool) -> Result:
    """Time SAELens's own Top-K trainer, by its defaults or with its sparse activations."""
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(0)
    config = TopKTrainingSAEConfig(
        d_in=D_MODEL,
        d_sae=setting.n_latents,
        k=K,
        device=setting.device,
        use_sparse_activations=sparse,
        rescale_acts_by_decoder_norm=not sparse,  # with it, the backward pass fails on sparse activations
    )
    sae = TopKTrainingSAE(config)
    trainer = SAETrainer(
        SAETrainerConfig(
            total_training_samples=setting.n_steps * BATCH_SIZE,
            train_batch_size_samples=BATCH_SIZE,
            device=setting.device,
            lr=1e-3,
            lr_end=1e-6,
            lr_scheduler_name="cosineannealing",
            lr_warm_up_steps=round(0.05 * setting.n_steps),
        ),
        sae,
        (torch.from_numpy(batch).float() for batch in setting.source.batches(BATCH_SIZE, 0, 0)),
    )
    with contextlib.redirect_stderr(io.StringIO()):
        result = timed(setting.n_steps * BATCH_SIZE, trainer.fit)
    with torch.no_grad():
        reconstructed = sae.decode(sae.encode(setting.held_out.to(setting.device))).cpu()
    return replace(result, fvu=fraction_of_variance_unexplained(setting.held_out, reconstructed), l0=K)


def product_limit(setting: Setting, dtype: torch.dtype) -> Result:
    """Speed of a step that is only the product (batch, d_model) x (d_model, n_latents); the best of five."""
    product: Callable[..., Any] = torch._int_mm if dtype == torch.int8 else torch.mm
    states = (100 * torch.randn(BATCH_SIZE, D_MODEL, device=setting.device)).to(dtype)
    weights = (100 * torch.randn(setting.n_latents, D_MODEL, device=setting.device)).to(dtype).T
    out = product(states, weights)
    runs = [timed(BATCH_SIZE, lambda: product(states, weights, out=out)) for _ in range(5)]
    return max(runs, key=lambda run: run.tokens_per_second)
