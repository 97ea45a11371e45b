"""Live sliders for k1, b, phi and the idf: this query's ranking, and what they do to all."""

from __future__ import annotations

import streamlit as st

from analyses.figures.paths import paths_figure
from retrieval.bm25 import PHIS, Bm25Parameters, Phi
from retrieval.study import Study
from workbench import cache, cached_interventions, cached_language, frame, highlight, selection
from workbench.formats import count

PHI_NAMES: dict[Phi, str] = {"sqrt": "square root", "log1p": "ln(1 + x)", "none": "as it is"}
K1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
N_SAMPLE = 100


def show(key: cache.Key, study: Study, query: str, idf: cache.Idf) -> None:
    """Before: the paper's k1, b and phi; after: the sliders'."""
    paper, other = Bm25Parameters(), chosen(idf)
    found = cached_interventions.rescored(key, query, paper, other)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label(
            "Where each document goes, from the paper's scoring to yours; relevant ones are green diamonds"
        )
        link = lambda doc: frame.address("search", q=query, doc=doc)  # noqa: E731
        frame.show(paths_figure(found.ranking, link=link), "scoring paths")
    with right:
        if found.ndcg is not None:
            frame.label("nDCG@10 of this query")
            st.html(
                highlight.figures(
                    [(f"{found.ndcg[0]:.3f}", "", "paper's"), (f"{found.ndcg[1]:.3f}", "", "yours")]
                )
            )
        frame.label("Its first ten documents")
        st.html(highlight.figures([(f"{10 * found.overlap:.0f}", "of 10", "stay")]))
        if study.qrels:
            show_all(key, paper, other)


def chosen(idf: cache.Idf) -> Bm25Parameters:
    """The sliders; what they say lives in the URL."""
    here, paper = selection.current(), Bm25Parameters()
    k1 = min(K1, key=lambda step: abs(step - selection.number("k1", paper.k1)))
    b = min(max(selection.number("b", paper.b), 0.0), 1.0)
    phi: Phi = next((one for one in PHIS if one == here.get("phi")), paper.phi)
    first, second, third = st.columns([1.3, 1.3, 1.2], gap="large", vertical_alignment="bottom")
    picked_k1 = first.select_slider(
        "k1: how late a latent's weight saturates",
        K1,
        k1,
        format_func=lambda step: f"{step:g}",
        key=f"k1 {k1}",
    )
    picked_b = second.slider("b: how much long documents pay", 0.0, 1.0, b, 0.05, key=f"b {b}")
    picked_phi = third.segmented_control(
        "φ of a latent's mass",
        PHIS,
        default=phi,
        format_func=PHI_NAMES.__getitem__,
        required=True,
        key=f"phi {phi}",
    )
    if (picked_k1, picked_b, picked_phi) != (k1, b, phi):
        selection.choose(k1=f"{picked_k1:g}", b=f"{picked_b:g}", phi=picked_phi)
        st.rerun()
    return Bm25Parameters(k1, b, phi, idf)


def show_all(key: cache.Key, paper: Bm25Parameters, other: Bm25Parameters) -> None:
    """nDCG@10 over the judged queries: a sample's estimate at once, all of them when asked."""
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
                (f"{change.mean:+.3f}", f"{change.low:+.3f} to {change.high:+.3f}", "minus the paper's"),
            ]
        )
    )
    sample = "" if at_most is None else f" A sample of {count(n)}, drawn by a fixed seed."
    st.caption(
        f"{count(mean.n)} queries; intervals are bootstraps over them.{sample} The paper's are k1 = 8, b = 0.7, "
        "the square root and the clipped idf. A setting that is best here was chosen on these very queries."
    )
    if at_most is not None and st.button(f"All {count(n)} queries"):
        st.session_state[wanted] = True
        st.rerun()
