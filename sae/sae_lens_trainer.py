"""SAELens's trainer with a `TrainConfig`'s settings; its state is a `TrainState`, its SAE a `SparseAutoencoder`.

SAELens 6.54 provides the architectures, their losses and the step: Adam, gradients clipped to norm 1. This project
adds:

- b_dec starts at the mean state, and states are scaled to a mean squared norm of 1, as in the JumpReLU paper
  (Rajamanoharan et al. 2024, arXiv 2407.14435). A threshold moves by one learning rate per step, so on a larger
  scale it does not converge within a thousand steps. The factor is folded into the weights at the end.
- JumpReLU and standard have a penalty in place of k: its weight is controlled so that L0 becomes k, see
  `controlled`. JumpReLU's thresholds start where L0 is k, BatchTopK's choice for the untrained weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sae_lens.config import SAETrainerConfig
from sae_lens.training.sae_trainer import SAETrainer
from torch.optim.lr_scheduler import LambdaLR

from sae.model import SparseAutoencoder
from sae.optimizer import Step, TrainState
from sae.sae_lens_model import autoencoder_of, untrained_sae
from sae.train_config import TrainConfig

PENALTIES = {"jumprelu": "l0", "standard": "l1"}
SAMPLE_FOR_THRESHOLD = 1024  # tokens
CONTROL_GAIN = 0.02


def controlled(coefficient: float, l0: float, k: int) -> float:
    """c <- c (L0 / k)^0.02, one step of the penalty's weight c towards the value at which L0 is k.

    This project's own rule: under a fixed c, L0 is unknown until the run is over, and SAEs are comparable only at
    equal L0. Convergence takes some 300 steps; a higher gain oscillates, as encoder and thresholds need about a
    hundred steps to respond.
    """
    return float(coefficient * (max(l0, 1e-3) / k) ** CONTROL_GAIN)


class SaeLensTrainer:
    """A `SAETrainer` and its state; call `start` or `resume` first, then `step`.

    state.weights: SAELens's parameters and buffers, with W_enc as (d_model, n_latents); "scale", the factor of the
    states; and, for an architecture with a penalty, "sparsity_coefficient", the penalty's weight in the next step.
    """

    def __init__(self, config: TrainConfig, d_model: int, dead_after: int, device: str = "cpu") -> None:
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.sae = untrained_sae(config, d_model).to(device)
        self.trainer = SAETrainer(
            SAETrainerConfig(
                total_training_samples=config.n_steps * config.batch_size,
                train_batch_size_samples=config.batch_size,
                lr=1.0,  # multiplied by the schedule
                lr_end=0.0,
                adam_beta1=config.betas[0],
                adam_beta2=config.betas[1],
                device=device,
                dead_feature_window=dead_after,
            ),
            self.sae,
            iter(()),  # `step` gets the batches
        )
        last_fired = torch.zeros(config.n_latents, dtype=torch.int64, device=device)
        self.state = TrainState({}, {}, {}, last_fired, config.k)
        for name, weights in self.sae.named_parameters():
            first, second = torch.zeros_like(weights), torch.zeros_like(weights)
            self.state.first[name], self.state.second[name] = first, second
            self.trainer.optimizer.state[weights] = {
                "step": torch.tensor(0.0),
                "exp_avg": first,
                "exp_avg_sq": second,
            }

    @property
    def sparsity_coefficient(self) -> float | None:
        """The penalty's weight in the next step; None for an architecture without a penalty."""
        return next(iter(self.trainer.get_coefficients().values()), None)

    def start(self, sample: NDArray[Any]) -> None:
        """Initialise b_dec, the scale and JumpReLU's thresholds from a sample of states (n, d_model)."""
        scale = float(np.square(sample, dtype=np.float64).sum(axis=1).mean() ** -0.5)
        with torch.no_grad():
            self.sae.b_dec.copy_(torch.from_numpy(scale * sample.mean(axis=0, dtype=np.float32)))
            if self.config.architecture == "jumprelu":
                subset = sample[:: -(-len(sample) // SAMPLE_FOR_THRESHOLD)].astype(np.float32)
                pre = (scale * torch.from_numpy(subset).to(self.sae.device) - self.sae.b_dec) @ self.sae.W_enc
                self.sae.threshold.fill_(pre.flatten().topk(self.config.k * len(subset)).values[-1].relu())
        self._begin(scale)

    def resume(self, kept: TrainState) -> None:
        """Continue from the state of a checkpoint."""
        weights = dict(kept.weights)
        scale, coefficient = float(weights.pop("scale")), weights.pop("sparsity_coefficient", None)
        if coefficient is not None:
            self._penalise(float(coefficient))
        self.sae.load_state_dict(weights)
        for moments, kept_moments in ((self.state.first, kept.first), (self.state.second, kept.second)):
            for name, moment in kept_moments.items():
                moments[name].copy_(moment)
        for adam in self.trainer.optimizer.state.values():
            adam["step"].fill_(kept.step)
        self.state.last_fired.copy_(kept.last_fired)
        self.trainer.n_forward_passes_since_fired.copy_(kept.step - self.state.last_fired)
        self.state.step = self.trainer.n_training_steps = kept.step
        self._begin(scale)

    def step(self, batch: NDArray[Any]) -> Step:
        """One step of SAELens's trainer on states (batch_size, d_model)."""
        output = self.trainer.step(torch.from_numpy(batch).float())
        self.state.step = self.trainer.n_training_steps = self.state.step + 1
        self.state.last_fired[self.trainer.n_forward_passes_since_fired == 0] = self.state.step
        l0 = (output.feature_acts > 0).sum().item() / len(batch)
        if self.sparsity_coefficient is not None and self.config.sparsity_coefficient is None:
            self._penalise(controlled(self.sparsity_coefficient, l0, self.config.k))
        self._share_weights()
        return Step(output.losses["mse_loss"].item() / self.scale**2, l0)

    def autoencoder(self) -> SparseAutoencoder:
        """The current SAE, for unscaled states."""
        return autoencoder_of(self.sae, self.scale)

    def _begin(self, scale: float) -> None:
        self.scale = self.trainer.activation_scaler.scaling_factor = scale
        first_step = self.state.step
        self.trainer.lr_scheduler = LambdaLR(
            self.trainer.optimizer, lambda step: self.config.adamw(first_step + step).learning_rate
        )
        self._share_weights()

    def _penalise(self, coefficient: float) -> None:
        for scheduler in self.trainer.coefficient_schedulers.values():
            scheduler.final_value = scheduler.current_value = coefficient

    def _share_weights(self) -> None:
        """Update state.weights: SAELens changes its parameters in place but replaces its buffers at every step."""
        self.state.weights.update(self.sae.state_dict(), scale=torch.tensor(self.scale, dtype=torch.float64))
        if self.sparsity_coefficient is not None:
            coefficient = torch.tensor(self.sparsity_coefficient, dtype=torch.float64)
            self.state.weights["sparsity_coefficient"] = coefficient
