"""The nDCG@10 lost without a family of latents, a type or a frequency band, beside random latents.

    change(q) = nDCG@10(q without the family) - nDCG@10(q)
    excess(q) = change(q) - mean over draws of the change without a random set that contributes as much

Only queries change: documents, |d| and idf stay. A random set is drawn outside of the family, or, where the
latents outside contribute less than the family, from all latents ("all"), so that the set has a part of the
family too. Means over queries, with 95% bootstrap intervals of them; kept in the study as families.parquet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.interventions.ablation import contributions_of_all
from analyses.interventions.effect import matched_controls
from analyses.interventions.pruning_effect import ndcg_with
from analyses.latents.frequency_bands import BANDS, bands_of
from analyses.latents.types import TYPES, kept_types
from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.significance import holm, paired_randomisation
from data.progress import Progress
from retrieval.bm25 import IDFS, Bm25Parameters
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study

FORMAT = 2
N_DRAWS = 10
COLUMNS = (
    *("idf", "kind", "family", "n_latents", "share", "n_queries", "before", "after", "change", "low", "high"),
    *("drawn_from", "n_draws", "control", "control_low", "control_high"),
    *("excess", "excess_low", "excess_high", "p", "p_holm"),
)


def families(study: Study) -> pd.DataFrame | None:
    """The table that `write_families` kept, one row per idf and family, COLUMNS; None before that."""
    return read_kept(study.path / "families.parquet", _facts(study))


def families_are_kept(study: Study) -> bool:
    """Whether the study keeps the table of `families`."""
    return is_kept(study.path / "families.parquet", _facts(study))


def write_families(study: Study, progress: Progress | None = None) -> pd.DataFrame:
    """Measure every family under both idfs and keep the table; a kept table is read.

    n_latents: of the family, in judged queries. share: of all contributions to the first ten documents. p: of
    the excess, by a paired randomisation test; p_holm: over the families of one idf.
    """
    kept = families(study)
    if kept is not None:
        return kept
    judged = judged_queries(study)
    groups = list(_families(study, judged))
    tables = []
    for number, idf in enumerate(IDFS):
        parameters, rows = Bm25Parameters(idf=idf), []
        contributed = contributions_of_all(study, judged, parameters)
        for done, (kind, family, inside) in enumerate(groups):
            if progress:
                progress("Rank without families", number * len(groups) + done, len(IDFS) * len(groups))
            row = ablated(study, judged, parameters, inside, contributed)
            rows.append({"idf": idf, "kind": kind, "family": family, **row})
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        table["p_holm"] = holm(table["p"])
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    write_kept(study.path / "families.parquet", whole, _facts(study))
    if progress:
        progress("Rank without families", 1, 1)
    return whole


def ablated(
    study: Study,
    judged: Judged,
    parameters: Bm25Parameters,
    family: NDArray[np.bool_],
    contributed: NDArray[np.float64],
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> dict[str, Any]:
    """One family's row, without its names; family, contributed (`contributions_of_all`): (n_latents,)."""
    before = ndcg_with(study, judged, parameters, np.ones(study.n_latents, bool))
    change = ndcg_with(study, judged, parameters, ~family) - before
    in_queries = np.bincount(judged.counts.indices, minlength=study.n_latents) > 0
    drawn, drawn_from = random_sets(contributed, family, n_draws, seed)
    row: dict[str, Any] = {
        "n_latents": int((family & in_queries).sum()),
        "share": float(contributed[family].sum() / max(contributed.sum(), 1e-12)),
        "n_queries": len(judged),
        "before": float(before.mean()),
        "after": float((before + change).mean()),
        **_interval("change", "", change),
        "drawn_from": drawn_from,
        "n_draws": len(drawn),
        "p": float("nan"),
    }
    if not drawn:
        return row
    controls = []
    for latents in drawn:
        stay = np.ones(study.n_latents, bool)
        stay[latents] = False
        controls.append(ndcg_with(study, judged, parameters, stay) - before)
    control = np.mean(controls, axis=0)
    row |= _interval("control", "control_", control) | _interval("excess", "excess_", change - control)
    return row | {"p": paired_randomisation(change - control)}


def random_sets(
    contributed: NDArray[np.float64], family: NDArray[np.bool_], n_draws: int, seed: int = 0
) -> tuple[list[NDArray[np.int64]], str]:
    """Random sets that contribute as much as the family, or one latent more, and what they are drawn from.

    "others": latents outside of the family; "all": all latents, where the others contribute less; "": none, where
    the family contributes nothing.
    """
    drawn = matched_controls(contributed, family, n_draws, seed)
    wanted = float(contributed[family].sum())
    if drawn or wanted <= 0:
        return drawn, "others" if drawn else ""
    every, generator = np.flatnonzero(contributed > 0), np.random.default_rng(seed)
    for _ in range(n_draws):
        order = generator.permutation(every)
        n = int(np.searchsorted(np.cumsum(contributed[order]), wanted * (1 - 1e-9))) + 1
        drawn.append(order[:n])
    return drawn, "all"


def _families(study: Study, judged: Judged) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """kind, name and members (n_latents,) of each family with a latent in some judged query."""
    types = kept_types(study).to_numpy()
    frequency = study.index.document_frequency
    in_queries = np.bincount(judged.counts.indices, minlength=study.n_latents) > 0
    bands = bands_of(frequency, study.index.n_docs)
    for kind, groups, names in (("type", types, TYPES), ("band", bands, BANDS[:-1])):
        for name in names:
            inside = (groups == name) & (frequency > 0) if len(groups) else np.zeros(0, bool)
            if len(inside) and (inside & in_queries).any():
                yield kind, name, inside


def _interval(name: str, prefix: str, values: NDArray[np.float64]) -> dict[str, float]:
    low, high = bootstrap_mean(values)
    return {name: float(values.mean()), f"{prefix}low": low, f"{prefix}high": high}


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}
