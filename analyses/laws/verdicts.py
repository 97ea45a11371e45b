"""One row for each law of language, and for each assumption of BM25: figure, control, and what the two bear out.

A row is made of what a study keeps, or of what is computed within a blink; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analyses.laws.growth import Heaps
from analyses.laws.law_sentences import RULED_OUT
from analyses.laws.laws import Laws

MISSES = 0.1  # a fit that is further off its curve than this is no law
CLOSED = 0.25  # of the words' exponent at the end: below, the latents' vocabulary is closed
MOST = 0.8  # share of the doublings of frequency in which terms must repeat more than by chance
CLOSE = 0.8  # a rank correlation from which on one length follows another


@dataclass(frozen=True)
class Verdict:
    """figure: of the latents; control: of words, or of chance, by the same measure; verdict: what both say."""

    figure: str
    control: str
    verdict: str


UNKNOWN = Verdict("–", "–", "Too few terms to say.")


def zipf(laws: Laws) -> Verdict:
    """Is a power law of frequencies ruled out, for latents and for words?"""
    told: dict[str, tuple[str, bool]] = {}
    for system in ("latents", "words"):
        fits = laws.fits[(laws.fits["system"] == system) & (laws.fits["law"] == "power_law")]
        of = laws.parameters[(laws.parameters["system"] == system) & (laws.parameters["law"] == "power_law")]
        exponent = of[of["parameter"] == "exponent"]
        if len(fits) and len(exponent):
            p = float(fits["p_value"].iloc[0])
            told[system] = (
                f"α = {float(exponent['value'].iloc[0]):.2f}, p {'< 0.01' if p < 0.01 else f'= {p:.2f}'}",
                p >= RULED_OUT,
            )
    if "latents" not in told:
        return UNKNOWN
    figure, holds = told["latents"]
    text = "No test rules a power law out" if holds else "A power law is ruled out"
    if "words" not in told:
        return Verdict(figure, "–", f"{text}.")
    same = told["words"][1] == holds
    beside = "as for words" if same else f"for words it is {'ruled out' if holds else 'not ruled out'}"
    return Verdict(figure, told["words"][0], f"{text}, {beside}.")


def heaps(fitted: Sequence[Heaps]) -> Verdict:
    """Does the vocabulary go on growing with the text?"""
    by_name = {one.system: one for one in fitted}
    if "latents" not in by_name or "words" not in by_name:
        return UNKNOWN
    latents, words = by_name["latents"], by_name["words"]
    closed = latents.last_exponent < CLOSED * words.last_exponent
    text = (
        "Closed: another document brings hardly any new latent, while new words keep coming"
        if closed
        else "Still growing at the end of this text"
    )
    law = (
        ""
        if latents.misses <= MISSES
        else f"; no power law, the fit misses the curve by {latents.misses:.0%}"
    )
    return Verdict(
        f"exponent at the end {latents.last_exponent:.3f}",
        f"words {words.last_exponent:.3f}",
        f"{text}{law}.",
    )


def meanings(law: pd.DataFrame, measure: str = "effective") -> Verdict:
    """Do frequent latents have more meanings, beyond tokens drawn at random?"""
    rows = law[(law["measure"] == measure) & (law["system"] == "latents")]
    own, chance = rows[~rows["control"].astype(bool)], rows[rows["control"].astype(bool)]
    if own.empty or chance.empty or own["slope"].isna().all():
        return UNKNOWN
    one, other = own.iloc[0], chance.iloc[0]
    if one["low"] <= 0:
        text = "Frequent latents have no more meanings than rare ones."
    elif one["high"] < other["low"]:
        text = "More meanings the more frequent, but less steeply than tokens drawn at random."
    elif one["low"] > other["high"]:
        text = "More meanings the more frequent, and more steeply than tokens drawn at random."
    else:
        text = "More meanings the more frequent, about as steeply as tokens drawn at random."
    return Verdict(_slope(one), f"at random {_slope(other)}", text)


def bursts(medians: pd.DataFrame) -> Verdict:
    """Of the documents that hold a term, how many hold it twice or more, beside a Poisson process?"""
    wide = medians[medians["system"] == "latents"].pivot_table(index="x", columns="measure", values="median")
    if not {"adaptation", "chance"} <= set(wide.columns) or wide.empty:
        return UNKNOWN
    above = float((wide["adaptation"] > wide["chance"]).mean())
    text = (
        "Latents repeat more than by chance, as BM25's saturation assumes"
        if above >= MOST
        else "Latents repeat more than by chance in only some bands of frequency"
    )
    return Verdict(
        f"{wide['adaptation'].median():.0%} hold it twice",
        f"by chance {wide['chance'].median():.0%}",
        f"{text} ({above:.0%} of the bands).",
    )


def lengths(table: pd.DataFrame) -> Verdict:
    """Does document length, the sum of term frequencies, follow the length of the text?"""
    if len(table) < 3:
        return UNKNOWN
    ranks = table[["length", "tokens", "words"]].rank()
    own = float(ranks["length"].corr(ranks["tokens"]))
    words = float(ranks["words"].corr(ranks["tokens"]))
    if own != own:
        return UNKNOWN
    text = (
        "A text's sum of term frequencies is a measure of its length"
        if own >= CLOSE
        else "A text's sum of term frequencies measures more than its length"
    )
    return Verdict(f"ρ = {own:.2f} with tokens", f"words ρ = {words:.2f}", f"{text}.")


def _slope(row: pd.Series) -> str:
    return f"δ = {row['slope']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
