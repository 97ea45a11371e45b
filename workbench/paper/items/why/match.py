"""The item on matches: exact, inflected and soft parts of scores, and rankings by one of them alone."""

from __future__ import annotations

import pandas as pd

from analyses.figures.why.match import ALONE, alone_figure
from analyses.why.match import match
from workbench.paper.item import Evidence, Item, Made, collection_of, interval, p_text


def match_item(evidence: Evidence) -> Made:
    """Shares of scores and of nDCG@10, and nDCG@10 of rankings by one kind of match alone."""
    study = evidence.study()
    answer = match(study)
    if answer is None:
        none = f"The {collection_of(study)} have no relevance judgements, so no ranking can be measured."
        return Made(pd.DataFrame(), none, (none,), pd.DataFrame({"": []}))
    rows = []
    for name in answer.names("part"):
        measures = answer.rows("part", name)
        shares = {
            heading: interval(*(measures[measure][end] for end in ("value", "low", "high")))
            if measure in measures
            else ""
            for measure, heading in (("share_top10", "share of score"), ("nDCG_part", "part of nDCG@10"))
        }
        alone = measures.get("nDCG@10")
        less = measures.get("all_minus")
        rows.append(
            {
                "Matches": ALONE.get(name, name).replace("<br>", " "),
                **shares,
                "ranking alone, nDCG@10": interval(alone["value"], alone["low"], alone["high"])
                if alone
                else "",
                "all minus this": interval(less["value"], less["low"], less["high"], True) if less else "",
                "p (Holm)": p_text(less["p_holm"]) if less else "",
            }
        )
    caption = (
        f"Exact, inflected and soft matches: {answer.n_queries:,} queries, {collection_of(study)}, one SAE. "
        "Figure: nDCG@10 of all documents ranked by some of the matches alone, with 95% bootstrap intervals over "
        "queries. A score is divided among pairs of tokens in proportion to activation on both sides, a "
        "convention; diamonds need none: a document's latents are counted only from forms of the query's words, "
        "or only from all other words. Lexical BM25 has no soft matches."
    )
    chart = alone_figure(answer.table)
    return Made(answer.table, caption, tuple(answer.sentences()), pd.DataFrame(rows), chart, "column", 0.8)


ITEMS = (
    Item("match", "Exact, inflected and soft matches", match_item, needs_study=True, parts=("why_match",)),
)
