"""The encoder's cosine as a sum over the latents that BM25 scores.

    p_d = 1/T sum_t h_t        h_t = sum_j z_tj W_dec_j + b_dec + e_t        cos(q, d) = v_q . p_d / |p_d|

    cos(q, d) = sum_j a_j W_dec_j . v_q / |p_d|    a_j = 1/T sum_t z_tj, the latents of the document
              + b_dec . v_q / |p_d|                the SAE's bias
              + e . v_q / |p_d|                    what the SAE does not reconstruct
              + s . v_q / |p_d|                    special tokens, where the SAE leaves them out

v_q (d_model,): the query's pooled vector, of unit norm. Mean pooling is linear in token states, so the split
is exact, and so is the one over tokens, h_t . v_q / (T |p_d|); normalising a vector changes no cosine. The
study keeps unit vectors, so the document is encoded again for |p_d|. Its states are float16: the parts sum to
the cosine of search within TOLERANCE. There is no such split for cls pooling, nor for an SAE of another layer
than the pooled one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.attribution.score_breakdown import Explanation, position_of
from analyses.text.token_words import readable_wordpiece
from data.errors import UserError
from retrieval.cosine import unit_rows
from retrieval.queries import EncodedText
from retrieval.study import Study

TOLERANCE = 1e-4  # of float16 states, whose rounding is 2^-11 of each value, in a mean over tokens
N_DRAWS = 1000


@dataclass(frozen=True)
class CosineExplanation:
    """The cosine breakdown of one (query, document).

    cosine: of search, float32. breakdown, one row per latent of the document, falling by part: latent, activation
    (a_j), direction (W_dec_j . v_q), part. bias, unreconstructed and special: the other parts. residual: cosine -
    all parts. norm: |p_d|. tokens: position, token, start, end, credit, which sum to the cosine less `special`.
    """

    query: str
    doc_id: str
    cosine: float
    breakdown: pd.DataFrame
    bias: float
    unreconstructed: float
    special: float
    residual: float
    norm: float
    tokens: pd.DataFrame

    @property
    def of_latents(self) -> float:
        """Sum of the latents' parts."""
        return float(self.breakdown["part"].sum())

    def to_dict(self) -> dict[str, Any]:
        return {
            "query": self.query,
            "doc_id": self.doc_id,
            "cosine": self.cosine,
            "of_latents": self.of_latents,
            "bias": self.bias,
            "unreconstructed": self.unreconstructed,
            "special": self.special,
            "residual": self.residual,
            "latents": self.breakdown.to_dict("records"),
        }


@dataclass(frozen=True)
class AveragedAway:
    """The share of the cosine of the fewest latents that make half of BM25's score.

    n_latents: their number. bm25, cosine: their share of BM25's score, and of the sizes of all latents' parts
    in the cosine. random, low, high: the cosine's share of as many latents drawn from those that query and
    document share (mean and 95% of n_draws).
    """

    n_latents: int
    n_shared: int
    bm25: float
    cosine: float
    random: float
    low: float
    high: float
    n_draws: int


def why_no_breakdown(study: Study) -> str | None:
    """A sentence on why this study's cosine has no breakdown over latents; None where it has one."""
    encoder = study.manifest["encoder"]
    if "multi_vector" in encoder:
        return (
            "This encoder is multi-vector: its own score is MaxSim, and the vector that the cosine compares is a "
            "mean of projected and normalised states, so the cosine does not split over the latents of the tokens."
        )
    if "states" in encoder:
        return (
            f"This study reads changed states ({encoder['states']['name']}), and the encoder's vector is the mean "
            "of its states as they are, so its cosine does not split over these latents."
        )
    if encoder["pooling"] != "mean":
        return (
            f"This encoder pools by {encoder['pooling']}: its vector is not the mean of its token states, so its "
            "cosine does not split over the latents of the document's tokens."
        )
    layer = encoder["config"]["layer"]
    if layer is not None:
        return (
            f"This SAE reads layer {layer}, and the encoder's vector is the mean of its final states: what lies "
            "between is not linear, so the cosine does not split over these latents."
        )
    return None


