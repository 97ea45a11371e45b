"""Does a system order documents as the axioms of retrieval prefer?

    agreement = pairs ordered as the axiom prefers / pairs with a preference of the axiom and an order of the system

Pairs are of a system's own first DEPTH documents of a query. Beside it `pooled`: the same over the first DEPTH
of all systems together, so that all are asked about the same pairs, each by its own ranking to RANKED. Pooled
figures have a bias of their own: a system ranks its own finds above those of others, and where its finds lack
query words it seems to prefer that they do. Axioms: analyses/why/reading/axiom_rules.py. Controls: a random
order of the pool (.5), and lexical BM25, for which most of the axioms were written. Intervals: bootstrap over
queries, since the pairs of a query are not independent. p: paired randomisation of queries' agreements with
lexical BM25's, Holm's correction over all axioms and systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analyses.statistics.significance import holm, paired_randomisation
from analyses.why.aspect import Aspect, path_of
from analyses.why.reading.axiom_rules import AXIOMS
from analyses.why.reading.pools import PoolMaker
from data.progress import Progress, within
from retrieval.queries import study_queries
from retrieval.run import Run
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study
from retrieval.systems import LEXICAL, rank_all, systems_of, within_sentence

NAME = "axioms"
FILE = "axioms.parquet"
FORMAT = 3
N_QUERIES = 300  # drawn, where there are more
DEPTH = 10
RANKED = 1000
N_RESAMPLES = 1000
RANDOM = "random order"
COLUMNS = ("axiom", "system", "query_id", "agree", "pairs", "pooled_agree", "pooled_pairs")
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Axioms:
    """by_query: a row per axiom, system and query, COLUMNS: pairs that the axiom prefers and the system orders,
    of its own first DEPTH, and those that agree; pooled_: of the first DEPTH of all systems.
    """

    by_query: pd.DataFrame

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row per axiom and system: axiom, system, share, low, high (95%), agree, pairs, n_queries,
        minus_lexical, minus_low, minus_high, p_holm; pooled_share, pooled_low, pooled_high, pooled_pairs.
        """
        rows = [
            {"axiom": axiom, **row}
            for axiom, part in self.by_query.groupby("axiom", sort=False)
            for row in _of_axiom(part)
        ]
        table = pd.DataFrame(rows)
        if len(table):
            table["p_holm"] = holm(table.pop("p").to_numpy(np.float64))
        return table

    def to_dict(self) -> dict[str, Any]:
        """axiom -> what it prefers, its source, and system -> the numbers of `summary`."""
        answers: dict[str, Any] = {}
        for row in self.summary.to_dict("records"):
            numbers = {str(name): None if value != value else value for name, value in row.items()}
            axiom = AXIOMS[str(numbers.pop("axiom"))]
            about = {"prefers": axiom.says, "source": axiom.source, "systems": {}}
            systems = answers.setdefault(axiom.name, about)["systems"]
            systems[str(numbers.pop("system"))] = numbers
        return answers

    def shown(self) -> pd.DataFrame:
        """The numbers that a terminal has room for."""
        return self.summary[["axiom", "system", "share", "low", "high", "pairs", "minus_lexical", "p_holm"]]

    def sentences(self) -> list[str]:
        """A sentence per axiom: which systems order pairs as it prefers, beyond chance."""
        return [_sentence(str(axiom), part) for axiom, part in self.summary.groupby("axiom", sort=False)]


def _of_axiom(part: pd.DataFrame) -> list[dict[str, Any]]:
    agree, pairs, pooled_agree, pooled_pairs = (
        part.pivot(index="query_id", columns="system", values=column) for column in COLUMNS[3:]
    )
    systems = list(dict.fromkeys(part["system"]))
    n = len(agree)
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), N_RESAMPLES)

    def resampled(agreeing: Any, of: Any) -> Any:
        below, above = (draws @ counts.to_numpy(np.float64) for counts in (of, agreeing))
        return np.divide(above, below, out=np.full(len(draws), np.nan), where=below > 0)

    lexical = resampled(agree[LEXICAL.name], pairs[LEXICAL.name])
    per_query = agree / pairs.where(pairs > 0)
    rows = []
    for system in systems:
        of_system = resampled(agree[system], pairs[system])
        pooled_low, pooled_high = _bounds(resampled(pooled_agree[system], pooled_pairs[system]))
        gap = (per_query[system] - per_query[LEXICAL.name]).dropna().to_numpy(np.float64)
        share = _share(agree[system], pairs[system])
        low, high = _bounds(of_system)
        own = system == LEXICAL.name
        minus_low, minus_high = (float("nan"),) * 2 if own else _bounds(of_system - lexical)
        rows.append(
            {
                "system": system,
                "share": share,
                "low": low,
                "high": high,
                "agree": int(agree[system].sum()),
                "pairs": int(pairs[system].sum()),
                "n_queries": int((pairs[system] > 0).sum()),
                "minus_lexical": float("nan")
                if own
                else share - _share(agree[LEXICAL.name], pairs[LEXICAL.name]),
                "minus_low": minus_low,
                "minus_high": minus_high,
                "pooled_share": _share(pooled_agree[system], pooled_pairs[system]),
                "pooled_low": pooled_low,
                "pooled_high": pooled_high,
                "pooled_pairs": int(pooled_pairs[system].sum()),
                "p": float("nan") if own or system == RANDOM else paired_randomisation(gap),
            }
        )
    return rows


