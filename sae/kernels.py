"""The inner loops of Top-K encoding and of a training step, compiled by numba; all release the interpreter lock.

Shapes: centred states h - b_dec (n_tokens, d_model), W_enc and W_dec (n_latents, d_model), activations and indices
(n_tokens, k); C-contiguous and float32 unless noted. Sums run in a fixed order: equal inputs give equal bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.compiled import compiled

# NaN and infinity are preserved: they must reach the loss, where they are caught.
_kernel: Any = compiled(fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
# Maxima vectorise only under the assumption that nothing is NaN.
_finite_kernel: Any = compiled(fastmath={"reassoc", "contract", "nsz", "nnan"}, error_model="numpy")
GROUP_SIZE, SORTED = 16, 256  # more candidates than SORTED, as where all estimates are equal, are not sorted
LOWEST = np.float32(np.finfo(np.float32).min)


@_kernel
def dot(a, b):  # type: ignore[no-untyped-def]
    """<a, b>"""
    total = np.float32(0)
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@_kernel
def add_scaled(target, scale, source):  # type: ignore[no-untyped-def]
    """target += scale * source"""
    for i in range(target.shape[0]):
        target[i] += scale * source[i]


@_kernel
def quantise_rows(rows, quantised, scales, norms, errors):  # type: ignore[no-untyped-def]
    """rows (n, d) ~ scales (n,) * quantised int8 (n, d); norms (n,) = |row|, errors (n,) = |row - estimate|."""
    # Non-negative floats sort as their bits do, and the maximum of integers vectorises.
    bits = rows.view(np.int32)
    largest_bits = np.empty(1, np.int32)
    largest = largest_bits.view(np.float32)
    for t in range(rows.shape[0]):
        largest_bits[0] = 0
        for i in range(rows.shape[1]):
            magnitude = bits[t, i] & np.int32(0x7FFFFFFF)
            largest_bits[0] = magnitude if magnitude > largest_bits[0] else largest_bits[0]
        scale = largest[0] / np.float32(127)
        inverse = np.float32(127) / largest[0] if largest[0] > 0 else np.float32(0)
        squares, squared_errors = np.float32(0), np.float32(0)
        row, numbers = rows[t], quantised[t]
        for i in range(row.shape[0]):
            number = np.rint(row[i] * inverse)
            numbers[i] = np.int8(np.int32(number))
            error = row[i] - scale * number
            squares += row[i] * row[i]
            squared_errors += error * error
        scales[t] = scale
        norms[t] = math.sqrt(squares)
        errors[t] = math.sqrt(squared_errors)


@_finite_kernel
def _group_maxima(product, token_scale, latent_scales, b_enc, maxima):  # type: ignore[no-untyped-def]
    """maxima_g = max of the estimates of latents j with j % n_groups = g; strided groups let this vectorise."""
    n_latents, n_groups = b_enc.shape[0], maxima.shape[0]
    maxima[:] = LOWEST
    for first in range(0, n_latents, n_groups):
        members = slice(first, min(first + n_groups, n_latents))
        numbers, scales, biases = product[members], latent_scales[members], b_enc[members]
        for g in range(numbers.shape[0]):
            estimate = np.float32(numbers[g]) * (token_scale * scales[g]) + biases[g]
            maxima[g] = estimate if estimate > maxima[g] else maxima[g]


@_kernel
def _insert(values, indices, n_filled, value, index):  # type: ignore[no-untyped-def]
    """Insert into lists sorted by descending value, then ascending index; full lists drop their last entry."""
    place = n_filled
    if n_filled == values.shape[0]:
        place -= 1
        if value < values[place] or (value == values[place] and index > indices[place]):
            return n_filled
    while place > 0 and (
        values[place - 1] < value or (values[place - 1] == value and indices[place - 1] > index)
    ):
        values[place] = values[place - 1]
        indices[place] = indices[place - 1]
        place -= 1
    values[place] = value
    indices[place] = index
    return min(n_filled + 1, values.shape[0])


@_kernel
def select_top_k(  # type: ignore[no-untyped-def]
    product, centred, token_scales, latent_scales, margins, W_enc, b_enc, activations, indices
):
    """activations_t, indices_t = relu of the k largest of W_enc c_t + b_enc, ties by lower latent.

    product (n_tokens, n_latents), any number type, only nominates: it estimates the pre-activation of latent j as
    product[t, j] * token_scales[t] * latent_scales[j] + b_enc[j], within margins[t]. The k-th largest group maximum
    is a lower bound on the k-th largest estimate, so latents with an estimate 2 margins below it are excluded. The
    others get exact float32 dot products, best estimate first, until no estimate can reach the k-th largest of
    these. If an estimate is off by more than its margin, all latents are computed. Returns the number of products.
    """
    n_latents, k = W_enc.shape[0], activations.shape[1]
    n_groups = (n_latents + GROUP_SIZE - 1) // GROUP_SIZE
    maxima, best = np.empty(n_groups, np.float32), np.empty(k, np.float32)
    best_groups = np.empty(k, np.int32)
    estimates, candidates = np.empty(n_latents, np.float32), np.empty(n_latents, np.int32)
    n_products = 0
    for t in range(centred.shape[0]):
        activations[t, :] = LOWEST
        indices[t, :] = 0
        scale, margin = token_scales[t], margins[t]
        _group_maxima(product[t], scale, latent_scales, b_enc, maxima)
        n_best = 0
        for group in range(n_groups):
            if n_best < k or maxima[group] > best[k - 1]:
                n_best = _insert(best, best_groups, n_best, maxima[group], group)
        threshold = best[k - 1] - 2 * margin if n_best == k else LOWEST

        n_candidates = 0
        for group in range(n_groups):
            if maxima[group] >= threshold:
                for j in range(group, n_latents, n_groups):
                    estimate = np.float32(product[t, j]) * (scale * latent_scales[j]) + b_enc[j]
                    if estimate >= threshold and n_candidates < SORTED:
                        n_candidates = _insert(estimates, candidates, n_candidates, estimate, j)
                    elif estimate >= threshold:
                        estimates[n_candidates], candidates[n_candidates] = estimate, j
                        n_candidates += 1
        n_chosen, worst = 0, np.float32(0)
        for c in range(n_candidates):
            if n_chosen == k and n_candidates <= SORTED and estimates[c] + margin < activations[t, k - 1]:
                break
            j = candidates[c]
            value = dot(W_enc[j], centred[t]) + b_enc[j]
            worst = max(worst, abs(value - estimates[c]))
            n_chosen = _insert(activations[t], indices[t], n_chosen, value, j)
            n_products += 1
        if worst > margin:
            n_chosen = 0
            for j in range(n_latents):
                value = dot(W_enc[j], centred[t]) + b_enc[j]
                n_chosen = _insert(activations[t], indices[t], n_chosen, value, j)
            n_products += n_latents
        activations[t] = np.maximum(activations[t], np.float32(0))
    return n_products


@_kernel
def keep_largest(product, b_enc, latents, activations, indices):  # type: ignore[no-untyped-def]
    """activations_t, indices_t = relu of the k largest of product_t + b_enc, in any order; 0 marks an unused slot.

    product (n_tokens, n), b_enc (n,): exact values of `latents` (n,). For k in the hundreds faster than insertion.
    """
    n, k = b_enc.shape[0], activations.shape[1]
    values = np.empty(n, np.float32)
    # Non-negative floats sort as their bits do, so a search bit by bit yields the k-th largest.
    bits = values.view(np.int32)
    for t in range(product.shape[0]):
        row = product[t]
        for i in range(n):
            value = row[i] + b_enc[i]
            values[i] = value if value > 0 else np.float32(0)
        smallest = np.int32(0)
        for bit in range(30, -1, -1):
            trial = smallest | np.int32(1 << bit)
            count = np.int32(0)
            for i in range(n):
                count += np.int32(bits[i] >= trial)
            smallest = trial if count >= k else smallest
        above = np.int32(0)
        for i in range(n):
            above += np.int32(bits[i] > smallest)
        n_kept, ties_left = 0, k - above
        activations[t, :] = 0
        indices[t, :] = latents[0]
        for i in range(n):
            if bits[i] >= max(smallest, 1):
                if bits[i] == smallest:
                    if ties_left == 0:
                        continue
                    ties_left -= 1
                activations[t, n_kept] = values[i]
                indices[t, n_kept] = latents[i]
                n_kept += 1


@_kernel
def decode(activations, indices, W_dec, states):  # type: ignore[no-untyped-def]
    """states_t += sum_s activations_ts W_dec[indices_ts]"""
    for t in range(indices.shape[0]):
        for s in range(indices.shape[1]):
            if activations[t, s] > 0:
                add_scaled(states[t], activations[t, s], W_dec[indices[t, s]])


@_kernel
def differentiate(residuals, activations, indices, W_dec, scale, slopes, squared_errors):  # type: ignore[no-untyped-def]
    """squared_errors_t = |r_t|^2; slopes_ts = dL/dz_ts = scale <r_t, W_dec[indices_ts]>, or 0 where z_ts is 0."""
    for t in range(indices.shape[0]):
        for s in range(indices.shape[1]):
            slopes[t, s] = 0
            if activations[t, s] > 0:
                slopes[t, s] = scale * dot(residuals[t], W_dec[indices[t, s]])
        squared_errors[t] = dot(residuals[t], residuals[t])


@_kernel
def sort_by_latent(activations, indices, offsets, places):  # type: ignore[no-untyped-def]
    """Counting sort: places[offsets[j]:offsets[j + 1]] = the t * k + s, ascending, at which latent j is active."""
    flat_activations, flat_indices = activations.reshape(-1), indices.reshape(-1)
    offsets[:] = 0
    for place in range(flat_indices.shape[0]):
        if flat_activations[place] > 0:
            offsets[flat_indices[place] + 1] += 1
    for j in range(offsets.shape[0] - 1):
        offsets[j + 1] += offsets[j]
    next_place = offsets[:-1].copy()
    for place in range(flat_indices.shape[0]):
        if flat_activations[place] > 0:
            j = flat_indices[place]
            places[next_place[j]] = place
            next_place[j] += 1


@_kernel
def adamw(weights, first, second, gradient, adam):  # type: ignore[no-untyped-def]
    """m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; w = decay w - step m / (c sqrt(v) + eps), in place."""
    # adam: the array of `sae.optimizer.AdamW.constants`
    step_size, beta1, beta2, root_correction, epsilon, decay = adam
    for i in range(weights.shape[0]):
        first[i] += (1 - beta1) * (gradient[i] - first[i])
        second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i]
        weights[i] = decay * weights[i] - step_size * first[i] / (
            math.sqrt(second[i]) * root_correction + epsilon
        )


class Pairs(NamedTuple):
    """The active (token, latent) pairs of a loss, sorted by latent, with the factors of its gradients.

    places, offsets: see `sort_by_latent`. activations, slopes: z_ts and dL/dz_ts, (n_tokens, k). scale * residuals:
    dL/dh^, (n_tokens, d_model).
    """

    offsets: NDArray[np.int64]
    places: NDArray[np.int32]
    activations: NDArray[np.float32]
    slopes: NDArray[np.float32]
    residuals: NDArray[np.float32]
    scale: np.float32


@_kernel
def update_latents(  # type: ignore[no-untyped-def]
    start, stop, losses, centred, adam, encoder, decoder, b_enc_gradient, b_dec_gradient
):
    """Gradients and AdamW of the rows start..stop of W_enc and W_dec, in one pass while each row is in cache.

    losses: a tuple of `Pairs`, whose gradients are summed. adam: the constants of encoder and decoder. encoder,
    decoder: (weights, first moments, second moments). A decoder row's gradient loses its part along the row, and
    the row is normalised after the step. Writes b_enc_gradient (n_latents,) at start..stop; adds these latents'
    part to b_dec_gradient (d_model,).
    """
    W_enc, W_enc_first, W_enc_second = encoder
    W_dec, W_dec_first, W_dec_second = decoder
    encoder_adam, decoder_adam = adam
    d_model = W_dec.shape[1]
    encoder_gradient, decoder_gradient = np.empty(d_model, np.float32), np.empty(d_model, np.float32)
    for j in range(start, stop):
        encoder_gradient[:] = 0
        decoder_gradient[:] = 0
        slope_sum = np.float32(0)
        for loss in losses:
            k = loss.activations.shape[1]
            flat_activations, flat_slopes = loss.activations.reshape(-1), loss.slopes.reshape(-1)
            for place in loss.places[loss.offsets[j] : loss.offsets[j + 1]]:
                t = place // k
                add_scaled(encoder_gradient, flat_slopes[place], centred[t])
                add_scaled(decoder_gradient, loss.scale * flat_activations[place], loss.residuals[t])
                slope_sum += flat_slopes[place]
        b_enc_gradient[j] = slope_sum
        add_scaled(b_dec_gradient, -slope_sum, W_enc[j])
        add_scaled(decoder_gradient, -dot(decoder_gradient, W_dec[j]), W_dec[j])
        adamw(W_enc[j], W_enc_first[j], W_enc_second[j], encoder_gradient, encoder_adam)
        adamw(W_dec[j], W_dec_first[j], W_dec_second[j], decoder_gradient, decoder_adam)
        inverse_norm = np.float32(1) / np.float32(math.sqrt(dot(W_dec[j], W_dec[j])))
        for i in range(d_model):
            W_dec[j, i] *= inverse_norm
