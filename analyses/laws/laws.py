"""The laws of a study's vocabularies: every fit with its intervals and tests, made once and kept.

    laws(study, measure, over) -> Laws          `write_laws` makes them: seconds a vocabulary

Intervals are over documents: the fits are repeated on random halves of the texts, at half of x_min, whose spread
about their mean estimates that of the whole about the truth (delete-half jackknife, Shao and Wu 1989). They are for
other documents and the same terms; a power law's `standard_error` is for other terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.laws._law_comparison import compare_laws
from analyses.laws._law_distributions import parameters_of
from analyses.laws._power_laws import Sizes, TailFit, fit_at, fit_tails
from analyses.laws._rank_laws import RankFit, compare_rank_laws, fit_rank, fit_ranks, naive_slope, ranked
from analyses.vocabularies.vocabularies import Measure, Over, Vocabulary, kept_beside, vocabularies
from data.progress import Progress, StepProgress, within
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

N_HALVES = 100
N_RANKS = 800
RANK_COLUMNS = ("system", "rank", "frequency", "share", "term", "latent")
TABLES = ("fits", "parameters", "comparisons", "ranks")
FORMAT = 2
FIT_COLUMNS = (
    *("system", "form", "law", "n_texts", "n_terms", "n_fitted", "x_min", "log_likelihood", "distance"),
    *("p_value", "n_bootstrap", "standard_error", "n_occurrences"),
)


@dataclass(frozen=True)
class Laws:
    """fits: one row per system, form ("frequency", "rank" or "naive") and law: FIT_COLUMNS. parameters: a row a
    parameter of each: system, form, law, parameter, value, low, high (95%, of documents), n_halves. comparisons: a
    row a pair of laws: system, form, a, b, log_ratio (> 0 for a), p_value, test, n. ranks: the vocabularies by
    falling frequency, at N_RANKS ranks spread over a log axis: system, rank, frequency, share (of the texts, or of
    all occurrences), term (its name), latent (-1 outside of the SAE's own).
    """

    measure: str
    over: str
    fits: pd.DataFrame
    parameters: pd.DataFrame
    comparisons: pd.DataFrame
    ranks: pd.DataFrame

    @property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(self.fits["system"]))

    def to_dict(self) -> dict[str, Any]:
        """system -> fits (with parameters and intervals) and comparisons, as JSON can hold them."""
        return {system: self.of(system) for system in self.systems}

    def of(self, system: str) -> dict[str, Any]:
        fits = []
        for fit in _records(self.fits[self.fits["system"] == system]):
            rows = self.parameters[
                (self.parameters["system"] == system)
                & (self.parameters["form"] == fit["form"])
                & (self.parameters["law"] == fit["law"])
            ]
            values = {
                row["parameter"]: {name: row[name] for name in ("value", "low", "high")}
                for row in _records(rows)
            }
            fits.append(
                {name: value for name, value in fit.items() if name != "system"} | {"parameters": values}
            )
        pairs = self.comparisons[self.comparisons["system"] == system].drop(columns="system")
        return {"fits": fits, "comparisons": _records(pairs)}


def laws(study: Study, measure: Measure = "documents", over: Over = "documents") -> Laws | None:
    """The laws that `write_laws` kept; None before that, and where the study has other vocabularies since."""
    tables = [
        read_kept(study.path / f"laws_{measure}_{over}_{name}.parquet", _facts(study, over))
        for name in TABLES
    ]
    kept = [table for table in tables if table is not None]
    return Laws(measure, over, *kept) if len(kept) == len(TABLES) else None


def write_laws(
    study: Study,
    measure: Measure = "documents",
    over: Over = "documents",
    seed: int = 0,
    progress: Progress | None = None,
) -> Laws:
    """Fit every law to every vocabulary and keep the tables; kept tables are read.

    progress: the stage, bootstrap samples and halves done, of all.
    """
    kept = laws(study, measure, over)
    if kept is not None:
        return kept
    fits: list[dict[str, Any]] = []
    parameters: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    ranks = []
    for system, vocabulary in vocabularies(study, over).items():
        if measure not in vocabulary.measures:
            continue
        of_vocabulary = laws_of(vocabulary, measure, seed, _stage(progress, system))
        for into, rows in zip((fits, parameters, comparisons), of_vocabulary, strict=True):
            into.extend({"system": system, **row} for row in rows)
        ranks.append(ranks_of(vocabulary, measure))
    tables = {
        "fits": pd.DataFrame(fits, columns=list(FIT_COLUMNS)),
        "parameters": pd.DataFrame(
            parameters,
            columns=["system", "form", "law", "parameter", "value", "low", "high", "n_halves"],
        ),
        "comparisons": pd.DataFrame(
            comparisons, columns=["system", "form", "a", "b", "log_ratio", "p_value", "test", "n"]
        ),
        "ranks": pd.concat(ranks, ignore_index=True) if ranks else pd.DataFrame(columns=list(RANK_COLUMNS)),
    }
    for name, table in tables.items():
        write_kept(study.path / f"laws_{measure}_{over}_{name}.parquet", table, _facts(study, over))
    return Laws(measure, over, **tables)


def ranks_of(vocabulary: Vocabulary, measure: Measure) -> pd.DataFrame:
    """The vocabulary by falling frequency, at N_RANKS ranks at most; see `Laws`."""
    frequency = vocabulary.frequency(measure)
    order = np.argsort(-frequency, kind="stable")
    order = order[frequency[order] > 0]
    places = np.unique(np.geomspace(1, max(len(order), 1), N_RANKS).round().astype(int) - 1)
    chosen = order[places] if len(order) else order
    whole = vocabulary.n_texts if measure == "documents" else max(frequency.sum(), 1e-12)
    return pd.DataFrame(
        {
            "system": vocabulary.system,
            "rank": places[: len(chosen)] + 1,
            "frequency": frequency[chosen],
            "share": frequency[chosen] / whole,
            "term": [str(vocabulary.names[term]) for term in chosen],
            "latent": chosen if vocabulary.system == "latents" else -1,
        }
    )


def tail_of(frequency: NDArray[np.integer[Any]]) -> tuple[float, float]:
    """The exponent of the likeliest power law of these frequencies, and its distance from them; no test.

    Distance: Kolmogorov and Smirnov's, from the x_min where it is least. NaN where too few terms occur.
    """
    fits = fit_tails(Sizes.of(frequency), n_bootstrap=0, n_rival_bootstrap=0, laws=("power_law",))
    return (fits[0].a, fits[0].distance) if fits else (float("nan"), float("nan"))


def laws_of(
    vocabulary: Vocabulary,
    measure: Measure,
    seed: int = 0,
    progress: StepProgress | None = None,
    n_halves: int = N_HALVES,
    **samples: Any,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of fits, parameters and comparisons of one vocabulary, without its name; see `Laws`.

    samples: n_bootstrap and n_rival_bootstrap of `fit_tails`, where other than its own.
    """
    frequency = vocabulary.frequency(measure)
    sizes = Sizes.of(frequency)
    report = progress or (lambda done, total: None)
    tails = fit_tails(sizes, seed=seed, progress=lambda done, n: report(50 * done // n, 100), **samples)
    ranks = fit_ranks(
        frequency,
        **({"n_bootstrap": samples["n_bootstrap"]} if "n_bootstrap" in samples else {}),
        seed=seed,
        progress=lambda done, n: report(50 + 30 * done // n, 100),
    )
    halves = halves_of(vocabulary, measure, tails, ranks, n_halves, seed, report)
    fits: list[dict[str, Any]] = []
    parameters: list[dict[str, Any]] = []
    shared = {"n_texts": vocabulary.n_texts, "n_terms": sizes.n}
    everything: list[TailFit | RankFit] = [*tails, *ranks]
    for fit in everything:
        form = "frequency" if isinstance(fit, TailFit) else "rank"
        fits.append({"form": form, "law": fit.law, **shared, **_numbers(fit)})
        parameters += _with_intervals(form, fit.law, fit.parameters, halves)
    if ranks:
        slope = {"slope": naive_slope(frequency)}
        fits.append({"form": "naive", "law": "least_squares", **shared, "n_fitted": sizes.n})
        parameters += _with_intervals("naive", "least_squares", slope, halves)
    compared = [("frequency", one) for one in compare_laws(sizes, tails)]
    compared += [("rank", one) for one in compare_rank_laws(ranks)]
    return fits, parameters, [{"form": form, **asdict(one)} for form, one in compared]


def rank_parameters(
    vocabulary: Vocabulary, measure: Measure, seed: int = 0, n_halves: int = N_HALVES
) -> list[dict[str, Any]]:
    """Rows of `Laws.parameters` of the rank laws alone, without goodness of fit."""
    ranks = fit_ranks(vocabulary.frequency(measure), n_bootstrap=0, seed=seed)
    halves = halves_of(vocabulary, measure, [], ranks, n_halves, seed, lambda done, total: None)
    return [row for fit in ranks for row in _with_intervals("rank", fit.law, fit.parameters, halves)]


def halves_of(
    vocabulary: Vocabulary,
    measure: Measure,
    tails: Sequence[TailFit],
    ranks: Sequence[RankFit],
    n_halves: int,
    seed: int,
    report: StepProgress,
) -> pd.DataFrame:
    """Every parameter on random halves of the texts: columns form, law, parameter, value, a row each time."""
    n, rows = vocabulary.n_texts, []
    for half in range(n_halves if n >= 4 else 0):
        chosen = np.zeros(n, bool)
        chosen[np.random.default_rng([seed, 99, half]).permutation(n)[: n // 2]] = True
        frequency = vocabulary.frequency(measure, chosen)
        sizes, falling = Sizes.of(frequency), ranked(frequency)
        fitted: list[tuple[str, str, dict[str, float]]] = []
        for fit in tails:
            x_min = max(1.0, np.ceil(fit.x_min / 2))
            if len(sizes.above(x_min).values) > 2:
                a, b = fit_at(fit.law, sizes, x_min, tails[0].a)
                fitted.append(("frequency", fit.law, parameters_of(fit.law, a, b)))
        for one in ranks:
            exponent, shift = fit_rank(one.law, falling)
            fitted.append(("rank", one.law, {"exponent": exponent, "shift": shift}))
        fitted.append(("naive", "least_squares", {"slope": naive_slope(frequency)}))
        rows += [(form, law, name, value) for form, law, of in fitted for name, value in of.items()]
        report(80 + 20 * (half + 1) // n_halves, 100)
    return pd.DataFrame(rows, columns=["form", "law", "parameter", "value"])


def _with_intervals(
    form: str, law: str, parameters: dict[str, float], halves: pd.DataFrame
) -> list[dict[str, Any]]:
    """Rows of parameters; those that only scale (a cutoff, a shift) have their interval on a log axis."""
    rows = []
    for name, value in parameters.items():
        chosen = (halves["form"] == form) & (halves["law"] == law) & (halves["parameter"] == name)
        of_halves = halves.loc[chosen, "value"].to_numpy(np.float64)
        low = high = float("nan")
        if len(of_halves) >= 20:
            if name in ("cutoff", "shift", "scale") and value > 0 and (of_halves > 0).all():
                logs = np.log(of_halves)
                low, high = (value * np.exp(np.quantile(logs, [0.025, 0.975]) - logs.mean())).tolist()
            else:
                low, high = (value + np.quantile(of_halves, [0.025, 0.975]) - of_halves.mean()).tolist()
        row = {"form": form, "law": law, "parameter": name, "value": value, "low": low, "high": high}
        rows.append(row | {"n_halves": len(of_halves)})
    return rows


def _numbers(fit: TailFit | RankFit) -> dict[str, Any]:
    shared = {
        "log_likelihood": fit.log_likelihood,
        "distance": fit.distance,
        "p_value": fit.p_value,
        "n_bootstrap": fit.n_bootstrap,
    }
    if isinstance(fit, TailFit):
        return {**shared, "n_fitted": fit.n_tail, "x_min": fit.x_min, "standard_error": fit.standard_error}
    return {**shared, "n_fitted": fit.n, "n_occurrences": fit.n_occurrences}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _stage(progress: Progress | None, system: str) -> StepProgress | None:
    return within(progress, f"Laws of {system.replace('_', ' ')}")


def _facts(study: Study, over: Over) -> dict[str, Any]:
    """What the laws hold for: the study, and which vocabularies it kept beside its own by then."""
    return {
        "format": FORMAT,
        "study": study.manifest["fingerprint"],
        "n_latents": study.n_latents,
        **kept_beside(study, over),
    }
