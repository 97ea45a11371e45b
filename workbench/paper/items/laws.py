"""Items on the laws of the vocabulary: frequency by rank, and growth, beside words, wordpieces and controls."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyses.figures.laws.laws import NAMES
from analyses.figures.paper.paper_vocabulary import growth_print, laws_panels
from analyses.laws.law_sentences import LINES, headline, law_line, law_sentences
from analyses.laws.law_sentences import NAMES as LAW_NAMES
from analyses.laws.laws import Laws, laws
from analyses.laws.study_growth import growth, heaps
from analyses.vocabularies.term_counts import SYSTEMS
from workbench.paper.item import Evidence, Item, Made, collection_of, p_text, records


def laws_item(evidence: Evidence) -> Made:
    """Document frequency by rank, and the laws fitted to it, beside words, wordpieces and controls."""
    study = evidence.study()
    fitted = laws(study)
    assert fitted is not None  # a part of the item
    table = law_table(fitted)
    lines = [law_line(fitted, "latents", law) for law in LINES]
    chart = laws_panels(fitted.ranks, pd.concat([line for line in lines if len(line)] or lines[:1]))
    sizes = fitted.fits.groupby("system", sort=False)[["n_terms", "n_texts"]].first()
    counted = ", ".join(
        f"{row.n_terms:,} {NAMES.get(str(name), str(name)).lower()}" for name, row in sizes.iterrows()
    )
    where = collection_of(study)
    caption = f"Too few terms occur in {where} to fit a law."
    if len(sizes):
        caption = (
            f"Document frequency by rank in {where}: {counted}. Controls, and the sample that they are "
            f"compared with, are of {int(sizes['n_texts'].min()):,} of the documents. Right: the latents "
            "under laws fitted by maximum likelihood, the first four above their x_min, Zipf's over all "
            "ranks; the straight line of least squares is customary, but no valid estimate. Intervals are of "
            "documents (delete-half jackknife), p of a goodness-of-fit bootstrap: below .1 a law is ruled "
            "out."
        )
    facts = [headline(fitted)]
    for system in fitted.systems:
        sentences = law_sentences(fitted, system)
        if system not in SYSTEMS:  # of a control, whether the law holds, and its exponents
            sentences = [sentence for sentence in sentences if "exponent" in sentence]
        facts += [f"{NAMES.get(system, system)}: {sentence}" for sentence in sentences]
    return Made(table, caption, tuple(facts), _printed_laws(table), chart, "double", 0.5)


def law_table(fitted: Laws) -> pd.DataFrame:
    """A row per parameter of each fit, with its numbers and its likelihood ratio to the power law or Zipf's.

    log_ratio < 0 favours the row's law, ratio_p is the ratio's p-value; NaN for the law that is compared to.
    """
    keys = ["system", "form", "law"]
    against = fitted.comparisons[fitted.comparisons["a"].isin(["power_law", "zipf"])]
    against = against.rename(columns={"b": "law", "a": "against", "p_value": "ratio_p"})
    table = fitted.fits.merge(fitted.parameters, how="left", on=keys)
    return table.merge(against[[*keys, "against", "log_ratio", "ratio_p"]], how="left", on=keys)


def _printed_laws(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (system, form, law), part in table.groupby(["system", "form", "law"], sort=False):
        first = records(part)[0]
        of = [f"{row['parameter']} {_few(row['value'], row['low'], row['high'])}" for row in records(part)]
        rows.append(
            {
                "Vocabulary": NAMES.get(str(system), str(system)),
                "Law": LAW_NAMES[str(law)],
                "from": "" if form != "frequency" else f"{first['x_min']:,.0f}",
                "terms": f"{first['n_fitted']:,.0f} of {first['n_terms']:,.0f}",
                "parameters": "; ".join(of),
                "KS": "" if pd.isna(first["distance"]) else f"{first['distance']:.3f}",
                "p": p_text(first["p_value"]),
                "log ratio (p)": ""
                if pd.isna(first["log_ratio"])
                else f"{first['log_ratio']:+,.1f} ({p_text(first['ratio_p'])})",
            }
        )
    columns = ["Vocabulary", "Law", "from", "terms", "parameters", "KS", "p", "log ratio (p)"]
    return pd.DataFrame(rows, columns=columns)


def _few(value: float, low: float, high: float) -> str:
    """A number and its interval, to two significant digits, without decimals where the number is large."""
    form = ",.0f" if abs(value) >= 100 else ".2f" if abs(value) >= 0.1 else ".2g"
    return f"{value:{form}}" + (f" ({low:{form}} to {high:{form}})" if low == low else "")


def growth_item(evidence: Evidence) -> Made:
    """Heaps' curves of latents, words and wordpieces, and their exponents."""
    study = evidence.study()
    fitted, curve = heaps(study), growth(study)
    table = pd.DataFrame([law.to_dict() for law in fitted.values()])
    rows = records(table)
    facts = [
        f"{NAMES.get(row['system'], row['system'])}: {row['distinct']:,} distinct in {row['n_tokens']:,} tokens; "
        f"Heaps' exponent is {_few(row['exponent'], row['low'], row['high'])}, and the fit misses the curve by "
        f"up to {row['misses']:.0%}; at the end the curve's own slope is {row['last_exponent']:.3f}, exactly. "
        f"At least {_few_terms(row)} more terms are unseen."
        for row in rows
    ]
    shown = pd.DataFrame(
        {
            "Vocabulary": [NAMES.get(row["system"], row["system"]) for row in rows],
            "distinct": [f"{row['distinct']:,}" for row in rows],
            "of": [
                f"{int(row['capacity']):,}" if row["capacity"] == row["capacity"] and row["capacity"] else "–"
                for row in rows
            ],
            "exponent": [_few(row["exponent"], row["low"], row["high"]) for row in rows],
            "misses by": [f"{row['misses']:.0%}" for row in rows],
            "slope at the end": [f"{row['last_exponent']:.3f}" for row in rows],
            "unseen, at least": [_few_terms(row) for row in rows],
        }
    )
    caption = (
        f"Distinct terms over tokens read, in {collection_of(study)} (controls, and the latents beside them, "
        "on a sample): exact means over all orders of the documents; dotted, Heaps' law fitted to them. "
        "Exponents with 95% intervals of documents (delete-half jackknife); unseen terms by Chao's lower bound."
    )
    return Made(table, caption, tuple(facts), shown, growth_print(curve, list(fitted.values())), ratio=0.95)


def _few_terms(row: dict[str, Any]) -> str:
    values = [row[name] for name in ("unseen", "unseen_low", "unseen_high")]
    return (
        "–" if values[0] is None or values[0] != values[0] else "{:,.0f} ({:,.0f} to {:,.0f})".format(*values)
    )


ITEMS = (
    Item(
        "laws",
        "Rank and frequency, with laws",
        laws_item,
        needs_study=True,
        parts=("controls", "laws"),
        formerly=("rank-frequency",),
    ),
    Item("growth", "Growth of the vocabulary", growth_item, needs_study=True, parts=("controls", "growth")),
)