def _share(agree: Any, pairs: Any) -> float:
    total = int(pairs.sum())
    return int(agree.sum()) / total if total else float("nan")


def _bounds(values: Any) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _sentence(name: str, part: pd.DataFrame) -> str:
    axiom = AXIOMS[name]
    groups: dict[str, list[str]] = {
        "above chance": [],
        "below chance": [],
        "not shown to differ from chance": [],
    }
    for row in part.to_dict("records"):
        if row["system"] == RANDOM or not row["pairs"]:
            continue
        side = "not shown to differ from chance"
        if row["low"] > 0.5:
            side = "above chance"
        elif row["high"] < 0.5:
            side = "below chance"
        system = within_sentence(str(row["system"]))
        groups[side].append(f"{system} {row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%})")
    found = "; ".join(f"{side}: {', '.join(names)}" for side, names in groups.items() if names)
    prefers = f"{axiom.name} prefers {axiom.says}"
    return (
        f"{prefers}. Pairs ordered so, {found}." if found else f"{prefers}, and there is no such pair here."
    )


def can_have_axioms(study: Study) -> bool:
    """Whether there is a query to rank for."""
    return bool(len(study.queries.ids))


def axioms_are_kept(study: Study) -> bool:
    """Whether the study keeps its agreement with axioms; one without queries can have none."""
    return not can_have_axioms(study) or is_kept(path_of(study, FILE), _facts(study))


def read_axioms(study: Study) -> Axioms | None:
    """What `write_axioms` kept; None before that."""
    table = read_kept(path_of(study, FILE), _facts(study))
    return None if table is None else Axioms(table)


def write_axioms(study: Study, progress: Progress | None = None) -> None:
    """Keep the agreement of every system of a study with every axiom, if it is not there already."""
    if not axioms_are_kept(study):
        write_kept(path_of(study, FILE), axiom_agreement(study, progress=progress).by_query, _facts(study))


def axiom_agreement(
    study: Study, n_queries: int = N_QUERIES, seed: int = 0, progress: Progress | None = None
) -> Axioms:
    """The agreement of every system (without fusions) with every axiom; at most n_queries queries, judged ones
    first.
    """
    report = within(progress, "Axioms")
    generator = np.random.default_rng(seed)
    rows = _queries(study, n_queries, generator)
    chosen = [system for system in systems_of(study) if not system.parts]
    runs = rank_all(study, study_queries(study, rows), RANKED, systems=chosen)
    maker = PoolMaker.of(study)
    table = []
    for number, row in enumerate(rows.tolist()):
        documents = _pool(runs, number)
        ranks = {name: _ranks(run, number, documents) for name, run in runs.items()}
        ranks[RANDOM] = generator.permutation(len(documents)).astype(np.float64)
        pool = maker.pool(study.queries.texts[row], documents)
        for axiom in AXIOMS.values():
            preferred = np.triu(axiom.prefer(pool), 1)
            for name, rank in ranks.items():
                with np.errstate(invalid="ignore"):
                    order = np.nan_to_num(np.sign(rank[None] - rank[:, None]))
                ordered = preferred * order
                own = ordered[np.ix_(rank < DEPTH, rank < DEPTH)]
                counts = (int((sign > 0).sum()) for one in (own, ordered) for sign in (one, np.abs(one)))
                table.append((axiom.name, name, study.queries.ids[row], *counts))
        if report:
            report(number + 1, len(rows))
    return Axioms(pd.DataFrame(table, columns=list(COLUMNS)))


def _queries(study: Study, n_queries: int, generator: np.random.Generator) -> Any:
    """Rows of the drawn queries, of the judged ones where there are any; int64, rising."""
    judged = [row for row, query in enumerate(study.queries.ids) if query in study.qrels]
    rows = np.array(judged or range(len(study.queries.ids)), np.int64)
    return np.sort(generator.permutation(rows)[:n_queries])


def _pool(runs: Mapping[str, Run], number: int) -> Any:
    """The first DEPTH documents of every system, int64, rising."""
    first = np.concatenate([run.documents[number, :DEPTH] for run in runs.values()]).astype(np.int64)
    return np.unique(first[first >= 0])


def _ranks(run: Run, number: int, documents: Any) -> Any:
    """The rank of each document in a run, from 0, infinite where it is missing; float64 (n_docs,)."""
    found = run.documents[number]
    hit = found[None] == documents[:, None]
    return np.where(hit.any(axis=1), hit.argmax(axis=1).astype(np.float64), np.inf)


def _facts(study: Study) -> dict[str, Any]:
    """What the answer holds for: the study, and the systems that it had by then."""
    systems = [system.name for system in systems_of(study) if not system.parts]
    return {
        "format": FORMAT,
        "study": study.manifest["fingerprint"],
        "n_latents": study.n_latents,
        "systems": systems,
    }


AXIOMS_ASPECT = Aspect(
    NAME,
    "Axioms",
    "Does each system order documents as the axioms of retrieval prefer?",
    (FILE,),
    axioms_are_kept,
    write_axioms,
    read_axioms,
)
