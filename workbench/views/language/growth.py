"""Growth: does the vocabulary of latents keep growing with the text, as that of a language does?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from analyses.figures.laws.growth import filling_figure, growth_figure
from analyses.figures.laws.laws import NAMES
from analyses.laws.growth import Heaps
from analyses.laws.study_growth import SAMPLED, growth_is_kept, write_growth
from analyses.laws.verdicts import CLOSED, MISSES
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.page import frame
from workbench.page.evidence import calls
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer
from workbench.views.language.laws import offer_controls

METHOD = (
    "Heaps' curve is the exact mean over all orders of the documents. The power law V = K tokens^β is fitted to it "
    "by least squares on log-log axes. The exponent at the end is exact: the share of terms that exactly one "
    "document holds. Unseen: Chao's lower bound (1987) from the terms in one and in two documents, an estimate "
    "with its 95% interval. New: Good's (1953) estimate of the chance that the next occurrence is of a term not "
    "met before."
)


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Growth",
        "Does the vocabulary of latents keep growing with the text, as that of a language does?",
        METHOD,
    )
    if not growth_is_kept(study) and offers.can_keep(study.path):
        if job_offer.is_long(job_offer.seconds_of(study, "growth")):
            offer_growth(study)
            return
        measure(study)
    curve, everything = cached_language.growth(key)
    laws = [one for one in everything if one.system not in SAMPLED]
    latents, words = (next(one for one in laws if one.system == name) for name in ("latents", "words"))
    st.html(highlight.figures(headline(latents, words)))
    frame.label("Heaps' curve: distinct terms met, against tokens read")
    frame.show(growth_figure(curve, laws), "growth", curve, calls.growth(study))
    st.caption(
        "Lines: the mean over all orders of the documents; points: their own order; dotted: the power law."
    )
    st.html(highlight.note(verdict(latents, words)))
    show_controls(study, curve, [one for one in everything if one.system in SAMPLED])
    frame.label("The law in numbers")
    st.html(highlight.table(readable(everything)))
    st.caption(f"β: its 95% interval is of random halves of the {count(latents.n_docs)} documents.")
    show_dictionaries(key, study)


def offer_growth(study: Study) -> None:
    """The job that measures growth, in a study where that takes long."""
    st.html(
        highlight.calm(
            "Not measured yet", "The vocabularies are counted once, and the study keeps the curve."
        )
    )
    job_offer.offer(
        ["growth", str(study.path.resolve())],
        f"Growth of {study.name}",
        "Measure it",
        seconds=job_offer.seconds_of(study, "growth"),
        writes=study.path,
        type="primary",
    )


def measure(study: Study) -> None:
    """Count and fit once, with progress, and keep it where the study can be written."""
    bar = st.progress(0.0, "Growth of the vocabularies, once")

    def report(stage: str, done: int, total: int) -> None:
        bar.progress(done / total, f"{stage}, once")

    with suppress(OSError):
        write_growth(study, report)
    bar.empty()


def headline(latents: Heaps, words: Heaps) -> list[tuple[str, str, str]]:
    """The numbers at the top: value, unit, name."""
    unseen = f"latents ({count(latents.unseen_low)} to {count(latents.unseen_high)})"
    return [
        (count(latents.distinct), "latents", f"met in {count(latents.n_tokens)} tokens"),
        (percent(latents.reached), "", "of the dictionary"),
        (f"{latents.last_exponent:.3f}", "", "exponent at the end, latents"),
        (f"{words.last_exponent:.3f}", "", "exponent at the end, words"),
        (count(latents.once), "latents", "in one document"),
        (f"≥ {count(latents.unseen)}", unseen, "unseen"),
    ]


def verdict(latents: Heaps, words: Heaps) -> str:
    """Sentences on what the curves show."""
    sentences = []
    if latents.misses > MISSES:
        sentences.append(
            "The latents follow no power law: the fitted one misses their curve by up to "
            f"{percent(latents.misses)} (the words': {percent(words.misses)})."
        )
    else:
        sentences.append(f"A power law holds to within {percent(latents.misses)} for the latents.")
    if latents.last_exponent < CLOSED * words.last_exponent:
        sentences.append(
            "Their vocabulary is closed: another document brings hardly any new latent, while new words keep "
            "coming. Its size is that of the dictionary, not of the text."
        )
    else:
        sentences.append("Their vocabulary is still growing at the end of this text.")
    return " ".join(sentences)


def show_controls(study: Study, curve: pd.DataFrame, sampled: Sequence[Heaps]) -> None:
    """The latents beside dictionaries of the same size that were never trained, on the sample that these read."""
    frame.label(
        "Beside the controls: does a closed vocabulary set trained latents apart from any dictionary?"
    )
    if len(sampled) < 2:
        offer_controls(study)
        return
    frame.show(growth_figure(curve, sampled, height=340), "growth of controls")
    st.html(highlight.note(beside_controls(sampled)))


def beside_controls(sampled: Sequence[Heaps]) -> str:
    """Sentences on the latents' growth beside that of the controls."""
    latents, *controls = sorted(sampled, key=lambda one: one.system != "sample")
    others = "; ".join(
        f"{NAMES[one.system].lower()} {one.last_exponent:.3f}, {percent(one.reached)} of the dictionary"
        for one in controls
    )
    closing = (
        f"A dictionary of fixed size must close. In the same {count(latents.n_docs)} documents the latents end at "
        f"an exponent of {latents.last_exponent:.3f}, having met {percent(latents.reached)} of the dictionary; "
        f"{others}. "
    )
    apart = [one for one in controls if one.high < latents.low or one.low > latents.high]
    if not apart:
        return (
            closing
            + "Their intervals of the fitted exponent overlap that of the latents: growth does not tell them apart."
        )
    names = " and ".join(NAMES[one.system].lower() for one in apart)
    return closing + (
        f"The fitted exponent of the latents lies outside the interval of {names}. Intervals are over "
        "documents; each dictionary is of one seed, so they say nothing of other seeds."
    )


