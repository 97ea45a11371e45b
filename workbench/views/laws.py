"""Laws: is the vocabulary of latents that of a language?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.laws import NAMES, labelled, laws_figure
from analyses.law_lines import LINES, Line, headline, law_line, said
from analyses.law_lines import NAMES as LAW_NAMES
from analyses.read_texts import controls_are_kept, queries_are_kept, write_queries
from analyses.study_laws import Laws, write_laws
from analyses.vocabularies import MEASURES, OVERS, Measure, Over
from retrieval.study import Study
from workbench import cache, cached_laws, frame, highlight, selection, steering

MEASURE_NAMES = {"documents": "Documents", "tokens": "Tokens", "activation": "Activation"}
OVER_NAMES = {"documents": "In documents", "queries": "In queries"}
METHOD = (
    "A power law is fitted by maximum likelihood to the frequencies from x_min on, where x_min makes the "
    "Kolmogorov-Smirnov distance least; its p-value is the share of samples of the fitted law that lie as far off "
    "their own fit as the data do (1,000 samples; 200 for a rival), and below 0.1 the law is ruled out (Clauset, "
    "Shalizi and Newman 2009). Its rivals are fitted to the same terms; the ratio of two likelihoods is tested by "
    "Vuong's test, or by chi-squared where one law holds the other. Zipf's and Mandelbrot's laws are fitted to all "
    "ranks, and their samples are ranked anew. Intervals are of documents: 100 random halves. The standard error "
    "of a power law's exponent is what other terms would change. The line of least squares on log-log axes is here "
    "because it is common: it is no estimate. With thousands of terms a test sees small departures; the distance "
    "says how large they are. Activations are counted in thousandths of the median term's."
)


def page() -> None:
    key, study = frame.opened()
    frame.heading("Laws", "Is it a language? Rank and frequency, and whether Zipf's law stands a test")
    measure, over, law = controls()
    if over == "queries" and not study.queries.ids:
        st.html(highlight.calm("No queries", "This collection has none: choose the documents."))
        return
    laws = cached_laws.laws(key, measure, over)
    if laws is None:
        measure_now(study, measure, over)
        laws = cached_laws.laws(key, measure, over)
    if laws is None or laws.fits.empty:
        st.html(highlight.calm("Nothing to fit", "No vocabulary of this study can be counted so."))
        return
    show_figure(key, laws, law)
    st.html(highlight.note(headline(laws)))
    if not controls_are_kept(study):
        st.caption(
            "The controls (random directions, random encoder) are not counted yet: "
            f"`workbench vocabulary {study.name} --controls` reads a sample of the documents through both, once."
        )
    for system in [name for name in laws.systems if name in ("latents", "words")]:
        frame.label(f"What the data allow one to say of the {NAMES[system].lower()}")
        st.html("".join(highlight.note(sentence) for sentence in said(laws, system)))
    frame.label("Every fit, with 95% intervals of documents")
    st.dataframe(
        readable(laws), hide_index=True, width="stretch", height=420,
        column_config={
            "Parameters (95% interval)": st.column_config.TextColumn(width=420),
            **{name: st.column_config.TextColumn(width=80) for name in ("KS distance", "p (bootstrap)")},
        },
    )  # fmt: skip
    with st.expander("Which law fits better: likelihood-ratio tests"):
        st.dataframe(compared(laws), hide_index=True, width="stretch")
    with st.expander("What the data allow one to say of the others"):
        for system in [name for name in laws.systems if name not in ("latents", "words")]:
            frame.label(NAMES.get(system, system))
            st.html("".join(highlight.note(sentence) for sentence in said(laws, system)))
    with st.expander("How this is done"):
        st.markdown(METHOD)


def controls() -> tuple[Measure, Over, Line]:
    """What is counted, where, and which law is drawn; all in the address."""
    here = selection.current()
    measure: Measure = next((one for one in MEASURES if one == here.get("count")), "documents")
    over: Over = next((one for one in OVERS if one == here.get("over")), "documents")
    law: Line = next((one for one in LINES if one == here.get("law")), "power_law")
    first, second, third = st.columns([1.3, 1.1, 1.3], vertical_alignment="bottom", gap="medium")
    measure = first.segmented_control(
        "Frequency by", MEASURES, format_func=MEASURE_NAMES.__getitem__, required=True,
        key=steering.take_up("count", measure),
    ) or measure  # fmt: skip
    over = second.segmented_control(
        "Counted", OVERS, format_func=OVER_NAMES.__getitem__, required=True, key=steering.take_up("over", over)
    ) or over  # fmt: skip
    law = third.selectbox(
        "Law drawn over each", LINES, format_func=LAW_NAMES.__getitem__, key=steering.take_up("law", law)
    )
    for name, chosen in (("count", measure), ("over", over), ("law", law)):
        steering.tell(name, chosen)
    selection.choose(count=measure, over=over, law=law)
    return measure, over, law


def measure_now(study: Study, measure: Measure, over: Over) -> None:
    """Count and fit once, with progress, and keep it in the study."""
    bar = st.progress(0.0, "Fitting laws, once")

    def report(stage: str, done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"{stage}, once; kept in the study")

    if over == "queries" and not queries_are_kept(study):
        with st.spinner("Reading the queries, once"), cache.encoder_lock():
            write_queries(study)
    write_laws(study, measure, over, progress=report)
    bar.empty()


def show_figure(key: cache.Key, laws: Laws, law: Line) -> None:
    """The figure; a clicked latent is opened."""
    here = selection.current().get("latent", "")
    lines = pd.concat([law_line(laws, system, law) for system in laws.systems], ignore_index=True)
    ranks = labelled(laws.ranks, cache.labels(key))
    latent = int(here) if here.isdecimal() else None
    event = frame.show(
        laws_figure(ranks, lines, laws.measure, laws.over, latent),
        f"laws {laws.measure} {laws.over}",
        on_select="rerun",
        selection_mode="points",
    )
    sampled = laws.fits.loc[laws.fits["system"] == "sample", "n_texts"]
    beside = (
        f" The controls read a sample of {int(sampled.iloc[0]):,} documents; the latents on it stand beside them."
        if len(sampled)
        else ""
    )
    st.caption(
        f"Dotted: {LAW_NAMES[law]}, over the terms it was fitted to. Click a latent to open it.{beside}"
    )
    if event and event.selection.points:
        latent = _clicked(event.selection.points[0])
        if latent >= 0:
            frame.go("latent", latent=latent)


def readable(laws: Laws) -> pd.DataFrame:
    """A row a fit, as people read it."""
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
    """A row a pair of laws."""
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
