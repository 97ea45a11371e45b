"""Items on the breakdown of one score: by latents, and by the same latents in the encoder's own cosine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyses.attribution.cosine_breakdown import averaged_away, beside_bm25, explain_cosine, why_no_breakdown
from analyses.attribution.score_breakdown import explain
from analyses.figures.paper.paper_mechanism import breakdown_print, shares_print
from analyses.latents.latent_table import vocabulary_table
from data.errors import UserError
from retrieval.queries import EncodedText
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import own_system
from workbench.paper.item import Evidence, Item, Made, collection_of, own_score_name, records

MEASURE, DEPTH = "nDCG@10", 10
LONGEST = 160  # letters of a query in a caption
N_ROWS = 20  # of a breakdown that print has room for


@dataclass(frozen=True)
class Chosen:
    """The query and the document of a breakdown, and the rule that chose them."""

    query: EncodedText
    doc_id: str
    rank: int
    rule: str


def chosen_pair(study: Study, configured: str) -> Chosen | str:
    """The configured query, an id or a text; "" for the query whose gain over cosine is the median of all gains.

    The document is the first relevant one of its ranking, or the first where none is. A sentence where no query
    finds anything; a configured one that finds nothing is a `UserError`.
    """
    ids, texts = list(study.queries.ids), list(study.queries.texts)
    if configured:
        row = next((at.index(configured) for at in (ids, texts) if configured in at), None)
        rule = "the configured query"
    else:
        row, rule = median_gain(study)
        if row is None:
            return rule
    text, query_id = (configured, None) if row is None else (texts[row], ids[row])
    query = study.encode(text)
    doc_ids = study.search(query, DEPTH)["doc_id"].tolist()
    if not doc_ids:
        raise UserError(f'the query "{text}" finds no document by its latents: configure another `query`')
    grades = study.qrels.get(query_id, {}) if query_id else {}
    relevant = [place for place, doc_id in enumerate(doc_ids) if grades.get(doc_id, 0) > 0]
    place = relevant[0] if relevant else 0
    which = "its first relevant document" if relevant else "its first document"
    return Chosen(query, doc_ids[place], place + 1, f"{rule}, and {which}, at rank {place + 1}")


def median_gain(study: Study) -> tuple[int | None, str]:
    """Which of the study's queries the breakdowns are of, by a rule; None where no query finds a document."""
    ids, measured = list(study.queries.ids), study.per_query
    if not measured.empty:
        by = measured.pivot(index="query_id", columns="system", values=MEASURE)
        own = own_system(study).name
        gain = (by["latent"] - by[own]).reindex([query_id for query_id in ids if query_id in by.index])
        gains = gain[gain > 0].sort_values(kind="stable")
        if len(gains):
            middle = (len(gains) - 1) // 2
            return ids.index(str(gains.index[middle])), (
                f"of the {len(gains):,} of {len(gain):,} queries whose {MEASURE} is above "
                f"{own_score_name(own)}'s, the one of median gain ({gains.iloc[middle]:+.3f})"
            )
    if not ids:
        return None, f"Study {study.name} keeps no queries: configure a `query` for a score breakdown."
    finds = search(study.weighted(), study.query_counts, 1, ids, study.corpus.ids).documents[:, 0] >= 0
    if not finds.any():
        return (
            None,
            f"None of the {len(ids):,} queries finds a document by its latents: there is no score to break down.",
        )
    return int(
        np.argmax(finds)
    ), "the first query that finds a document, since none gains on the encoder's own score"


