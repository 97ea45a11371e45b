"""Compare two collections: which latents are more frequent in one than in the other? Two studies of one SAE.

    2 x 2 table of latent j         documents with it, documents without, in a and in b
    G = 2 sum O ln(O / E)           log-likelihood ratio against one common share (Dunning 1993); chi-squared
                                    with 1 degree of freedom
    q_value                         Benjamini and Hochberg (1995): of the latents up to q, at most a share q is
                                    false, in expectation
    log2_ratio                      log2 of the shares of documents, half a document added to each cell

Documents are counted and not tokens, since terms repeat within documents: tokens are not independent, and a
test that assumes it rejects too often. The control pools both collections and splits their documents at
random, in the same numbers: its findings are the test's own error. Longer documents have more latents of
every kind, so that the median of all ratios is a difference of length, and is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.latent_table import vocabulary_table
from analyses.latents.neighbours import decoder_directions
from analyses.saes.matching import decoder_cosine, match
from analyses.statistics.intervals import Z
from data.errors import UserError
from retrieval.index import Index
from retrieval.study import Study

Comparable = Literal["latents", "directions", "shapes"]


@dataclass(frozen=True)
class Shift:
    """Document frequencies of one SAE's latents in two collections, compared.

    table: see `compare_frequencies`. n_a, n_b: documents. n_tested: latents that occur in either. n_over_a,
    n_over_b: latents over-represented in each at the false-discovery rate. n_chance: the control's count there.
    median: of the log2 ratios of all tested latents.
    """

    table: pd.DataFrame
    n_a: int
    n_b: int
    false_discovery_rate: float
    n_chance: int

    @property
    def n_tested(self) -> int:
        return int(self.table["p_value"].notna().sum())

    @property
    def n_over_a(self) -> int:
        return int((self.table["over"] == "a").sum())

    @property
    def n_over_b(self) -> int:
        return int((self.table["over"] == "b").sum())

    @property
    def median(self) -> float:
        return float(self.table["log2_ratio"].median())


def comparable(a: Study, b: Study) -> Comparable:
    """What of two studies can be compared: the latents (one SAE), their directions (two SAEs of one encoder and
    layer), or only the shapes of the vocabularies.
    """
    if a.manifest["sae"]["fingerprint"] == b.manifest["sae"]["fingerprint"]:
        return "latents"
    encoder_a, encoder_b = a.manifest["encoder"], b.manifest["encoder"]
    same = encoder_a["fingerprint"] == encoder_b["fingerprint"]
    return "directions" if same and encoder_a["config"]["layer"] == encoder_b["config"]["layer"] else "shapes"


def compare_frequencies(a: Study, b: Study, false_discovery_rate: float = 0.05, seed: int = 0) -> Shift:
    """Test every latent of two studies of one SAE; studies of two SAEs are a `UserError`.

    table: one row per latent, columns latent, label, n_a, n_b (documents), share_a, share_b, log2_ratio
    (share_a over share_b), low, high (95%), g, p_value (G-test), q_value, over ("a", "b" or "", at the
    false-discovery rate). A latent in no document of either has NaN. seed: of the control.
    """
    if comparable(a, b) != "latents":
        raise UserError(
            f"studies {a.name} and {b.name} were made with two SAEs, whose latents have nothing to do with each "
            "other: index one collection with the SAE of the other to compare them latent by latent"
        )
    table = compare_document_frequencies(
        a.index.document_frequency, a.index.n_docs, b.index.document_frequency, b.index.n_docs
    )
    over = np.where(table["log2_ratio"] > 0, "a", "b")
    table["over"] = np.where(table["q_value"] <= false_discovery_rate, over, "")
    labels = vocabulary_table(a)["label"].where(a.index.document_frequency > 0, vocabulary_table(b)["label"])
    table.insert(0, "latent", np.arange(a.n_latents))
    table.insert(1, "label", labels)
    dealt = dealt_out(a.index, b.index, seed)
    chance = compare_document_frequencies(dealt[0], a.index.n_docs, dealt[1], b.index.n_docs)
    return Shift(
        table,
        a.index.n_docs,
        b.index.n_docs,
        false_discovery_rate,
        int((chance["q_value"] <= false_discovery_rate).sum()),
    )


def compare_document_frequencies(
    frequency_a: NDArray[np.integer[Any]], n_a: int, frequency_b: NDArray[np.integer[Any]], n_b: int
) -> pd.DataFrame:
    """The numbers of `compare_frequencies` from document frequencies (n_terms,) of two collections of n_a, n_b
    documents.
    """
    from scipy.stats import false_discovery_control  # half a second to import

    held_a, held_b = (np.asarray(f, np.float64) for f in (frequency_a, frequency_b))
    log_ratio, half_width = log2_ratio(held_a, n_a, held_b, n_b)
    g, p_value = g_test(held_a, n_a, held_b, n_b)
    tested = ~np.isnan(p_value)
    q_value = np.full(len(held_a), np.nan)
    if tested.any():
        q_value[tested] = false_discovery_control(p_value[tested], method="bh")
    somewhere = held_a + held_b > 0
    return pd.DataFrame(
        {
            "n_a": frequency_a,
            "n_b": frequency_b,
            "share_a": held_a / max(n_a, 1),
            "share_b": held_b / max(n_b, 1),
            "log2_ratio": np.where(somewhere, log_ratio, np.nan),
            "low": np.where(somewhere, log_ratio - half_width, np.nan),
            "high": np.where(somewhere, log_ratio + half_width, np.nan),
            "g": g,
            "p_value": p_value,
            "q_value": q_value,
        }
    )


def g_test(
    held_a: NDArray[np.float64], n_a: int, held_b: NDArray[np.float64], n_b: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """G and its p-value for each 2 x 2 table, (n_terms,); NaN where a margin is 0."""
    from scipy.stats import power_divergence  # half a second to import

    observed = np.stack([held_a, n_a - held_a, held_b, n_b - held_b])
    in_all = (held_a + held_b) / max(n_a + n_b, 1)
    expected = np.stack([n_a * in_all, n_a * (1 - in_all), n_b * in_all, n_b * (1 - in_all)])
    tested = (expected > 0).all(axis=0)
    g, p_value = np.full(len(held_a), np.nan), np.full(len(held_a), np.nan)
    if tested.any():
        result = power_divergence(
            observed[:, tested], expected[:, tested], ddof=2, axis=0, lambda_="log-likelihood"
        )
        g[tested], p_value[tested] = np.maximum(result.statistic, 0), result.pvalue
    return g, np.where(tested, np.nan_to_num(p_value, nan=1.0), np.nan)


def log2_ratio(
    held_a: NDArray[np.float64], n_a: int, held_b: NDArray[np.float64], n_b: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log2 of the shares' ratio and half the width of its 95% interval (Walter's, by the delta method);
    (n_terms,).
    """
    share_a, share_b = (held_a + 0.5) / (n_a + 0.5), (held_b + 0.5) / (n_b + 0.5)
    variance = 1 / (held_a + 0.5) - 1 / (n_a + 0.5) + 1 / (held_b + 0.5) - 1 / (n_b + 0.5)
    return np.log2(share_a / share_b), Z * np.sqrt(np.maximum(variance, 0)) / np.log(2)


