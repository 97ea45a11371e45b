"""The auxiliary loss, which revives dead latents: they learn to reconstruct the residual of the active ones.

    loss = L + alpha' mean_t |e_t - e^_t|^2        e_t = h_t - h^_t        e^_t = sum_j z_tj W_dec_j
    alpha' = alpha V(h) / V(e),    V(x) = sum_t |x_t - mean x|^2 over the batch

z_t: the k_aux largest ReLU(pre_tj) of the dead latents j. e is a constant to the gradient, and e^ has no b_dec. As
L is mean |h - h^|^2, alpha' weights e - e^ relative to e as alpha would if L were the FVU. If V(e) is 0, nothing is
left to reconstruct, and alpha' is 0. Gao et al. 2024 (arXiv 2406.04093), appendix A.2, with the normalisation and
the k_aux of their published code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sae.optimizer import TrainState


@dataclass(frozen=True)
class Auxiliary:
    """Settings of the auxiliary loss. weight: alpha (Gao et al.: 1/32).

    dead_after: a latent is dead if it has not fired for more than this number of steps.
    """

    weight: float
    dead_after: int

    def dead_latents(self, state: TrainState) -> torch.Tensor:
        """The latents that are dead before the next step, int64 (n_dead,), ascending."""
        return dead_latents(state, self.dead_after)

    def weight_now(
        self,
        centred: torch.Tensor,
        errors: torch.Tensor,
        n_tokens: int,
        sum_over_workers: Callable[[list[torch.Tensor]], None] = lambda _: None,
    ) -> torch.Tensor:
        """alpha' = alpha V(h) / V(e), a scalar tensor; 0 if V(e) is 0.

        centred: states less any constant; errors: e or -e; both (n_rows, d_model), one worker's share of a batch of
        n_tokens. sum_over_workers: sums the shares' moments in place.
        """
        moments = torch.stack([torch.cat((x.sum(0), x.square().sum()[None])) for x in (centred, errors)])
        sum_over_workers([moments])
        variances = moments[:, -1] - moments[:, :-1].square().sum(1) / n_tokens
        return torch.nan_to_num(self.weight * variances[0] / variances[1], nan=0, posinf=0, neginf=0)


def dead_latents(state: TrainState, dead_after: int) -> torch.Tensor:
    """Latents that have not fired for more than dead_after steps, int64 (n_dead,), ascending."""
    return (state.step - state.last_fired > dead_after).nonzero().squeeze(1)


def k_auxiliary(d_model: int, n_dead: int) -> int:
    """k_aux: the largest power of two up to d_model / 2, but at most n_dead."""
    return min(1 << max(0, (d_model // 2).bit_length() - 1), n_dead)
