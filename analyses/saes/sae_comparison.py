"""SAEs side by side: which latents recur, whether rankings agree, and the spread between seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from analyses.latents.types import latent_types
from analyses.saes._recurrence import RecurrenceThresholds, match_activations, match_decoders, recurrence
from analyses.statistics.ranking_agreement import DEPTH, agreement, mean_agreement
from data.errors import UserError
from data.files import fingerprint, new_folder, read_json, write_json
from data.progress import Progress
from data.tables import read_frame
from retrieval.index import Index
from retrieval.run import Run
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import LATENT, LATENT_LUCENE_IDF

if TYPE_CHECKING:
    from sae.model import SparseAutoencoder

SYSTEMS = (LATENT.name, LATENT_LUCENE_IDF.name)
TABLES = ("latents", "recurrence", "rankings", "ranking_means", "spread")


@dataclass(frozen=True, eq=False)
class SaeComparison:
    """names: the SAEs, in order. Each pair of them, a before b, has rows in these tables:

    latents: a, b, by ("decoder" or "activation"), latent (of a), partner (of b, -1 for none), similarity, mutual
    (each is the other's nearest), chance (similarity to its partner in the control); of studies also
    document_frequency, partner_document_frequency and type (a's). recurrence: see `recurrence`. rankings: a, b,
    query_id and one column per measure. ranking_means: a, b, measure, mean, low, high, n_queries. spread: measure,
    mean, standard_deviation, low, high, n, over all SAEs. SAEs without a study leave the last three empty.
    """

    names: tuple[str, ...]
    thresholds: RecurrenceThresholds
    latents: pd.DataFrame
    recurrence: pd.DataFrame
    rankings: pd.DataFrame
    ranking_means: pd.DataFrame
    spread: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """All but the rows of single latents and queries, as JSON can hold it (no number: None)."""
        tables = {name: getattr(self, name) for name in ("recurrence", "ranking_means", "spread")}
        return {
            "names": list(self.names),
            "thresholds": dict(vars(self.thresholds)),
            **{name: _records(table) for name, table in tables.items()},
        }

    def save(self, folder: Path) -> None:
        """Write the tables as Parquet and the rest as JSON, whole or not at all."""
        with new_folder(folder) as new:
            for name in TABLES:
                getattr(self, name).to_parquet(new / f"{name}.parquet", index=False)
            write_json(new / "comparison.json", {"names": self.names, "thresholds": vars(self.thresholds)})

    @classmethod
    def open(cls, folder: Path) -> SaeComparison:
        """What `save` wrote."""
        facts = read_json(folder / "comparison.json")
        tables = {name: read_frame(folder / f"{name}.parquet") for name in TABLES}
        return cls(tuple(facts["names"]), RecurrenceThresholds(**facts["thresholds"]), **tables)


def compare_autoencoders(
    saes: Sequence[SparseAutoencoder],
    thresholds: RecurrenceThresholds | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SaeComparison:
    """Compare SAEs by their decoders alone, each pair; `seed` draws the control's random directions."""
    _two_or_more(saes)
    thresholds = thresholds or RecurrenceThresholds()
    names = _distinct([sae.name or "SAE" for sae in saes])
    decoders = [_decoder(sae) for sae in saes]
    pairs = list(combinations(range(len(saes)), 2))
    tables = []
    for done, (a, b) in enumerate(pairs, start=1):
        table = match_decoders(decoders[a], decoders[b], seed)
        tables.append(table.assign(a=names[a], b=names[b]))
        _report(progress, "Matching decoders", done, len(pairs))
    latents = _ordered(pd.concat(tables, ignore_index=True))
    nothing = pd.DataFrame()
    return SaeComparison(
        names, thresholds, latents, recurrence(latents, thresholds), nothing, nothing, nothing
    )


def compare_studies(
    studies: Sequence[Study],
    thresholds: RecurrenceThresholds | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SaeComparison:
    """Compare the SAEs of studies of one collection: by decoders (of one width), activations, types and rankings.

    Frequencies and types are those of the first of a pair; memory is one similarity matrix.
    """
    _two_or_more(studies)
    _one_collection(studies)
    thresholds = thresholds or RecurrenceThresholds()
    names = _distinct([study.name for study in studies])
    n_docs = studies[0].index.n_docs
    types = []
    for study in studies[:-1]:
        types.append(latent_types(study)["type"].to_numpy())
        _report(progress, "Types of latents", len(types), len(studies) - 1)
    runs = [_run(study) for study in studies]
    pairs = list(combinations(range(len(studies)), 2))
    latents, rankings, means = [], [], []
    for done, (a, b) in enumerate(pairs, start=1):
        pair, first, second = {"a": names[a], "b": names[b]}, studies[a], studies[b]
        tables = [match_activations(summed_activations(first.index), summed_activations(second.index), seed)]
        decoders = _decoder(first.sae), _decoder(second.sae)
        if decoders[0].shape[1] == decoders[1].shape[1]:
            tables.insert(0, match_decoders(*decoders, seed))
        latents += [_described(table, first.index, second.index, types[a]).assign(**pair) for table in tables]
        per_query = _agreement(first, second, (runs[a], runs[b]))
        rankings.append(per_query.assign(**pair))
        means.append(mean_agreement(per_query, seed=seed).assign(**pair))
        _report(progress, "Matching latents", done, len(pairs))
    table = _ordered(pd.concat(latents, ignore_index=True))
    return SaeComparison(
        names,
        thresholds,
        table,
        recurrence(table, thresholds, n_docs),
        _ordered(pd.concat(rankings, ignore_index=True)),
        _ordered(pd.concat(means, ignore_index=True)),
        spread([headline_measures(study) for study in studies]),
    )


def headline_measures(study: Study) -> dict[str, float]:
    """Single numbers of a study's SAE: retrieval by its latents, dead latents, latents per document."""
    frequency, n_docs = study.index.document_frequency, study.index.n_docs
    retrieval = {
        f"{system} {measure}": float(value)
        for system in SYSTEMS
        for measure, value in study.evaluation.get(system, {}).items()
    }
    return retrieval | {
        "dead latents": float((frequency == 0).sum()),
        "latents in over half of the documents": float((frequency > n_docs // 2).sum()),
        "latents a document": study.index.n_postings / max(n_docs, 1),
    }


def family(study: Study) -> str:
    """A key shared by SAEs that differ in their seed alone; "" where the training is unknown."""
    trained_on = dict(study.manifest["sae"]["trained_on"])
    training = trained_on.get("training", {})
    if "seed" not in training:
        return ""
    facts = {name: trained_on.get(name) for name in ("encoder", "text")}
    return fingerprint([facts, {name: value for name, value in training.items() if name != "seed"}])


def spread(measured: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """measure, mean, standard_deviation (n - 1; NaN for one), low and high (the extremes), n, over SAEs.

    measured: one mapping per SAE, such as `headline_measures`; measures that not all have are left out.
    """
    shared = [measure for measure in measured[0] if all(measure in numbers for numbers in measured)]
    rows = []
    for measure in shared:
        values = np.array([numbers[measure] for numbers in measured], np.float64)
        deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        rows.append((measure, values.mean(), deviation, values.min(), values.max(), len(values)))
    return pd.DataFrame(rows, columns=["measure", "mean", "standard_deviation", "low", "high", "n"])


def summed_activations(index: Index) -> csr_array:
    """The counts of an index, csr (n_docs, n_terms)."""
    postings = csc_array((index.counts, index.documents, index.indptr), shape=(index.n_docs, index.n_terms))
    return csr_array(postings)


def _described(table: pd.DataFrame, a: Index, b: Index, types: NDArray[np.str_]) -> pd.DataFrame:
    partner = table["partner"].to_numpy()
    frequency = np.where(partner >= 0, b.document_frequency[partner], 0)
    return table.assign(
        document_frequency=a.document_frequency, partner_document_frequency=frequency, type=types
    )


def _agreement(a: Study, b: Study, runs: tuple[Run, Run]) -> pd.DataFrame:
    """`agreement` over the queries that both studies have with the same text."""
    queries = [set(zip(study.queries.ids, study.queries.texts, strict=True)) for study in (a, b)]
    shared = {query for query, _ in queries[0] & queries[1]}
    table = agreement(*runs)
    return table[table["query_id"].isin(shared)].reset_index(drop=True)


def _run(study: Study) -> Run:
    """The study's own queries by its latents, to DEPTH; none, where it has no queries."""
    documents = study.corpus.ids
    if not len(study.queries):
        return Run([], documents, np.zeros((0, DEPTH), np.int32), np.zeros((0, DEPTH), np.float32))
    return search(study.weighted(), study.query_counts, DEPTH, study.queries.ids, documents)


def _decoder(sae: SparseAutoencoder) -> NDArray[np.float32]:
    decoder: NDArray[np.float32] = sae.W_dec.detach().cpu().numpy()
    return decoder


def _two_or_more(compared: Sequence[object]) -> None:
    if len(compared) < 2:
        raise UserError(f"a comparison needs two or more SAEs, got {len(compared)}: name another")


def _one_collection(studies: Sequence[Study]) -> None:
    first = studies[0]
    for other in studies[1:]:
        if other.manifest["collection"]["fingerprint"] != first.manifest["collection"]["fingerprint"]:
            raise UserError(
                f"{first.path} and {other.path} are studies of different collections: index the same "
                "documents with both SAEs, or compare the SAEs alone"
            )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names; those that occur twice with a number, from 1."""
    return tuple(
        f"{name} ({list(names[: place + 1]).count(name)})" if list(names).count(name) > 1 else name
        for place, name in enumerate(names)
    )


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table[["a", "b", *(column for column in table.columns if column not in ("a", "b"))]]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    cells = table.astype(object).where(table.notna(), None) if len(table) else table
    return [{str(name): value for name, value in row.items()} for row in cells.to_dict("records")]


def _report(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress:
        progress(stage, done, total)
