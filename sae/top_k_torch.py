"""The top-k latents of many tokens on a GPU: a bfloat16 product nominates, float32 dot products decide.

    estimate_tj = bfloat16(<c_t, W_enc_j> + b_enc_j),    |estimate_tj - pre_tj| <= margin_t
    margin_t = 2^-7 (|c_t| max_j |W_enc_j| + max_j |b_enc_j|)

bfloat16 keeps 8 bits: two rounded factors, a rounded bias and a rounded result are off by at most 2^-9 each,
relative to |c| |w| + |b|. The latents with the 2 k + 8 largest estimates are nominated, and only these get float32
dot products. A token is sure if its k-th exact value exceeds the last nominee's estimate by the margin, for then no
other latent can reach it. `exact_top_k` computes the other tokens again in float32.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

PRODUCTS_AT_ONCE = 1 << 28  # numbers of a product, or of gathered rows, in memory at once


class TopK(NamedTuple):
    """values: float32, descending; indices: int64; both (n_tokens, k). sure: whether exact, bool (n_tokens,)."""

    values: torch.Tensor
    indices: torch.Tensor
    sure: torch.Tensor


def nominated_top_k(
    centred: torch.Tensor, W_enc: torch.Tensor, b_enc: torch.Tensor, k: int, nominate_in: torch.dtype
) -> TopK:
    """The k largest of W_enc c_t + b_enc; a token that is not sure may have swapped nearly equal latents.

    centred: float32 (n_tokens, d_model), as are the weights. nominate_in: torch.bfloat16, or torch.float32, which
    is exact without nominees. Never waits for the device. With bfloat16, equal values are ordered by ascending
    latent.
    """
    if nominate_in == torch.float32:
        values, indices = torch.topk(torch.addmm(b_enc, centred, W_enc.T), k)
        return TopK(values, indices, torch.ones(len(centred), dtype=torch.bool, device=centred.device))
    factors = (tensor.to(nominate_in) for tensor in (b_enc, centred, W_enc.T))
    estimates, nominees = torch.topk(torch.addmm(*factors), min(2 * k + 8, len(W_enc)))
    nominees = nominees.sort(dim=1).values
    values, order = (dots(centred, W_enc, nominees) + b_enc[nominees]).sort(
        stable=True, dim=1, descending=True
    )
    margins = 2.0**-7 * (centred.norm(dim=1) * W_enc.norm(dim=1).max() + b_enc.abs().max())
    sure = values[:, k - 1] > estimates[:, -1].float() + margins
    return TopK(values[:, :k], nominees.gather(1, order[:, :k]), sure | (nominees.shape[1] == len(W_enc)))


def exact_top_k(
    centred: torch.Tensor, W_enc: torch.Tensor, b_enc: torch.Tensor, k: int, nominate_in: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """The float32 values, descending, and indices, (n_tokens, k), of the k largest of W_enc c_t + b_enc.

    The arguments are those of `nominated_top_k`, for any number of tokens.
    """
    parts = []
    for part in torch.split(centred, max(1, PRODUCTS_AT_ONCE // len(W_enc))):
        values, indices, sure = nominated_top_k(part, W_enc, b_enc, k, nominate_in)
        unsure = (~sure).nonzero().squeeze(1)
        if len(unsure):
            again = nominated_top_k(part[unsure], W_enc, b_enc, k, torch.float32)
            values[unsure], indices[unsure] = again.values, again.indices
        parts.append((values, indices))
    return torch.cat([values for values, _ in parts]), torch.cat([indices for _, indices in parts])


def dots(rows: torch.Tensor, table: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """<rows_t, table[indices_ts]>, (n_tokens, k), of rows (n_tokens, d_model) and a table (n, d_model)."""
    step = max(1, PRODUCTS_AT_ONCE // (indices.shape[1] * table.shape[1]))
    return torch.cat(
        [
            torch.einsum("td,tkd->tk", part, table[columns])
            for part, columns in zip(torch.split(rows, step), torch.split(indices, step), strict=True)
        ]
    )
