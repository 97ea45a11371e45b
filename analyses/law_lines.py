"""Fitted laws as lines over the ranks that they speak of, and what the fits allow one to say."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analyses.power_laws import LAWS, survivals
from analyses.rank_laws import HIGHEST_EXPONENT, rank_shares
from analyses.study_laws import Laws

Line = Literal[
    "power_law", "truncated_power_law", "lognormal", "stretched_exponential", "zipf", "zipf_mandelbrot",
    "least_squares",
]  # fmt: skip
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
NEAR = 0.95  # of a bound, what counts as having run into it


def law_line(laws: Laws, system: str, law: Line) -> pd.DataFrame:
    """Frequency by rank as a law has it: columns system, law, rank, share, over the ranks that it was fitted to."""
    fit, of = _fit(laws, system, law), values_of(laws, system, law)
    ranks = laws.ranks[laws.ranks["system"] == system]
    empty = pd.DataFrame({"system": [], "law": [], "rank": [], "share": []})
    if fit is None or ranks.empty:
        return empty
    scale = float((ranks["share"] / ranks["frequency"]).iloc[0])
    n = int(fit["n_terms"])
    if law in LAWS:
        sizes = np.geomspace(fit["x_min"], 100 * float(ranks["frequency"].max()), 300)
        a, b = _a_b(law, of)
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


def said(laws: Laws, system: str) -> list[str]:
    """What the fits of one vocabulary allow one to say, a sentence each."""
    power = _fit(laws, system, "power_law")
    if power is None:
        return ["Too few terms occur to fit a law."]
    found = laws.parameters[laws.parameters["system"] == system]
    n, part = int(power["n_fitted"]), power["n_fitted"] / power["n_terms"]
    exponent = _interval(found, "power_law", "exponent")
    verdict = (
        f"is ruled out (p {_p(power['p_value'])}), off by up to {power['distance']:.1%} of these terms"
        if power["p_value"] < RULED_OUT
        else f"cannot be ruled out (p {_p(power['p_value'])})"
    )
    sentences = [
        f"From a frequency of {power['x_min']:,.0f} on, which is {n:,} of {int(power['n_terms']):,} terms "
        f"({part:.0%}), a power law with exponent {exponent} {verdict}."
    ]
    pairs = laws.comparisons[(laws.comparisons["system"] == system) & (laws.comparisons["a"] == "power_law")]
    better = pairs[(pairs["log_ratio"] < 0) & (pairs["p_value"] < PREFERRED)]["b"].tolist()
    worse = pairs[(pairs["log_ratio"] > 0) & (pairs["p_value"] < PREFERRED)]["b"].tolist()
    open_ = [law for law in pairs["b"] if law not in better and law not in worse]
    told = [
        f"{_named(names)} {verb}"
        for names, verb in (
            (better, "fits better" if len(better) == 1 else "fit better"),
            (worse, "fits worse" if len(worse) == 1 else "fit worse"),
            (open_, "cannot be told from it"),
        )
        if names
    ]
    if told:
        text = "; ".join(told)
        sentences.append(f"Of its rivals on the same terms, {text}.")
    left = [
        law
        for law in LAWS[1:]
        if (one := _fit(laws, system, law)) is not None and one["p_value"] >= RULED_OUT
    ]
    if power["p_value"] < RULED_OUT:
        sentences.append(f"Not ruled out: {_named(left)}." if left else "All four laws are ruled out.")
    zipf, mandelbrot = (_fit(laws, system, law) for law in ("zipf", "zipf_mandelbrot"))
    if zipf is not None and mandelbrot is not None:
        sentences.append(
            f"Over all ranks, Zipf's law has exponent {_interval(found, 'zipf', 'exponent')}, off by up to "
            f"{zipf['distance']:.0%} of occurrences (p {_p(zipf['p_value'])}); Mandelbrot's "
            f"{_interval(found, 'zipf_mandelbrot', 'exponent')} with a shift of "
            f"{_interval(found, 'zipf_mandelbrot', 'shift')}, off by {mandelbrot['distance']:.1%} "
            f"(p {_p(mandelbrot['p_value'])}). Both p-values take occurrences as independent, which they are not: "
            "terms come in bursts, so that these laws look worse than they are."
        )
        if values_of(laws, system, "zipf_mandelbrot")["exponent"] > NEAR * HIGHEST_EXPONENT:
            sentences.append(
                f"Mandelbrot's exponent has run into the bound of its search, {HIGHEST_EXPONENT:.0f}: it and the "
                "shift are the bound's, and the frequencies fall nearly exponentially with the rank."
            )
        sentences.append(
            f"The straight line of least squares has slope {_interval(found, 'least_squares', 'slope')}: common, "
            "and no estimate, since most of its points are the rarest terms."
        )
    return sentences


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


def _a_b(law: str, of: dict[str, float]) -> tuple[float, float]:
    """The parameters as the kernels have them: `power_laws.parameters_of` turned round."""
    if law == "power_law":
        return of["exponent"], 0.0
    if law == "truncated_power_law":
        return of["exponent"], -float(np.log(of["cutoff"]))
    if law == "lognormal":
        return of["mu"], float(np.log(of["sigma"]))
    return -float(np.log(of["scale"])), float(np.log(of["power"]))


def _interval(rows: pd.DataFrame, law: str, parameter: str) -> str:
    row = rows[(rows["law"] == law) & (rows["parameter"] == parameter)].iloc[0]
    shown = [
        f"{row[name]:,.0f}" if row["value"] >= 100 else f"{row[name]:.2f}"
        for name in ("value", "low", "high")
    ]
    return shown[0] if row["low"] != row["low"] else f"{shown[0]} ({shown[1]} to {shown[2]})"


def _p(value: float) -> str:
    return f"= {value:.2g}" if value > 0.001 else "≤ 0.001"  # the least that 1,000 samples can say


def _named(laws: list[Any]) -> str:
    names = [f"the {NAMES[law].lower()}" for law in laws]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