def readable(laws: Sequence[Heaps]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Terms": NAMES.get(one.system, one.system),
            "terms met": count(one.distinct),
            "of": count(one.capacity) if one.capacity else "unlimited",
            "β": f"{one.exponent:.3f}  ({one.low:.3f} to {one.high:.3f})",
            "misses by": percent(one.misses),
            "at the start": f"{one.first_exponent:.2f}",
            "at the end": f"{one.last_exponent:.3f}",
            "in one document": count(one.once),
            "unseen, at least": f"{count(one.unseen)}  ({count(one.unseen_low)} to {count(one.unseen_high)})",
            "new": percent(one.new_token) if one.new_token == one.new_token else "",
        }
        for one in laws
    )


def show_dictionaries(key: cache.Key, study: Study) -> None:
    """The dictionaries of all open studies of this collection."""
    st.html(highlight.subheading("By size of the dictionary and k"))
    fingerprint = study.manifest["collection"]["fingerprint"]
    others = frame.other_studies(study).values()
    keys = [key, *(other.key for other in others if other.collection == fingerprint)]
    table, curves = cached_language.dictionary_growth(tuple(keys))
    if len(keys) == 1:
        st.html(
            highlight.note(
                "This is the only open study of this collection, so there is no other dictionary to compare with. "
                "Train an SAE with another number of latents or another k, index the same collection with it, "
                "and open both."
            )
        )
        return
    frame.show(filling_figure(curves), "filling")
    shown = pd.DataFrame(
        {
            "Study": table["study"],
            "Encoder, layer": table["encoder"] + ", " + table["layer"],
            "Latents": table["n_latents"].map(count),
            "k": table["k"],
            "terms met": table["distinct"].map(count),
            "of the dictionary": table["reached"].map(percent),
            "at the end": table["last_exponent"].map(lambda value: f"{value:.3f}"),
            "in one document": table["once"].map(count),
            "unseen, at least": [
                f"{count(row['unseen'])}  ({count(row['unseen_low'])} to {count(row['unseen_high'])})"
                for row in table.to_dict("records")
            ],
            "in over half": table["over_half"].map(count),
        }
    )
    st.html(highlight.table(shown))
