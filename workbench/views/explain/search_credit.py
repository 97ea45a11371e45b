"""Query and document coloured by token credit, by the chosen method, and how faithful that credit is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analyses.attribution.token_credit import METHODS, Credits, Method
from analyses.figures.ranking.faithfulness import METHOD_NAMES, faithfulness_figure
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import ranking as cached_ranking
from workbench.markup import highlight
from workbench.markup.results import result_html
from workbench.page import frame, url_widgets
from workbench.page.evidence import further_calls, record

MEANINGS: dict[Method, str] = {
    "proportional": "Each latent's contribution, divided among the tokens on which the latent fires, in "
    "proportion to activation. A convention: the credits sum to the score and show where its latents fire.",
    "leave-one-out": "What the score loses without the activations of this token, with the document length "
    "recomputed; exact. A token with a credit below 0 only lengthens the document. The encoder is not run again.",
    "occlusion": "What the score loses when the word is masked and the text encoded again, minus what a "
    "mask that hides nothing loses. Only this method runs the encoder again.",
}


def show(key: cache.Key, study: Study, query: str, idf: cache.Idf, doc_id: str) -> None:
    """The choice of method, both texts coloured by its credits, and its deletion and insertion curves."""
    method = choose()
    if method == "occlusion":
        with st.spinner("Encoding query and document once per word; kept from then on"):
            both_credits = both(key, query, idf, doc_id, method)
    else:
        both_credits = both(key, query, idf, doc_id, method)
    call = further_calls.credits(study, query, doc_id, method, idf)
    record.record("credits", table=both_credits[1].tokens, call=call)
    st.caption(MEANINGS[method])
    for credits, text, name in zip(
        both_credits,
        (query, study.corpus.texts[study.position[doc_id]]),
        ("The query", "The document"),
        strict=True,
    ):
        frame.label(headline(credits, name))
        show_text(credits, text)
    frame.label(
        "How faithful the credit is: the document's score as its words are deleted, and as they are inserted"
    )
    if both_credits[1].score <= 0 or len(both_credits[1].of_words) < 2:
        st.html(highlight.note("Nothing to test: the document scores 0, or has a single word."))
        return
    show_trust(cached_ranking.trust(key, query, doc_id, idf, tested(method)))


def choose() -> Method:
    """The method of credit that the URL names, and the control that changes it."""
    names: dict[Method, str] = {method: METHOD_NAMES[method] for method in METHODS}
    return url_widgets.segmented("credit", "Credit", names, METHODS[0], label_visibility="collapsed")


def tested(method: Method) -> tuple[Method, ...]:
    """The methods whose curves are drawn: occlusion, which takes seconds, only once it is chosen."""
    return METHODS if method == "occlusion" else METHODS[:2]


def both(key: cache.Key, query: str, idf: cache.Idf, doc_id: str, method: Method) -> tuple[Credits, Credits]:
    return (
        cached_ranking.credits(key, query, doc_id, idf, method, "query"),
        cached_ranking.credits(key, query, doc_id, idf, method, "document"),
    )


def headline(credits: Credits, name: str) -> str:
    """One line on the credits of a text: the mask's own cost, or what the special tokens have."""
    if credits.mask_costs:
        low, high = min(credits.mask_costs), max(credits.mask_costs)
        return (
            f"{name}: a mask that hides nothing costs {np.mean(credits.mask_costs):.1f} of "
            f"{credits.score:.1f} ({low:.1f} to {high:.1f} at {len(credits.mask_costs)} places)"
        )
    if np.isnan(credits.special) or not credits.special:
        return name
    return f"{name}: special tokens, which are not in the text, have {credits.special:+.1f} of {credits.score:.1f}"


def show_text(credits: Credits, text: str) -> None:
    """The text, each token coloured by its credit; what lies beyond the encoder's limit is pale."""
    tokens = credits.tokens
    read = int(tokens["end"].max())
    marks = cached_ranking.marks(tokens["start"], tokens["end"], tokens["credit"])
    body = highlight.marked(text[:read], marks, "credit") + highlight.unread(text[read:])
    st.html(result_html.document_box(body))


def show_trust(trust: cached_ranking.Trust) -> None:
    """Curves beside random orders, their areas, and the rank correlation of the methods' orders of words."""
    faithfulness = trust.faithfulness
    frame.show(faithfulness_figure(faithfulness.curves), "trust")
    st.html(highlight.table(area_table(faithfulness.areas, faithfulness.n_orders)))
    pairs = "; ".join(
        f"{METHOD_NAMES[row['one']].lower()} and {METHOD_NAMES[row['other']].lower()} "
        f"{row['spearman']:.2f} ({row['kendall']:.2f})"
        for row in trust.agreement.to_dict("records")
    )
    st.caption(
        f"{faithfulness.n_words} words, deleted or inserted by credit, the highest first; grey: mean and 95% band "
        f"of {faithfulness.n_orders} random orders. Area: the mean height of the curve; for a faithful credit "
        "small for deletion and large for insertion. Leave one out measures deletion itself, one token at a "
        "time, so it has an advantage here. Rank correlation over words, Spearman's rho (Kendall's tau-b): "
        f"{pairs}."
    )


def area_table(areas: pd.DataFrame, n_orders: int) -> pd.DataFrame:
    """Both areas of each method and of random orders, and how many random orders do as well as the method."""
    rows = []
    for method, part in areas.groupby("method", sort=False):
        of = part.set_index("curve")
        rows.append(
            {
                "method": METHOD_NAMES[str(method)],
                **{f"area under {curve}": f"{of.loc[curve, 'area']:.2f}" for curve in of.index},
                "random orders as good": " and ".join(str(n) for n in of["random_as_good"])
                + f" of {n_orders}",
            }
        )
    chance = areas.groupby("curve", sort=False).first()
    rows.append(
        {
            "method": "Random orders",
            **{
                f"area under {curve}": f"{row['random']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
                for curve, row in chance.iterrows()
            },
            "random orders as good": "",
        }
    )
    return pd.DataFrame(rows)
