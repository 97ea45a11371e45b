"""Fitted laws as lines over ranks, and as sentences about the fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analyses.laws._law_distributions import LAWS, survivals, values_to_a_b
from analyses.laws._rank_laws import HIGHEST_EXPONENT, rank_shares
from analyses.laws.laws import Laws

Line = Literal[
    "power_law",
    "truncated_power_law",
    "lognormal",
    "stretched_exponential",
    "zipf",
    "zipf_mandelbrot",
    "least_squares",
]
LINES: tuple[Line, ...] = get_args(Line)
NAMES = {
    "power_law": "Power law",
    "truncated_power_law": "Truncated power law",
    "lognormal": "Lognormal",
    "stretched_exponential": "Stretched exponential",
    "zipf": "Zipf",
    "zipf_mandelbrot": "Zipf-Mandelbrot",
    "least_squares": "Least squares (naive)",
}
RULED_OUT = 0.1  # Clauset, Shalizi and Newman's: a law of a lower p-value is ruled out
PREFERRED = 0.05
NEAR = 0.95  # of the bound of a search: closer estimates count as at the bound


def law_line(laws: Laws, system: str, law: Line) -> pd.DataFrame:
    """Frequency by rank under a fitted law: columns system, law, rank, share, over the ranks that it was
    fitted to.
    """
    fit, of = _fit(laws, system, law), values_of(laws, system, law)
    ranks = laws.ranks[laws.ranks["system"] == system]
    empty = pd.DataFrame({"system": [], "law": [], "rank": [], "share": []})
    if fit is None or ranks.empty:
        return empty
    scale = float((ranks["share"] / ranks["frequency"]).iloc[0])
    n = int(fit["n_terms"])
    if law in LAWS:
        sizes = np.geomspace(fit["x_min"], 100 * float(ranks["frequency"].max()), 300)
        a, b = values_to_a_b(law, of)
        rank = fit["n_fitted"] * survivals(law, a, b, float(fit["x_min"]), np.maximum(sizes, fit["x_min"]))
        kept = rank >= 0.7
        rank, share = rank[kept], sizes[kept] * scale
    elif law == "least_squares":
        rank = np.geomspace(1, n, 60)
        logs = np.log(ranks["rank"]), np.log(ranks["frequency"])
        # the line's height is that of the shown ranks; its slope is that of all
        share = np.exp((logs[1] + of["slope"] * logs[0]).mean()) * rank ** -of["slope"] * scale
    else:
        shares = rank_shares(n, of["exponent"], of.get("shift", 0.0))
        rank = np.unique(np.geomspace(1, n, 200).round().astype(np.int64))
        share = shares[rank - 1] * float(fit["n_occurrences"]) * scale
    line = pd.DataFrame({"system": system, "law": law, "rank": rank, "share": share})
    return line[line["share"] <= 1.0]  # a law knows no bound, but no term is in more than all texts


def values_of(laws: Laws, system: str, law: str) -> dict[str, float]:
    """The parameters of a law, without their intervals."""
    rows = laws.parameters[(laws.parameters["system"] == system) & (laws.parameters["law"] == law)]
    return dict(zip(rows["parameter"], rows["value"].astype(float), strict=True))


def law_sentences(laws: Laws, system: str) -> list[str]:
    """Sentences about the fits of one vocabulary."""
    power = _fit(laws, system, "power_law")
    if power is None:
        return ["Too few terms occur to fit a law."]
    return [*_tail_sentences(laws, system, power), *_rank_sentences(laws, system)]


def _tail_sentences(laws: Laws, system: str, power: dict[str, Any]) -> Iterator[str]:
    """The power law on the frequencies from x_min on, and its rivals there."""
    n, share = int(power["n_fitted"]), power["n_fitted"] / power["n_terms"]
    verdict = (
        f"is ruled out (p {_p(power['p_value'])}), off by up to {power['distance']:.1%} of these terms"
        if power["p_value"] < RULED_OUT
        else f"cannot be ruled out (p {_p(power['p_value'])})"
    )
    yield (
        f"From a frequency of {power['x_min']:,.0f} on, which is {n:,} of {int(power['n_terms']):,} terms "
        f"({share:.0%}), a power law with exponent {_interval(laws, system, 'power_law', 'exponent')} {verdict}."
    )
    pairs = laws.comparisons[(laws.comparisons["system"] == system) & (laws.comparisons["a"] == "power_law")]
    better = pairs[(pairs["log_ratio"] < 0) & (pairs["p_value"] < PREFERRED)]["b"].tolist()
    worse = pairs[(pairs["log_ratio"] > 0) & (pairs["p_value"] < PREFERRED)]["b"].tolist()
    undecided = [law for law in pairs["b"] if law not in better and law not in worse]
    clauses = [
        f"{_named(names)} {verb}"
        for names, verb in (
            (better, "fits better" if len(better) == 1 else "fit better"),
            (worse, "fits worse" if len(worse) == 1 else "fit worse"),
            (undecided, "cannot be told from it"),
        )
        if names
    ]
    if clauses:
        yield f"Of its rivals on the same terms, {'; '.join(clauses)}."
    if power["p_value"] < RULED_OUT:
        rivals = {law: _fit(laws, system, law) for law in LAWS[1:]}
        remaining = [law for law, fit in rivals.items() if fit is not None and fit["p_value"] >= RULED_OUT]
        yield f"Not ruled out: {_named(remaining)}." if remaining else "All four laws are ruled out."


def _rank_sentences(laws: Laws, system: str) -> Iterator[str]:
    """Zipf's and Mandelbrot's laws over all ranks, and the line of least squares."""
    zipf, mandelbrot = (_fit(laws, system, law) for law in ("zipf", "zipf_mandelbrot"))
    if zipf is None or mandelbrot is None:
        return
    exponent, shift = (_interval(laws, system, "zipf_mandelbrot", name) for name in ("exponent", "shift"))
    yield (
        f"Over all ranks, Zipf's law has exponent {_interval(laws, system, 'zipf', 'exponent')}, off by up to "
        f"{zipf['distance']:.0%} of occurrences (p {_p(zipf['p_value'])}); Mandelbrot's {exponent} with a shift of "
        f"{shift}, off by {mandelbrot['distance']:.1%} (p {_p(mandelbrot['p_value'])}). Both p-values take "
        "occurrences as independent, which they are not: terms come in bursts, so that these laws look worse than "
        "they are."
    )
    if values_of(laws, system, "zipf_mandelbrot")["exponent"] > NEAR * HIGHEST_EXPONENT:
        yield (
            f"Mandelbrot's exponent has run into the bound of its search, {HIGHEST_EXPONENT:.0f}: exponent and "
            "shift are set by the bound, and the frequencies fall nearly exponentially with the rank."
        )
    slope = _interval(laws, system, "least_squares", "slope")
    yield (
        f"The straight line of least squares has slope {slope}: common, and no estimate, since most of its points "
        "are the rarest terms."
    )


def headline(laws: Laws) -> str:
    """Whether the latents are Zipfian by these tests, and whether the words are: one sentence."""
    zipfian = {}
    for system in ("latents", "words"):
        fit = _fit(laws, system, "power_law")
        zipfian[system] = None if fit is None else bool(fit["p_value"] >= RULED_OUT)
    if zipfian["latents"] is None:
        return "Too few latents occur to say whether a power law holds."
    latents = (
        "No test here rules out a power law for the latents above their threshold, which does not show that they "
        "follow one"
        if zipfian["latents"]
        else "A power law is ruled out for the latents, even above the threshold that suits it best"
    )
    if zipfian["words"] is None:
        return f"{latents}."
    same = zipfian["words"] == zipfian["latents"]
    words = "cannot be ruled out" if zipfian["words"] else "is ruled out too" if same else "is ruled out"
    return f"{latents}; for the words of the same texts it {words}."


def _fit(laws: Laws, system: str, law: str) -> dict[str, Any] | None:
    rows = laws.fits[(laws.fits["system"] == system) & (laws.fits["law"] == law)]
    return None if rows.empty else {str(name): value for name, value in rows.iloc[0].items()}


def _interval(laws: Laws, system: str, law: str, parameter: str) -> str:
    """A parameter with its 95% interval, where there is one."""
    rows = laws.parameters[laws.parameters["system"] == system]
    row = rows[(rows["law"] == law) & (rows["parameter"] == parameter)].iloc[0]
    shown = [
        f"{row[name]:,.0f}" if row["value"] >= 100 else f"{row[name]:.2f}"
        for name in ("value", "low", "high")
    ]
    return shown[0] if row["low"] != row["low"] else f"{shown[0]} ({shown[1]} to {shown[2]})"


def _p(value: float) -> str:
    return f"= {value:.2g}" if value > 0.001 else "≤ 0.001"  # the least p-value of 1,000 samples


def _named(laws: list[Any]) -> str:
    names = [f"the {NAMES[law].lower()}" for law in laws]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