def quoted(text: str) -> str:
    """A query as a caption names it: on one line, its first LONGEST letters."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= LONGEST else f'"{line[: LONGEST - 1]}…"'


def nothing(reason: str) -> Made:
    """An item that has nothing to show, with the reason."""
    return Made(pd.DataFrame({"": []}), reason, (reason,), pd.DataFrame({"": []}))


def labels_of(study: Study) -> dict[int, str]:
    """Latent -> its label."""
    vocabulary = vocabulary_table(study)
    return dict(zip(vocabulary["latent"].tolist(), vocabulary["label"].tolist(), strict=True))


def breakdown(evidence: Evidence) -> Made:
    """One document's score, latent by latent, up to the exact score."""
    study = evidence.study()
    chosen, labels = chosen_pair(study, evidence.config.query), labels_of(study)
    if isinstance(chosen, str):
        return nothing(chosen)
    explanation = explain(study, chosen.query, chosen.doc_id)
    table = explanation.breakdown.assign(
        label=[labels.get(latent, "") for latent in explanation.breakdown["latent"].tolist()]
    )
    whole = max(float(table["contribution"].sum()), 1e-12)
    half = int(np.searchsorted(np.cumsum(table["contribution"]), 0.5 * whole)) + 1
    makes = "makes" if half == 1 else "make"
    facts = (
        f"The score {explanation.score:.4f} is the sum of {len(table):,} contributions (rounding leaves "
        f"{explanation.residual:+.1e}); {half:,} of them {makes} half of it.",
        f"Of the query's {chosen.query.counts.nnz:,} latents, {len(table):,} are active in this document; "
        f"{int((table['idf'] == 0).sum()):,} of these are in half of the documents or more, so their idf is 0 "
        "under the paper's formula and they add nothing.",
        "This is one query and one document, chosen by the rule in the caption: an example, and no more.",
    )
    caption = (
        f"Breakdown of a BM25 score by latents: query {quoted(chosen.query.text)}, document {chosen.doc_id}, in "
        f"{collection_of(study)} ({chosen.rule}). Bars add up from zero to the score, the largest first; each is "
        "the query's term weight times idf times the saturated term frequency of one latent, exactly."
    )
    shown = pd.DataFrame(
        {
            "Latent": [f"{row['latent']}: {row['label']}" for row in records(table)],
            "query weight": [f"{value:.2f}" for value in table["query_weight"]],
            "idf": [f"{value:.2f}" for value in table["idf"]],
            "saturation": [f"{value:.3f}" for value in table["saturation"]],
            "contribution": [f"{value:.3f}" for value in table["contribution"]],
        }
    ).head(N_ROWS)
    return Made(
        table,
        caption,
        facts,
        shown,
        breakdown_print(explanation.breakdown, labels, explanation.score),
        ratio=0.95,
    )


def cosine_breakdown(evidence: Evidence) -> Made:
    """The same document's cosine by the same latents, beside the share that each has of the BM25 score."""
    study = evidence.study()
    if (reason := why_no_breakdown(study)) is not None:
        return nothing(reason)
    chosen, labels = chosen_pair(study, evidence.config.query), labels_of(study)
    if isinstance(chosen, str):
        return nothing(chosen)
    cosine, bm25 = (
        explain_cosine(study, chosen.query, chosen.doc_id),
        explain(study, chosen.query, chosen.doc_id),
    )
    beside = beside_bm25(cosine, bm25)
    table = beside.assign(label=[labels.get(latent, "") for latent in beside["latent"].tolist()])
    half = averaged_away(beside)
    parts = {
        "its latents": cosine.of_latents,
        "the SAE's bias": cosine.bias,
        "the part that the SAE does not reconstruct": cosine.unreconstructed,
        "special tokens that the SAE does not read": cosine.special,
    }
    sum_of = ", ".join(f"{name} {value:+.4f}" for name, value in parts.items())
    facts = (
        f"The cosine {cosine.cosine:.4f} is the sum of: {sum_of} (rounding leaves {cosine.residual:+.1e}).",
        f"The {half.n_latents:,} latents that contribute half of BM25's score ({half.bm25:.0%}) contribute "
        f"{half.cosine:.1%} of the absolute sum of all latents' parts in the cosine; as many drawn from the "
        f"{half.n_shared:,} that query and document share contribute {half.random:.1%} ({half.low:.1%} to "
        f"{half.high:.1%}, 95% of {half.n_draws:,} draws).",
        "This is one query and one document, chosen by the rule in the caption: an example, and no more.",
    )
    caption = (
        f"The share of single latents in two scores of one document ({chosen.doc_id}, query "
        f'"{chosen.query.text.strip()}", '
        f"{chosen.rule}): of BM25's, and of the latents' parts in the encoder's own cosine, relative to the sum of "
        "their absolute values. Shown are the latents with the largest share of either."
    )
    larger = (
        table[["share_bm25", "share_cosine"]].abs().max(axis=1).sort_values(ascending=False, kind="stable")
    )
    shown = pd.DataFrame(
        {
            "Latent": [f"{row['latent']}: {row['label']}" for row in records(table)],
            "of BM25": [f"{value:.1%}" for value in table["share_bm25"]],
            "of the cosine's latents": [f"{value:+.1%}" for value in table["share_cosine"]],
            "contribution": [f"{value:.3f}" for value in table["contribution"]],
            "part in the cosine": [f"{value:+.4f}" for value in table["part"]],
        },
        index=table.index,
    ).loc[larger.index[:N_ROWS]]
    return Made(table, caption, facts, shown, shares_print(beside, labels), ratio=0.9)


ITEMS = (
    Item(
        "score-breakdown",
        "Score breakdown of one document, by latents",
        breakdown,
        needs_study=True,
        formerly=("ledger",),
    ),
    Item(
        "cosine-breakdown",
        "The same latents in the cosine",
        cosine_breakdown,
        needs_study=True,
        formerly=("latent-cosine-ledger",),
    ),
)