def explain_cosine(study: Study, query: str | EncodedText, doc_id: str) -> CosineExplanation:
    """The cosine of `doc_id` and `query` by latents and tokens; a `UserError` where there is no breakdown."""
    if (reason := why_no_breakdown(study)) is not None:
        raise UserError(reason)
    document = position_of(study, doc_id)
    encoded = study.encode(query) if isinstance(query, str) else query
    vector = unit_rows(encoded.vector)[0].astype(np.float64)
    text = study.corpus.texts[document]
    states = study.encoder.encode([text])
    toward = states.states.values.astype(np.float64) @ vector
    pooled = states.states.values.astype(np.float64).sum(axis=0)
    n_tokens, special = len(toward), 0.0
    if not study.encoder.config.special_tokens:
        whole = study.encoder.with_special_tokens().encode([text]).states.values.astype(np.float64)
        special, n_tokens = float((whole.sum(axis=0) - pooled) @ vector), len(whole)
        pooled = whole.sum(axis=0)
    scale = 1 / max(float(np.linalg.norm(pooled)), np.finfo(np.float64).tiny)  # 1 / (T |p_d|)
    breakdown = _of_latents(study, document, vector, n_tokens, scale)
    bias = float(study.sae.b_dec.cpu().numpy().astype(np.float64) @ vector) * len(toward) * scale
    of_tokens = float(toward.sum()) * scale
    cosine = float(unit_rows(study.vectors[document : document + 1])[0].astype(np.float64) @ vector)
    return CosineExplanation(
        encoded.text,
        doc_id,
        cosine,
        breakdown,
        bias,
        of_tokens - bias - float(breakdown["part"].sum()),
        special * scale,
        cosine - of_tokens - special * scale,
        1 / (scale * n_tokens),
        pd.DataFrame(
            {
                "position": np.arange(len(toward)),
                "token": [readable_wordpiece(study.wordpieces[int(i)]) for i in states.token_ids],
                "start": states.spans[:, 0],
                "end": states.spans[:, 1],
                "credit": toward * scale,
            }
        ),
    )


def beside_bm25(cosine: CosineExplanation, bm25: Explanation) -> pd.DataFrame:
    """Each latent of the document in both breakdowns: latent, part, contribution, share_cosine, share_bm25,
    averaged_away.

    share_cosine: part over the sum of sizes of all parts; share_bm25: contribution over the score; averaged_away =
    share_bm25 - |share_cosine|, falling: latents that BM25 weights more and the mean over tokens averages
    away first.
    """
    table = cosine.breakdown[["latent", "part"]].merge(
        bm25.breakdown[["latent", "contribution"]], how="left", on="latent"
    )
    table["contribution"] = table["contribution"].fillna(0.0)
    table["share_cosine"] = table["part"] / (table["part"].abs().sum() or 1.0)
    table["share_bm25"] = table["contribution"] / (table["contribution"].sum() or 1.0)
    table["averaged_away"] = table["share_bm25"] - table["share_cosine"].abs()
    return table.sort_values("averaged_away", ascending=False, kind="stable", ignore_index=True)


def averaged_away(beside: pd.DataFrame, seed: int = 0) -> AveragedAway:
    """The cosine's share of the latents that make half of BM25's score, and of random ones; from `beside_bm25`."""
    shared = beside[beside["contribution"] > 0].sort_values("contribution", ascending=False, kind="stable")
    bm25, cosine = shared["share_bm25"].to_numpy(), shared["share_cosine"].abs().to_numpy()
    if not len(shared):
        return AveragedAway(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    n = int(np.searchsorted(np.cumsum(bm25), 0.5 - 1e-12)) + 1
    draws = np.random.default_rng(seed).random((N_DRAWS, len(cosine))).argsort(axis=1)[:, :n]
    chance = cosine[draws].sum(axis=1)
    low, high = np.quantile(chance, [0.025, 0.975])
    shares = float(bm25[:n].sum()), float(cosine[:n].sum())
    return AveragedAway(n, len(shared), *shares, float(chance.mean()), float(low), float(high), N_DRAWS)


def _of_latents(
    study: Study, document: int, vector: NDArray[np.float64], n_tokens: int, scale: float
) -> pd.DataFrame:
    """latent, activation, direction, part of each latent that fires on the document, falling by part."""
    rows = study.tokens.document(document)
    indices = np.asarray(study.tokens.indices[rows]).astype(np.int64).ravel()
    activations = np.asarray(study.tokens.activations[rows]).astype(np.float64).ravel()
    summed = np.bincount(indices, weights=activations, minlength=study.n_latents)
    latents = np.flatnonzero(summed)
    direction = study.sae.W_dec[latents].cpu().numpy().astype(np.float64) @ vector
    part = summed[latents] * direction * scale
    order = np.argsort(-part, kind="stable")
    return (
        pd.DataFrame(
            {
                "latent": latents,
                "activation": summed[latents] / n_tokens,
                "direction": direction,
                "part": part,
            }
        )
        .iloc[order]
        .reset_index(drop=True)
    )
