"""SAELens's SAEs: an untrained one from a `TrainConfig`, a trained one as a `SparseAutoencoder`, up to rounding.

Settings that differ from SAELens's defaults:

- BatchTopK's running threshold averages over at most a fifth of the run (default: 100 steps).
- Matryoshka's nested widths are 1/16, 1/8, 1/4, 1/2 and all of the latents.
- Without a `sparsity_coefficient`, a penalty's weight starts low: 0.1 / k for JumpReLU's count, 0.1 for standard's
  sum (default: 1).
- JumpReLU's and standard's decoder rows start with norm 1: from the default of 0.1 they grow faster than a
  threshold adapts. The other architectures multiply activations by decoder norms, so no threshold has to adapt.
"""

from __future__ import annotations

from typing import Any

import torch
from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.saes.jumprelu_sae import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig
from sae_lens.saes.matryoshka_batchtopk_sae import (
    MatryoshkaBatchTopKTrainingSAE,
    MatryoshkaBatchTopKTrainingSAEConfig,
)
from sae_lens.saes.standard_sae import StandardTrainingSAE, StandardTrainingSAEConfig

from sae.model import SparseAutoencoder
from sae.train_config import TrainConfig


def untrained_sae(config: TrainConfig, d_model: int) -> Any:
    """SAELens's training SAE of an architecture: decoder Kaiming-initialised, encoder = its transpose, biases 0."""
    shared: dict[str, Any] = {"d_in": d_model, "d_sae": config.n_latents}
    batch_top_k = {
        "k": config.k,
        "topk_threshold_lr": min(1.0, max(0.01, 5 / config.n_steps)),
        "aux_loss_coefficient": config.auxiliary_weight,
    }
    weight = config.sparsity_coefficient
    match config.architecture:
        case "batchtopk":
            return BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**shared, **batch_top_k))
        case "matryoshka":
            widths = sorted({config.n_latents >> halvings for halvings in range(5)} - {0})
            return MatryoshkaBatchTopKTrainingSAE(
                MatryoshkaBatchTopKTrainingSAEConfig(**shared, **batch_top_k, matryoshka_widths=widths)
            )
        case "jumprelu":
            weight = 0.1 / config.k if weight is None else weight
            return JumpReLUTrainingSAE(
                JumpReLUTrainingSAEConfig(**shared, decoder_init_norm=1.0, l0_coefficient=weight)
            )
        case "standard":
            weight = 0.1 if weight is None else weight
            return StandardTrainingSAE(
                StandardTrainingSAEConfig(**shared, decoder_init_norm=1.0, l1_coefficient=weight)
            )
    raise ValueError(f"SAELens's trainer is not used for {config.architecture}")


def autoencoder_of(sae: Any, scale: float = 1.0) -> SparseAutoencoder:
    """A SAELens training SAE at inference, with its scale and decoder norms folded into the weights; a copy on CPU.

        z_j <- |W_dec_j| / scale z_j        W_dec_j <- W_dec_j / |W_dec_j|        b_dec <- b_dec / scale

    W_enc_j, b_enc_j and theta_j are changed to match. scale: the factor of the states in training. BatchTopK's
    running threshold becomes the threshold of all latents.
    """
    with torch.no_grad():
        weights = {name: tensor.detach().clone() for name, tensor in sae.state_dict().items()}
        sae.process_state_dict_for_saving_inference(weights)
        weights = {name: tensor.cpu().double() for name, tensor in weights.items()}
        norms = weights["W_dec"].norm(dim=1).clamp(min=1e-8)
        threshold = weights.get("threshold", torch.zeros_like(norms)).clamp(min=0)
        return SparseAutoencoder(
            W_enc=(weights["W_enc"].T * norms[:, None]).float().contiguous(),
            b_enc=(weights["b_enc"] * norms / scale).float(),
            W_dec=(weights["W_dec"] / norms[:, None]).float(),
            b_dec=(weights["b_dec"] / scale).float(),
            k=len(norms),
            threshold=(threshold * norms / scale).float(),
        )
