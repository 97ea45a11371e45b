"""Live sliders for k1, b and φ: how they change this query's ranking, and nDCG@10 over all judged queries."""

from __future__ import annotations

import streamlit as st

from analyses.figures.style.paths import paths_figure
from analyses.why.k1 import UNITS
from retrieval.bm25 import Bm25Parameters, Phi
from retrieval.study import Study
from workbench.caches import ablation as cached_interventions
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.glossary import tooltip
from workbench.page import frame, url_widgets
from workbench.page.evidence import calls

PHI_NAMES: dict[Phi, str] = {"sqrt": "square root", "log1p": "ln(1 + x)", "none": "identity"}
K1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
COUNTED_IN = {"weight": "weights", "mean": "mean weights"}
AT_FIRST = 2.0  # mean weights
K1_LABEL = "k1: how late a latent saturates"
N_SAMPLE = 100


def show(key: cache.Key, study: Study, query: str, idf: cache.Idf) -> None:
    """This query ranked by the paper's k1, b and φ, and by the sliders'."""
    paper, other = Bm25Parameters(), chosen(key, idf)
    effect = cached_interventions.rescored(key, query, paper, other)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label("Ranks from the paper's scoring to yours; relevant documents are green diamonds")
        link = lambda doc: frame.address("search", q=query, doc=doc)  # noqa: E731
        call = calls.rescored(study, query, paper, other)
        chart = paths_figure(effect.ranking, link=link, narrow=frame.is_narrow())
        frame.show(chart, "scoring paths", effect.ranking, call)
    with right:
        if effect.ndcg is not None:
            frame.label("nDCG@10 of this query")
            st.html(
                highlight.figures(
                    [(f"{effect.ndcg[0]:.3f}", "", "paper's"), (f"{effect.ndcg[1]:.3f}", "", "yours")]
                )
            )
        frame.label("The first ten documents of this query")
        st.html(highlight.figures([(f"{10 * effect.overlap:.0f}", "of 10", "stay in the first ten")]))
        if study.qrels:
            show_all(key, paper, other)


def chosen(key: cache.Key, idf: cache.Idf) -> Bm25Parameters:
    """The sliders, and the parameters that they stand at."""
    paper = Bm25Parameters()
    unit = url_widgets.segmented(
        "unit", "k1 counts in", COUNTED_IN, "weight", help=tooltip("k1 / mean weight")
    )
    first, second, third = st.columns([1.3, 1.3, 1.2], gap="large", vertical_alignment="bottom")
    k1 = chosen_k1(key, unit, first)
    b = url_widgets.slider(
        "b", "b: strength of length normalisation", 0.0, 1.0, 0.05, paper.b, second, help=tooltip("b")
    )
    phi = url_widgets.segmented(
        "phi", "φ: summed activation to term frequency", PHI_NAMES, paper.phi, third, help=tooltip("φ")
    )
    return Bm25Parameters(k1, b, phi, idf)


def chosen_k1(key: cache.Key, unit: str, at: url_widgets.Place) -> float:
    """The slider of k1, and k1 as BM25 takes it."""
    if unit == "weight":
        return url_widgets.select_slider(
            "k1", K1_LABEL, K1, Bm25Parameters().k1, at, format_func="{:g}".format, help=tooltip("k1")
        )
    mean = cached_interventions.mean_weight(key)
    units = url_widgets.select_slider(
        "units",
        K1_LABEL,
        UNITS,
        AT_FIRST,
        at,
        format_func=lambda units: f"{units:g} × {mean:.2f}",
        help=tooltip("k1 / mean weight"),
    )
    return units * mean


def show_all(key: cache.Key, paper: Bm25Parameters, other: Bm25Parameters) -> None:
    """nDCG@10 over the judged queries: of a sample at once, of all of them on demand."""
    n = len(cached_language.judged(key))
    wanted = f"all scored {key.digest} {other}"
    at_most = None if n <= 4 * N_SAMPLE or st.session_state.get(wanted) else N_SAMPLE
    mean = cached_interventions.mean_ndcg(key, other, at_most)
    change = cached_interventions.mean_change(key, paper, other, at_most)
    frame.label(
        "nDCG@10 over all judged queries"
        if at_most is None
        else f"nDCG@10, estimated on {count(mean.n)} queries"
    )
    st.html(
        highlight.figures(
            [
                (f"{mean.mean:.3f}", f"{mean.low:.3f} to {mean.high:.3f}", "yours, 95%"),
                (
                    f"{change.mean:+.3f}",
                    f"{change.low:+.3f} to {change.high:+.3f}",
                    "change from the paper's, 95%",
                ),
            ]
        )
    )
    sample = "" if at_most is None else f" A sample of {count(n)}, drawn by a fixed seed."
    st.caption(
        f"{count(mean.n)} queries; intervals are bootstraps over them.{sample} The paper's are k1 = 8, b = "
        "0.7, the square root and the clipped idf. A setting chosen here is tuned on the queries that it is "
        "judged by."
    )
    if at_most is not None and st.button(f"Rank all {count(n)} queries"):
        st.session_state[wanted] = True
        st.rerun()
