"""Query and document coloured by credit, in the way that the reader chooses, and how far to trust it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.figures.faithfulness import METHOD_NAMES, faithfulness_figure
from analyses.token_credit import METHODS, Credits, Method
from retrieval.study import Study
from workbench import cache, cached_ranking, frame, highlight, selection

MEANINGS: dict[Method, str] = {
    "proportional": "Each latent's contribution, shared over the tokens on which it fires in proportion to "
    "activation. A convention: it sums to the score, and says where latents come from.",
    "leave-one-out": "What the score loses without the activations of this token, |d| counted anew; exact. Below "
    "0 is a token that only lengthens the document. The encoder is not asked again.",
    "occlusion": "What the score loses when the word is masked in the text and the text encoded again, less what a "
    "mask that hides nothing loses. The only one that asks the encoder.",
}


def show(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The choice of credit, both texts in its colours, and the test of it."""
    method = choose()
    if method == "occlusion":
        with st.spinner("Encoding query and document once for every word of theirs; kept from then on"):
            given = both(key, query, idf, doc_id, method)
    else:
        given = both(key, query, idf, doc_id, method)
    st.caption(MEANINGS[method])
    for credits, text, name in zip(
        given, (query, study.corpus.texts[study.position[doc_id]]), ("The query", "The document"), strict=True
    ):
        frame.label(headline(credits, name))
        show_text(credits, text)
    frame.label("How far to trust it: the document's score as its words go, and as they come")
    if given[1].score <= 0 or len(given[1].of_words) < 2:
        st.html(highlight.note("Nothing to test: the document has no score, or a single word."))
        return
    show_trust(cached_ranking.trust(key, query, doc_id, idf, tested(method)))


def choose() -> Method:
    """The method that the URL names, and the control that changes it."""
    here = selection.current().get("credit", METHODS[0])
    method: Method = here if here in METHODS else METHODS[0]
    picked = st.segmented_control(
        "Credit", METHODS, default=method, format_func=METHOD_NAMES.__getitem__, label_visibility="collapsed",
        key=f"credit {method}", required=True,
    )  # fmt: skip
    if picked != method:
        selection.choose(credit=None if picked == METHODS[0] else picked)
        st.rerun()
    return method


def tested(method: Method) -> tuple[Method, ...]:
    """The methods whose curves are drawn: occlusion, which costs seconds, once it was asked for."""
    return METHODS if method == "occlusion" else METHODS[:2]


def both(key: cache.Key, query: str, idf: cache.Idf, doc_id: str, method: Method) -> tuple[Credits, Credits]:
    return (
        cached_ranking.credits(key, query, doc_id, idf, method, "query"),
        cached_ranking.credits(key, query, doc_id, idf, method, "document"),
    )


def headline(credits: Credits, name: str) -> str:
    """What the credits of a text amount to, in a line."""
    if credits.mask_costs:
        low, high = min(credits.mask_costs), max(credits.mask_costs)
        return (
            f"{name}: a mask that hides nothing costs {np.mean(credits.mask_costs):.1f} of {credits.score:.1f} "
            f"({low:.1f} to {high:.1f} at {len(credits.mask_costs)} places)"
        )
    if np.isnan(credits.special) or not credits.special:
        return name
    return f"{name}: special tokens, which no text shows, have {credits.special:+.1f} of {credits.score:.1f}"


def show_text(credits: Credits, text: str) -> None:
    """The text, its tokens on the colour of their credit; what the encoder left is pale."""
    tokens = credits.tokens
    read = int(tokens["end"].max())
    marks = cached_ranking.marks(tokens["start"], tokens["end"], tokens["credit"])
    body = highlight.marked(text[:read], marks, "credit") + highlight.unread(text[read:])
    st.html(f'<div class="lt-document">{body}</div>')


def show_trust(trust: cached_ranking.Trust) -> None:
    """Curves beside random orders, areas in numbers, and how alike the methods order the words."""
    found = trust.faithfulness
    frame.show(faithfulness_figure(found.curves), "trust")
    st.html(highlight.table(area_table(found.areas, found.n_orders)))
    pairs = "; ".join(
        f"{METHOD_NAMES[row['one']].lower()} and {METHOD_NAMES[row['other']].lower()} "
        f"{row['spearman']:.2f} ({row['kendall']:.2f})"
        for row in trust.agreement.to_dict("records")
    )
    st.caption(
        f"{found.n_words} words, whose activations go or come; grey: mean and 95% band of {found.n_orders} random "
        "orders. Area: mean height of the curve, small for deletion and large for insertion where credit is right. "
        "Leave one out asks the curve's own question, one token at a time, so it starts ahead. "
        f"Agreement over words, Spearman's rho (Kendall's tau-b): {pairs}."
    )


def area_table(areas: pd.DataFrame, n_orders: int) -> pd.DataFrame:
    """Both areas of each method, and of random orders; how many of these do as well as it."""
    rows = []
    for method, part in areas.groupby("method", sort=False):
        of = part.set_index("curve")
        rows.append(
            {
                "area under": METHOD_NAMES[str(method)],
                **{curve: f"{of.loc[curve, 'area']:.2f}" for curve in of.index},
                "random as good": " and ".join(str(n) for n in of["random_as_good"]) + f" of {n_orders}",
            }
        )
    chance = areas.groupby("curve", sort=False).first()
    rows.append(
        {
            "area under": "Random orders",
            **{
                curve: f"{row['random']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
                for curve, row in chance.iterrows()
            },
            "random as good": "",
        }
    )
    return pd.DataFrame(rows)
