"""Which matches carry the ranking: exact, inflected, or soft?

    score = exact + inflected + soft + special parts          nDCG@10 = sum of gain x share of each part

Over the judged queries: each part's share of the first ten documents' scores; nDCG@10 with each relevant
document's gain shared as its score is; and rankings of all documents by one part alone
(analyses/why/matches/parts.py says what a part is). Exact and soft matches of token pairs: Wang, Macdonald,
Tonellotto and Ounis, SIGIR 2023; gains shared as scores: S-nDCG, ECIR 2025. The split of a score over tokens is a
convention; the counterfactual, counts of forms of the query's words alone or of all other words alone, needs none.
Lexical BM25, the null, has no soft part at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analyses.comparison.judged_queries import judged_queries
from analyses.why.aspect import Aspect, JudgedTable, n_judged
from analyses.why.matches.parts import ALL, KINDS, RANKED
from analyses.why.matches.table import match_table
from analyses.why.matches.word_tokens import Words, document_tokens, query_tokens
from analyses.why.wording import against
from data.progress import Progress, within
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study

KEPT = JudgedTable("match.parquet", 1)
STAGE = "Take the scores apart into matches"
ALONE = {
    "exact": "exact matches alone",
    "inflected": "inflected matches alone",
    "soft": "soft matches alone",
    "forms": "counts from forms of the query's words alone",
    "others": "counts from all other words alone",
}


@dataclass(frozen=True, eq=False)
class Match:
    """table: one row per number, with columns about, name, measure, value, low, high (95%), p_holm, n.

    about "part": name "all" or one of KINDS, "forms" and "others"; measures "nDCG@10" (ranking all documents by the
    part alone), "all_minus" (of all less that; with p_holm), "share_top10", "share_relevant", "share_other" (of the
    score of the first ten, and of those that are relevant or not; mean over queries), "nDCG_part" (gains shared as
    scores; the kinds sum to nDCG@10).
    about "band": name by the share of documents that have the query's word, or "special tokens"; measures
    "share_top10" of the first ten's score, and within the band one of KINDS.
    about "overlap": name "none", "some" or "all", of the query's words that a relevant document has; measures
    "soft", its share of the score of these documents, and "found_all", "found_exact" ..., the share of them in the
    first ten of that ranking; n: documents.
    """

    table: pd.DataFrame
    n_queries: int

    def rows(self, about: str, name: str) -> dict[str, dict[str, Any]]:
        """measure -> value, low, high, p_holm and n, of one name."""
        chosen = self.table[(self.table["about"] == about) & (self.table["name"] == name)]
        return {
            row["measure"]: {key: row[key] for key in ("value", "low", "high", "p_holm", "n")}
            for row in chosen.to_dict("records")
        }

    def names(self, about: str) -> list[str]:
        """What the table has of one kind, in its order."""
        return list(dict.fromkeys(self.table.loc[self.table["about"] == about, "name"]))

    def shown(self) -> pd.DataFrame:
        """The parts, without the bands."""
        rows = self.table[self.table["about"] == "part"]
        return rows[["name", "measure", "value", "low", "high", "p_holm"]]

    def to_dict(self) -> dict[str, Any]:
        whole = self.rows("part", ALL)["nDCG@10"]["value"]
        record: dict[str, Any] = {
            "n_queries": self.n_queries,
            "soft_share_top10": _number(self.rows("part", "soft")["share_top10"]["value"]),
        }
        for name in self.names("part"):
            measures = {measure: _plain(row) for measure, row in self.rows("part", name).items()}
            alone = measures.pop("nDCG@10", {})
            record[name] = {"nDCG@10": alone.get("value"), "low": alone.get("low"), "high": alone.get("high")}
            if "nDCG_part" in measures:
                record[name]["share_of_nDCG@10"] = measures["nDCG_part"]["value"] / whole if whole else None
            record[name] |= measures
        for about in ("band", "overlap"):
            record[f"by_{about}"] = {
                name: {measure: _plain(row) for measure, row in self.rows(about, name).items()}
                for name in self.names(about)
            }
        return record

    def sentences(self) -> Sequence[str]:
        of = {kind: self.rows("part", kind) for kind in KINDS}
        top10 = {kind: rows["share_top10"] for kind, rows in of.items() if rows["share_top10"]["value"] > 0}
        shares = [f"{kind} {_percent(share)}" for kind, share in top10.items()]
        said = [f"Shares of the score of the first ten documents: {', '.join(shares)}."] if shares else []
        relevant, other = of["soft"]["share_relevant"], of["soft"]["share_other"]
        if relevant["n"] and other["n"]:
            said.append(
                f"Among the first ten, soft matches make {_percent(relevant)} of the score of relevant documents "
                f"and {_percent(other)} of the score of others."
            )
        return [*said, *(self._alone(name) for name in RANKED if self.rows("part", name))]

    def _alone(self, name: str) -> str:
        """One ranking by a part alone beside the whole one."""
        rows = self.rows("part", name)
        less = rows["all_minus"]
        place = against("all matches", -less["value"], -less["high"], -less["low"], less["p_holm"])
        return f"Ranking by {ALONE[name]} has nDCG@10 {rows['nDCG@10']['value']:.3f}, {place}."


def match_of(study: Study, progress: Progress | None = None) -> Match:
    """The numbers of a study, whose queries are encoded again; a study without judgements is a `UserError`."""
    judged, weighted = judged_queries(study), study.weighted(Bm25Parameters())
    documents, names = document_tokens(study)
    queries = query_tokens(study, judged, names)
    words = Words.of(names, documents, study.stems.words)
    table = match_table(documents, queries, words, weighted, judged, study.pooling, within(progress, STAGE))
    return Match(table, len(judged))


match_is_kept = KEPT.is_kept


def write_match(study: Study, progress: Progress | None = None) -> None:
    """Measure and keep the numbers, unless they are kept."""
    KEPT.write(study, lambda: match_of(study, progress).table)


def match(study: Study) -> Match | None:
    """What `write_match` kept; None before that, and for a study without judgements."""
    table = KEPT.read(study)
    return None if table is None else Match(table, n_judged(study))


MATCH = Aspect(
    "match",
    "Match",
    "Do exact, inflected or soft matches carry the ranking?",
    (KEPT.file,),
    match_is_kept,
    write_match,
    match,
)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """value, low, high and n as JSON can hold them, and p_holm where there is one."""
    record = {name: _number(row[name]) for name in ("value", "low", "high")} | {"n": int(row["n"])}
    return record if row["p_holm"] != row["p_holm"] else {**record, "p_holm": float(row["p_holm"])}


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def _percent(row: dict[str, Any]) -> str:
    return f"{row['value']:.0%} ({row['low']:.0%} to {row['high']:.0%})"
