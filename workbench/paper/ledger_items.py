"""Items on one score, taken apart: by the latents, and the same latents in the encoder's own cosine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyses.attribution import explain
from analyses.cosine_ledger import beside_bm25, drowned, explain_cosine, why_no_ledger
from analyses.figures.paper_mechanism import ledger_print, shares_print
from analyses.vocabulary import vocabulary_table
from data.errors import UserError
from retrieval.search import search
from retrieval.study import EncodedText, Study
from retrieval.systems import query_counts
from workbench.paper.items import Evidence, Item, Made, collection_of, own_score_name, records

MEASURE, DEPTH = "nDCG@10", 10
LONGEST = 160  # letters of a query in a caption
N_ROWS = 20  # of a ledger that print has room for


@dataclass(frozen=True)
class Chosen:
    """A query and a document that a ledger is shown of, and the rule that chose them."""

    query: EncodedText
    doc_id: str
    rank: int
    rule: str


def chosen_pair(study: Study, asked: str) -> Chosen | str:
    """The configured query, an id or a text; "" for the query whose gain over cosine is the median of all gains.

    The document is the first relevant one of its ranking, or the first where none is. A sentence where no query
    finds anything; a configured one that finds nothing is a `UserError`.
    """
    ids, texts = list(study.queries.ids), list(study.queries.texts)
    if asked:
        row = ids.index(asked) if asked in ids else texts.index(asked) if asked in texts else None
        rule = "the configured query"
    else:
        row, rule = median_gain(study)
        if row is None:
            return rule
    text, query_id = (asked, None) if row is None else (texts[row], ids[row])
    query = study.encode(text)
    found = study.search(query, DEPTH)["doc_id"].tolist()
    if not found:
        raise UserError(f'the query "{text}" finds no document by its latents: configure another `query`')
    grades = study.qrels.get(query_id, {}) if query_id else {}
    relevant = [place for place, doc_id in enumerate(found) if grades.get(doc_id, 0) > 0]
    place = relevant[0] if relevant else 0
    told = "its first relevant document" if relevant else "its first document"
    return Chosen(query, found[place], place + 1, f"{rule}, and {told}, at rank {place + 1}")


def median_gain(study: Study) -> tuple[int | None, str]:
    """Which of the study's queries the ledgers are of, and why: no hand chooses it; None where none finds any."""
    ids, measured = list(study.queries.ids), study.per_query
    if not measured.empty:
        by = measured.pivot(index="query_id", columns="system", values=MEASURE)
        own = study.own_score
        gain = (by["latent"] - by[own]).reindex([one for one in ids if one in by.index])
        gains = gain[gain > 0].sort_values(kind="stable")
        if len(gains):
            middle = (len(gains) - 1) // 2
            return ids.index(str(gains.index[middle])), (
                f"of the {len(gains):,} of {len(gain):,} queries whose {MEASURE} is above "
                f"{own_score_name(own)}'s, the one of median gain ({gains.iloc[middle]:+.3f})"
            )
    if not ids:
        return None, f"Study {study.name} keeps no queries: configure a `query` to take its score apart."
    found = search(study.weighted(), query_counts(study), 1, ids, study.corpus.ids).documents[:, 0] >= 0
    if not found.any():
        return (
            None,
            f"None of the {len(ids):,} queries finds a document by its latents: there is no score to take apart.",
        )
    return int(
        np.argmax(found)
    ), "the first query that finds a document, since none gains on the encoder's own score"


def quoted(text: str) -> str:
    """A query as a caption names it: on one line, its first LONGEST letters."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= LONGEST else f'"{line[: LONGEST - 1]}…"'


def nothing(told: str) -> Made:
    """An item that has nothing to show, and says why."""
    return Made(pd.DataFrame({"": []}), told, (told,), pd.DataFrame({"": []}))


def labels_of(study: Study) -> dict[int, str]:
    """Latent -> its label."""
    vocabulary = vocabulary_table(study)
    return dict(zip(vocabulary["latent"].tolist(), vocabulary["label"].tolist(), strict=True))


def ledger(evidence: Evidence) -> Made:
    """One document's score, latent by latent, up to the exact score."""
    study = evidence.study()
    chosen, labels = chosen_pair(study, evidence.config.query), labels_of(study)
    if isinstance(chosen, str):
        return nothing(chosen)
    found = explain(study, chosen.query, chosen.doc_id)
    table = found.ledger.assign(label=[labels.get(latent, "") for latent in found.ledger["latent"].tolist()])
    whole = max(float(table["contribution"].sum()), 1e-12)
    half = int(np.searchsorted(np.cumsum(table["contribution"]), 0.5 * whole)) + 1
    makes = "makes" if half == 1 else "make"
    facts = (
        f"The score {found.score:.4f} is the sum of {len(table):,} contributions (rounding leaves "
        f"{found.residual:+.1e}); {half:,} of them {makes} half of it.",
        f"Of the query's {chosen.query.mass.nnz:,} latents, {len(table):,} fire in this document, and "
        f"{int((table['idf'] == 0).sum()):,} of these have idf 0 and add nothing.",
        "One query and one document, chosen by the rule that the caption tells: an example, and no more.",
    )
    caption = (
        f"BM25 over latents taken apart: query {quoted(chosen.query.text)}, document {chosen.doc_id}, in "
        f"{collection_of(study)} ({chosen.rule}). Bars add up from nought to the score, the largest first; each is "
        "query weight times idf times the saturated document weight of one latent, exactly."
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
    return Made(table, caption, facts, shown, ledger_print(found.ledger, labels, found.score), ratio=0.95)


def cosine_ledger(evidence: Evidence) -> Made:
    """The same document's cosine by the same latents, beside what each is of the BM25 score."""
    study = evidence.study()
    if (reason := why_no_ledger(study)) is not None:
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
    half = drowned(beside)
    parts = {
        "its latents": cosine.of_latents,
        "the SAE's bias": cosine.bias,
        "what the SAE leaves out": cosine.unreconstructed,
        "special tokens that the SAE does not read": cosine.special,
    }
    told = ", ".join(f"{name} {value:+.4f}" for name, value in parts.items())
    facts = (
        f"The cosine {cosine.cosine:.4f} is the sum of: {told} (rounding leaves {cosine.residual:+.1e}).",
        f"The {half.n_latents:,} latents that make half of BM25's score ({half.bm25:.0%}) make {half.cosine:.1%} "
        f"of the sizes of all latents' parts in the cosine; as many drawn from the {half.n_shared:,} that query "
        f"and document share make {half.random:.1%} ({half.low:.1%} to {half.high:.1%}, 95% of {half.n_draws:,} "
        "draws).",
        "One query and one document, chosen by the rule that the caption tells: an example, and no more.",
    )
    caption = (
        f"What single latents are of two scores of one document ({chosen.doc_id}, query "
        f'"{chosen.query.text.strip()}", '
        f"{chosen.rule}): of BM25's, and of the latents' parts in the encoder's own cosine, relative to the sum of "
        "their sizes. Latents with the largest share of either."
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
    Item("ledger", "One score, latent by latent", ledger, needs_study=True),
    Item("latent-cosine-ledger", "The same latents in the cosine", cosine_ledger, needs_study=True),
)
