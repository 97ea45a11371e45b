"""Which words of the query meet which words of the document: latent terms, and beside them another system."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.why.token_pairs import pairs_figure
from analyses.why.matches.grid import Grid
from analyses.why.token_pairs import PairSystem, why_no_pairs
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, url_widgets
from workbench.page.evidence import further_calls

BESIDE: dict[PairSystem, str] = {"cosine": "Cosine", "maxsim": "MaxSim", "words": "Words"}
EXACT: dict[PairSystem, str] = {
    "cosine": "Cosine: exact, since the cosine of mean-pooled token states is a sum over pairs of tokens.",
    "maxsim": "MaxSim: exact, each token of the query beside its most similar token of the document.",
    "words": "Lexical BM25: pairs of equal stems; contributions are exact, and divided evenly among repetitions by "
    "convention.",
}


def show(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The map of latent terms above that of the chosen system, over the same words."""
    refused = why_no_pairs(study, "cosine")
    options = {name: title for name, title in BESIDE.items() if not (name == "cosine" and refused)}
    default: PairSystem = "maxsim" if refused else "cosine"
    beside = url_widgets.segmented("beside", "Beside latent terms", options, default)
    with st.spinner("Pairing the words of query and document"):
        grid = cached_ranking.pair_grid(key, query, doc_id, idf, beside)
    if not grid.columns:
        st.html(
            highlight.calm("No pairs", "No word of the query and of the document makes a score together.")
        )
        return
    frame.label("What each word of the query (rows) and of the document (columns) make of the score together")
    of_latents = pd.DataFrame(cached_ranking.latent_pairs(key, query, doc_id, idf).to_records())
    call = further_calls.pairs(study, query, doc_id, idf)
    frame.show(pairs_figure(grid, cache.labels(key)), "pairs", of_latents, call)
    st.caption(caption(study, grid, beside, refused))


def caption(study: Study, grid: Grid, beside: PairSystem, refused: str | None) -> str:
    """What is exact and what a convention, what the marks mean, and what has no column."""
    lines = [
        "Blue adds to the score, orange takes from it, as dark as the root of the credit; each map has its own "
        "scale. Square: the same word; circle: the same stem; no mark: a soft match. Point at a pair for its "
        "credit, and the latents that make it.",
        "Latent terms: a convention. Each latent's contribution is exact, and is divided among pairs of tokens in "
        "proportion to activation on both sides; the pairs sum to the score.",
        EXACT[beside],
    ]
    if beside == "maxsim" and not study.is_multi_vector:
        lines.append(
            "This encoder was trained for one vector per text, not for MaxSim; its normalised token states are "
            "compared."
        )
    if grid.n_left_out:
        lines.append(
            f"Columns: the words that carry most in either map; {count(grid.n_left_out)} others carry the rest, "
            "which each title sums."
        )
    if refused:
        lines.append(refused)
    return " ".join(lines)
