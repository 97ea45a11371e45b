"""The auxiliary loss, which revives dead latents by what the living ones leave over.

    loss = L + alpha' mean_t |e_t - e^_t|^2        e_t = h_t - h^_t        e^_t = sum_j z_tj W_dec_j
    alpha' = alpha V(h) / V(e),    V(x) = sum_t |x_t - mean x|^2 over the batch

z_t: the k_aux largest ReLU(pre_tj) of the dead latents j. e is a constant to the gradient, and e^ has no b_dec. As
L is mean |h - h^|^2, alpha' weighs e - e^ relative to e as alpha would if L were the FVU; where V(e) is 0 there is
nothing to revive for, and alpha' is 0. Gao et al. 2024 (arXiv 2406.04093), appendix A.2, with the normalisation and
the k_aux of their published code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sae.optimizer import TrainState


@dataclass(frozen=True)
class Auxiliary:
    """weight: alpha, theirs is 1/32. A latent is dead that has not fired in more than dead_after steps."""

    weight: float
    dead_after: int

    def dead_latents(self, state: TrainState) -> torch.Tensor:
        """int64 (n_dead,), rising, as the steps before this one left them."""
        return dead_latents(state, self.dead_after)

    def weight_now(
        self,
        centred: torch.Tensor,
        errors: torch.Tensor,
        n_tokens: int,
        sum_over_workers: Callable[[list[torch.Tensor]], None] = lambda _: None,
    ) -> torch.Tensor:
        """alpha', a scalar, of states less any constant and errors e of either sign, both (n_tokens, d_model).

        Of a worker's share of the batch, with n_tokens in all: the shares' moments are then summed in place.
        """
        moments = torch.stack([torch.cat((x.sum(0), x.square().sum()[None])) for x in (centred, errors)])
        sum_over_workers([moments])
        variances = moments[:, -1] - moments[:, :-1].square().sum(1) / n_tokens
        return torch.nan_to_num(self.weight * variances[0] / variances[1], nan=0, posinf=0, neginf=0)


def dead_latents(state: TrainState, dead_after: int) -> torch.Tensor:
    """Latents that have not fired in more than dead_after steps, int64 (n_dead,), rising."""
    return (state.step - state.last_fired > dead_after).nonzero().squeeze(1)


def k_auxiliary(d_model: int, n_dead: int) -> int:
    """The largest power of two up to d_model / 2, and never more latents than are dead."""
    return min(1 << max(0, (d_model // 2).bit_length() - 1), n_dead)
