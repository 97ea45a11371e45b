"""Laws: do the latents follow Zipf's law, by a statistical test?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.laws.laws import NAMES, labelled, laws_figure
from analyses.laws.law_sentences import LINES, Line, headline, law_line, law_sentences
from analyses.laws.law_sentences import NAMES as LAW_NAMES
from analyses.laws.laws import Laws
from analyses.vocabularies.control_counts import controls_are_kept
from analyses.vocabularies.vocabularies import Measure, Over
from retrieval.study import Study
from retrieval.vocabularies import CONTROLS
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.markup import highlight
from workbench.page import frame, numbers, selection, url_widgets
from workbench.page.evidence import calls, record
from workbench.page.work import offer as job_offer

MEASURE_NAMES: dict[Measure, str] = {
    "documents": "Documents",
    "tokens": "Tokens",
    "activation": "Summed activation",
}
OVER_NAMES: dict[Over, str] = {"documents": "In documents", "queries": "In queries"}
METHOD = (
    "A power law is fitted by maximum likelihood to the frequencies from x_min on, where x_min makes the "
    "Kolmogorov-Smirnov distance least. The p-value is the share of samples of the fitted law that lie as far from "
    "their own fit as the data do (1,000 samples; 200 for a rival), and below 0.1 the law is ruled out (Clauset, "
    "Shalizi and Newman 2009). Its rivals are fitted to the same terms; the ratio of two likelihoods is tested by "
    "Vuong's test, or by chi-squared where one law contains the other. Zipf's and Mandelbrot's laws are "
    "fitted to all ranks, and their samples are ranked again. Intervals are of documents: 100 random halves. "
    "The standard error of a power law's exponent is its spread over samples of terms. The line of least "
    "squares on log-log axes is shown because it is common; it is no valid estimate. With thousands of terms "
    "a test detects small departures; the distance measures how large they are. Activations are counted in "
    "thousandths of the median term's."
)


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Laws", "Rank and frequency: do the latents follow Zipf's law, by a statistical test?", METHOD
    )
    measure, over, law = controls()
    if over == "queries" and not study.queries.ids:
        st.html(highlight.calm("No queries", "This collection has no queries: count in documents instead."))
        return
    laws = cached_language.laws(key, measure, over)
    if laws is None:
        offer_fit(study, measure, over)
        return
    if laws.fits.empty:
        st.html(highlight.calm("Nothing to fit", "No vocabulary of this study can be counted in this way."))
        return
    record.record("fits", table=laws.fits, call=calls.laws(study, measure, over))
    show_figure(key, laws, law)
    st.html(highlight.note(headline(laws)))
    if not controls_are_kept(study):
        offer_controls(study)
    for system in [name for name in laws.systems if name in ("latents", "words")]:
        frame.label(f"Results for the {NAMES[system].lower()}")
        st.html("".join(highlight.note(sentence) for sentence in law_sentences(laws, system)))
    frame.label("Every fit, with 95% intervals over documents")
    fits, pairs = readable(laws), compared(laws)
    widths = {"Parameters (95% interval)": 420, "KS distance": 80, "p (bootstrap)": 80}
    columns = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}
    st.dataframe(
        fits,
        hide_index=True,
        width="stretch",
        height=420,
        column_config=numbers.explained(fits.columns, columns),
    )
    with st.expander("Which law fits better: likelihood-ratio tests"):
        st.dataframe(pairs, hide_index=True, width="stretch", column_config=numbers.explained(pairs.columns))
    with st.expander("Results for the other vocabularies"):
        for system in [name for name in laws.systems if name not in ("latents", "words")]:
            frame.label(NAMES.get(system, system))
            st.html("".join(highlight.note(sentence) for sentence in law_sentences(laws, system)))


def offer_controls(study: Study) -> None:
    """The job that counts the controls, which laws and growth stand beside."""
    job_offer.offer(
        ["laws", str(study.path.resolve()), "--controls"],
        f"Controls of the laws of {study.name}",
        "Count them",
        "The controls (random directions, random encoder) are not counted yet, on a sample of the documents.",
        seconds=job_offer.seconds_of(study, *(kind.name for kind in CONTROLS), "laws"),
        writes=study.path,
    )


def controls() -> tuple[Measure, Over, Line]:
    """What is counted, where, and the law that is drawn."""
    first, second, third = st.columns([1.3, 1.1, 1.3], vertical_alignment="bottom", gap="medium")
    laws: dict[Line, str] = {law: LAW_NAMES[law] for law in LINES}
    return (
        url_widgets.segmented("count", "Frequency by", MEASURE_NAMES, "documents", first),
        url_widgets.segmented("over", "Counted", OVER_NAMES, "documents", second),
        url_widgets.select("law", "Law drawn over each", laws, "power_law", third),
    )


def offer_fit(study: Study, measure: Measure, over: Over) -> None:
    """Not fitted yet: the job that counts and fits, and keeps it in the study."""
    what = (
        "This study keeps no laws of this kind yet: half a minute of fits and bootstraps for each vocabulary."
    )
    st.html(highlight.calm("Not measured yet", what))
    asked = [
        *(["--by", measure] if measure != "documents" else []),
        *(["--over", over] if over == "queries" else []),
    ]
    job_offer.offer(
        ["laws", str(study.path.resolve()), *asked],
        f"Laws of {study.name}",
        "Fit them",
        seconds=job_offer.seconds_of(study, "laws", *(["counted_queries"] if over == "queries" else [])),
        writes=study.path,
        type="primary",
    )


def show_figure(key: cache.Key, laws: Laws, law: Line) -> None:
    """The figure; a click on a latent opens its page."""
    here = selection.current().get("latent", "")
    lines = pd.concat([law_line(laws, system, law) for system in laws.systems], ignore_index=True)
    ranks = labelled(laws.ranks, cache.labels(key))
    latent = int(here) if here.isdecimal() else None
    frame.label("Terms by falling frequency, both axes by logarithm: a power law is a straight line")
    event = frame.show(
        laws_figure(ranks, lines, laws.measure, laws.over, latent),
        f"laws {laws.measure} {laws.over}",
        on_select="rerun",
        selection_mode="points",
    )
    sampled = laws.fits.loc[laws.fits["system"] == "sample", "n_texts"]
    beside = (
        f" The controls are counted on a sample of {int(sampled.iloc[0]):,} documents; the latents on that "
        "sample are drawn too."
        if len(sampled)
        else ""
    )
    st.caption(
        f"Dotted: {LAW_NAMES[law]}, over the terms that the law is fitted to. Click a latent to open its "
        f"page.{beside}"
    )
    if event and event.selection.points:
        latent = _clicked(event.selection.points[0])
        if latent >= 0:
            frame.go("latent", latent=latent)


def readable(laws: Laws) -> pd.DataFrame:
    """One row per fit, in readable form."""
    rows = []
    for fit in laws.fits.to_dict("records"):
        own = laws.parameters[
            (laws.parameters["system"] == fit["system"]) & (laws.parameters["law"] == fit["law"])
        ].to_dict("records")
        error = fit["standard_error"]
        rows.append(
            {
                "Vocabulary": NAMES.get(fit["system"], fit["system"]),
                "Law": LAW_NAMES[fit["law"]],
                "Fitted to": "ranks" if fit["form"] != "frequency" else f"frequency ≥ {fit['x_min']:,.0f}",
                "Terms": f"{int(fit['n_fitted']):,} of {int(fit['n_terms']):,}",
                "Parameters (95% interval)": "; ".join(map(parameter, own))
                + (f"; standard error {error:.3f}" if error == error else ""),
                "KS distance": "" if fit["distance"] != fit["distance"] else f"{fit['distance']:.3f}",
                "p (bootstrap)": "" if fit["p_value"] != fit["p_value"] else f"{fit['p_value']:.2g}",
            }
        )
    return pd.DataFrame(rows)


def parameter(row: dict[Any, Any]) -> str:
    shown = [
        f"{row[name]:,.3g}" if abs(row["value"]) < 1000 else f"{row[name]:,.0f}"
        for name in ("value", "low", "high")
    ]
    interval = "" if row["low"] != row["low"] else f" ({shown[1]} to {shown[2]})"
    return f"{row['parameter']} {shown[0]}{interval}"


def compared(laws: Laws) -> pd.DataFrame:
    """One row per pair of laws."""
    table = laws.comparisons
    return pd.DataFrame(
        {
            "Vocabulary": [NAMES.get(system, system) for system in table["system"]],
            "Law": [LAW_NAMES[law] for law in table["a"]],
            "against": [LAW_NAMES[law] for law in table["b"]],
            "ln likelihood ratio": [f"{ratio:+,.1f}" for ratio in table["log_ratio"]],
            "p": [f"{value:.2g}" if value > 0 else "< 1e-300" for value in table["p_value"]],
            "Test": table["test"],
            "n": [f"{n:,}" for n in table["n"]],
        }
    )


def _clicked(point: Any) -> int:
    """The latent of a clicked point, whose customdata arrives as a number, a list or a dict."""
    data = point.get("customdata", -1)
    if isinstance(data, dict):
        data = list(data.values())
    return int(data[0] if isinstance(data, list) else data)