def dealt_out(a: Index, b: Index, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Document frequencies after a random split of both collections' documents in the same numbers;
    (n_terms,) x 2.
    """
    to_a = np.zeros(a.n_docs + b.n_docs, bool)
    to_a[np.random.default_rng(seed).permutation(len(to_a))[: a.n_docs]] = True
    in_a = _held(a, to_a[: a.n_docs]) + _held(b, to_a[a.n_docs :])
    return in_a, a.document_frequency + b.document_frequency - in_a


def _held(index: Index, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Chosen documents that hold each term, (n_terms,)."""
    before = np.concatenate(([0], np.cumsum(chosen[index.documents])))
    return before[index.indptr[1:]] - before[index.indptr[:-1]]


def matched_shares(a: Study, b: Study, least: float = 0.7) -> pd.DataFrame:
    """Latents of two SAEs of one encoder, paired by decoder direction: share of documents in each study.

    Columns latent (of a), partner (of b), similarity (cosine, `least` or more), label, partner_label, share_a,
    share_b, log2_ratio. No test and no interval: two SAEs are two instruments, and a difference may be theirs.
    """
    pairs = match(decoder_cosine(decoder_directions(a), decoder_directions(b)))
    latent = np.flatnonzero(pairs.matched & (pairs.similarity >= least))
    partner = pairs.partner[latent]
    share_a = a.index.document_frequency[latent] / max(a.index.n_docs, 1)
    share_b = b.index.document_frequency[partner] / max(b.index.n_docs, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log2(share_a / share_b)
    return pd.DataFrame(
        {
            "latent": latent,
            "partner": partner,
            "similarity": pairs.similarity[latent],
            "label": vocabulary_table(a)["label"].to_numpy()[latent],
            "partner_label": vocabulary_table(b)["label"].to_numpy()[partner],
            "share_a": share_a,
            "share_b": share_b,
            "log2_ratio": log_ratio,
        }
    )


def shape(study: Study) -> pd.DataFrame:
    """The rank-frequency curve of a study's latents as shares, comparable between any two studies.

    Columns rank (share of the latents, the most frequent first, in (0, 1]) and share (of the documents), of those
    that occur.
    """
    frequency = np.sort(study.index.document_frequency)[::-1]
    frequency = frequency[frequency > 0]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(frequency) + 1) / max(study.n_latents, 1),
            "share": frequency / max(study.index.n_docs, 1),
        }
    )
