"""The numbers on exact, inflected, soft and special matches, one row each: `analyses.why.match.Match.table`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import DEPTH, Judged
from analyses.statistics.intervals import bootstrap_means
from analyses.statistics.significance import holm, paired_randomisation
from analyses.why.matches.parts import ALL, KINDS, Parts, score_parts
from analyses.why.matches.word_tokens import BANDS, Words, WordTokens
from data.progress import StepProgress
from retrieval.weighted_index import WeightedIndex

OVERLAPS = ("none", "some", "all")  # of a query's words, that a relevant document has
N_RESAMPLES = 1000
Floats = NDArray[np.float64]


def match_table(
    documents: WordTokens,
    queries: WordTokens,
    words: Words,
    weighted: WeightedIndex,
    judged: Judged,
    pooling: Literal["sum", "max"] = "sum",
    progress: StepProgress | None = None,
) -> pd.DataFrame:
    """The table of one dictionary's latents.

    queries: of the judged queries, in their order; judged.counts: over the same latents as `weighted`.
    """
    first = judged.run(weighted, DEPTH).documents
    query, place = np.nonzero(first >= 0)
    pairs = np.concatenate([query, judged.query]), np.concatenate([first[query, place], judged.document])
    order = np.argsort(pairs[0], kind="stable")
    ordered = pairs[0][order], pairs[1][order].astype(np.int64)
    parts = score_parts(documents, queries, words, weighted, judged, pooling, ordered, progress)
    is_first = order < len(query)
    alone = {ALL: first, **parts.ranked}
    tables = [
        _alone_table(judged, alone),
        _share_table(judged, parts, is_first, first),
        _band_table(judged, parts, is_first),
        _overlap_table(judged, parts, is_first, alone),
    ]
    return pd.concat(tables, ignore_index=True)


def _alone_table(judged: Judged, ranked: dict[str, NDArray[np.int32]]) -> pd.DataFrame:
    """nDCG@10 of each ranking, and what it lacks to the whole one."""
    ndcg = np.array([judged.ndcg(documents) for documents in ranked.values()])
    less = ndcg[0] - ndcg[1:]
    p = holm([paired_randomisation(one) for one in less])
    names = list(ranked)
    return pd.concat(
        [_numbers("part", names, "nDCG@10", ndcg), _numbers("part", names[1:], "all_minus", less, p)],
        ignore_index=True,
    )


def _share_table(
    judged: Judged, parts: Parts, is_first: NDArray[np.bool_], first: NDArray[np.int32]
) -> pd.DataFrame:
    """Shares of the first ten's scores, of the relevant and the other ones among them, and the parts of nDCG@10."""
    query, credit = parts.query[is_first], parts.credit[is_first].sum(axis=1)  # (n_pairs, n_kinds)
    share = credit / np.maximum(credit.sum(axis=1, keepdims=True), 1e-30)
    gain = judged.gains(first)[first >= 0]
    tables = []
    for measure, chosen in (("top10", gain >= 0), ("relevant", gain > 0), ("other", gain == 0)):
        of_query = _summed(query[chosen], credit[chosen], len(judged))
        has = of_query.sum(axis=1) > 0
        shares = of_query[has] / of_query[has].sum(axis=1, keepdims=True)
        tables.append(_numbers("part", KINDS, f"share_{measure}", shares.T))
    rank = np.nonzero(first >= 0)[1]
    worth = _summed(query, (gain / np.log2(rank + 2))[:, None] * share, len(judged))
    whole = worth.sum(axis=1, keepdims=True)
    split = np.divide(worth, whole, out=np.zeros_like(worth), where=whole > 0) * judged.ndcg(first)[:, None]
    return pd.concat([*tables, _numbers("part", KINDS, "nDCG_part", split.T)], ignore_index=True)


def _band_table(judged: Judged, parts: Parts, is_first: NDArray[np.bool_]) -> pd.DataFrame:
    """By how many documents have the query's word: its share of the first ten's score, and the kinds in it."""
    query, credit = parts.query[is_first], parts.credit[is_first]
    of_query = np.zeros((len(judged), *credit.shape[1:]))
    np.add.at(of_query, query, credit)
    tables = []
    for place, band in enumerate((*BANDS, "special tokens")):
        in_band, whole = of_query[:, place], of_query.sum(axis=(1, 2))
        tables.append(
            _numbers(
                "band",
                [band],
                "share_top10",
                (in_band.sum(axis=1) / np.maximum(whole, 1e-30))[None, whole > 0],
            )
        )
        has = in_band.sum(axis=1) > 0
        shares = in_band[has] / in_band[has].sum(axis=1, keepdims=True)
        tables += [_numbers("band", [band], kind, shares[None, :, kind_]) for kind_, kind in enumerate(KINDS)]
    return pd.concat(tables, ignore_index=True)


def _overlap_table(
    judged: Judged, parts: Parts, is_first: NDArray[np.bool_], ranked: dict[str, NDArray[np.int32]]
) -> pd.DataFrame:
    """Relevant documents by how many of the query's words they have: soft share, and whether they are found."""
    chosen = ~is_first & (parts.document < judged.n_docs)
    query, document, credit = parts.query[chosen], parts.document[chosen], parts.credit[chosen].sum(axis=1)
    present, n_content = parts.present[chosen], parts.n_content[chosen]
    group = np.select([present == 0, present < n_content], [0, 1], 2)
    soft = credit[:, KINDS.index("soft")] / np.maximum(credit.sum(axis=1), 1e-30)
    rows = []
    for place, name in enumerate(OVERLAPS):
        mine = group == place
        if not mine.any():
            continue
        rows.append(
            ("soft", name, soft[mine & (credit.sum(axis=1) > 0)], query[mine & (credit.sum(axis=1) > 0)])
        )
        for ranking, documents in ranked.items():
            found = (documents[query[mine]] == document[mine, None]).any(axis=1)
            rows.append((f"found_{ranking}", name, found.astype(float), query[mine]))
    return pd.DataFrame(
        [
            {
                "about": "overlap",
                "name": name,
                "measure": measure,
                **_clustered(values, of_query, len(judged)),
                "p_holm": np.nan,
            }
            for measure, name, values, of_query in rows
        ]
    )


def _numbers(
    about: str, names: Sequence[str], measure: str, values: Floats, p: Floats | None = None
) -> pd.DataFrame:
    """Mean over queries of each row of values (n_names, n_queries), with its interval."""
    n = values.shape[1]
    interval = bootstrap_means(values, N_RESAMPLES)
    return pd.DataFrame(
        {
            "about": about,
            "name": list(names),
            "measure": measure,
            "value": values.mean(axis=1) if n else np.nan,
            "low": interval[:, 0],
            "high": interval[:, 1],
            "p_holm": np.nan if p is None else p,
            "n": n,
        }
    )


def _clustered(values: Floats, query: NDArray[np.int64], n_queries: int) -> dict[str, float]:
    """The mean of values (n_pairs,), its interval over resampled queries, and n."""
    if not len(values):
        return {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    total = np.bincount(query, values, minlength=n_queries)
    size = np.bincount(query, minlength=n_queries)
    drawn = np.random.default_rng(0).multinomial(n_queries, np.full(n_queries, 1 / n_queries), N_RESAMPLES)
    sizes = drawn @ size
    resampled = (drawn @ total)[sizes > 0] / sizes[sizes > 0]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {"value": float(values.mean()), "low": float(low), "high": float(high), "n": len(values)}


def _summed(query: NDArray[np.int64], values: Floats, n_queries: int) -> Floats:
    summed = np.zeros((n_queries, values.shape[1]))
    np.add.at(summed, query, values)
    return summed
