"""Making a ladder: every cell counted in one pass over the token states, ranked, and kept; resumes by block."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.statistics.intervals import bootstrap_means
from analyses.statistics.significance import holm, paired_randomisations
from analyses.why.aspect import path_of
from analyses.why.ladder._counts import (
    NULLS,
    Cell,
    Drawn,
    Space,
    count_block,
    counts_of,
    latents_of,
    vectors_of,
)
from analyses.why.ladder._counts import QUERIES as QUERY_SEED
from analyses.why.ladder._measures import DEPTH, PER_QUERY, Measured, factor_facts, measured, of_run
from analyses.why.ladder._spaces import (
    OWN,
    SEED,
    EncodedSpace,
    encoded_space,
    plan_of,
    space_names,
    with_dictionaries,
)
from analyses.why.ladder._text_rows import text_rows
from analyses.why.ladder.ladder import CELLS, FACTS, QUERIES, WORK, ladder, ladder_facts
from analyses.why.ladder.names import (
    AS_THEY_ARE,
    COSINE_OF_MEAN,
    TRAINED,
)
from analyses.why.ladder.stores import Stores
from analyses.why.matches.nulls import StudyWords
from data.activations import DOCUMENTS_PER_SHARD
from data.files import read_json, write_json
from data.progress import Progress, within
from retrieval.cosine import cosine_search
from retrieval.queries import study_queries
from retrieval.stored_tables import write_kept
from retrieval.study import Study
from retrieval.systems import COSINE, rank
from sae.latents import TokenLatents


def write_ladder(
    study: Study,
    progress: Progress | None = None,
    find: Callable[[], Stores] = Stores,
    n_seeds: int = 1,
    text: str = "",
    match_postings: bool | None = None,
) -> None:
    """Measure every cell and keep the ladder in the study, unless one that serves is kept (`Ladder.serves`).

    find: returns the token states that need not be encoded again. n_seeds: of drawn dictionaries. text: fingerprint
    of the text that dictionaries must come from; "": of the one that `find` gives. match_postings: whether each
    dictionary's k is chosen for the trained SAE's postings a document; None: not, unless such a ladder is kept.
    """
    kept = ladder(study) if study.qrels else None
    if not study.qrels or (kept is not None and kept.serves(n_seeds, text, match_postings)):
        return
    work, stores, match = path_of(study, WORK), find(), bool(match_postings)
    _begin(work, plan_of(study, stores, n_seeds, match))
    judged = judged_queries(study)
    cells: list[dict[tuple[str, str, int], Measured]] = []
    facts: dict[str, Any] = {"n_seeds": n_seeds, "n_queries": len(judged), "matched_postings": match}
    words: StudyWords | None = None
    for name in space_names(study):
        encoded = encoded_space(name, study, work, stores, progress)
        space = with_dictionaries(encoded, study, work, n_seeds, match, progress)
        if not cells:
            facts |= _fitting_facts(study, encoded, space)
        numbered = numbered_cells(space, sum(map(len, cells)))
        if words is None:
            texts = [study.queries.texts[row] for row in judged.rows]
            words = StudyWords.of(study, judged, study.encoder.encode(texts, "query"))
        cells.append(measure_space(study, judged, encoded, space, numbered, work, progress, words))
    cells.append(text_rows(study, judged))
    results = {key: value for part in cells for key, value in part.items()}
    table, per_query = tables_of(results, _cosine(study, judged), judged.ids)
    write_kept(path_of(study, QUERIES), per_query, ladder_facts(study))
    write_json(path_of(study, FACTS), facts)
    write_kept(path_of(study, CELLS), table, ladder_facts(study))
    shutil.rmtree(work)


def numbered_cells(space: Space, first: int) -> dict[tuple[str, str, int], Cell]:
    """(states, dictionary, seed) -> cell, in the order of the ladder."""
    keys = [(states, *column) for states in space.states for column in space.columns(states)]
    return {key: Cell(*key, number) for number, key in enumerate(keys, first)}


def measure_space(
    study: Study,
    judged: Judged,
    encoded: EncodedSpace,
    space: Space,
    cells: Mapping[tuple[str, str, int], Cell],
    work: Path,
    progress: Progress | None,
    words: StudyWords,
) -> dict[tuple[str, str, int], Measured]:
    """Count the documents and the queries in every cell of a space, and measure each; what is done is kept."""
    slug = encoded.name.replace(" ", "-")
    count = partial(
        count_block,
        space=space,
        cells=cells,
        n_pieces=len(study.wordpieces),
        pooling=study.pooling,
    )
    queries = work / f"{slug}-queries"
    if not queries.is_dir():
        texts = [study.queries.texts[row] for row in judged.rows]
        count(queries, encoded.encoder.encode(texts, "query"), seed=QUERY_SEED)
    blocks, step = [], within(progress, f"Latents of the documents, {encoded.name} states")
    n_blocks = len(encoded.documents.shard_tokens)
    for number, block in enumerate(encoded.documents.blocks()):
        folder = work / f"{slug}-block-{number:05d}"
        if not folder.is_dir():
            known = known_latents(study, number) if encoded.name == OWN else None
            count(folder, block, seed=number, known=known)
        blocks.append(folder)
        if step:
            step(number + 1, n_blocks)
    results: dict[tuple[str, str, int], Measured] = {}
    step = within(progress, f"Rank by every dictionary, {encoded.name} states")
    for done, (key, cell) in enumerate(cells.items()):
        file = work / f"measured-{cell.number}.json"
        if not file.is_file():
            k = space.k_of(cell.dictionary, cell.seed)
            write_json(file, measure_cell(cell, blocks, queries, judged, words).with_facts(k=k).to_dict())
        results[key] = Measured.from_dict(read_json(file))
        if step:
            step(done + 1, len(cells))
    if study.encoder.pooling == "mean" and not study.is_multi_vector:
        for row, states in enumerate(space.states):
            vectors = vectors_of(blocks, row), vectors_of([queries], row)
            run = cosine_search(*vectors, DEPTH, judged.ids, study.corpus.ids)
            results[states, COSINE_OF_MEAN, 0] = of_run(run, judged)
    return results


def measure_cell(
    cell: Cell, blocks: Sequence[Path], queries: Path, judged: Judged, words: StudyWords
) -> Measured:
    """What a cell is measured by, from its counts on disk; blocks: of documents, queries: that of the queries."""
    (counts, pieces), (asked, _) = counts_of(blocks, cell), counts_of([queries], cell)
    one = measured(counts, asked, judged, pieces)
    if cell.states == AS_THEY_ARE and cell.seed == 0:
        one = one.with_facts(**factor_facts(counts, asked, judged))
    if (cell.states, cell.dictionary) not in NULLS or cell.seed != 0:
        return one
    tokens = latents_of(blocks, cell), latents_of([queries], cell)
    return one.with_facts(**words.shares(*tokens, counts, asked))


def known_latents(study: Study, block: int) -> dict[Drawn, TokenLatents]:
    """The latents of a block of documents under the study's own SAE, which the study keeps."""
    first, tokens = block * DOCUMENTS_PER_SHARD, study.tokens
    offsets = np.asarray(tokens.offsets[first : first + DOCUMENTS_PER_SHARD + 1])
    rows = slice(offsets[0], offsets[-1])
    return {
        (TRAINED, SEED): TokenLatents(tokens.activations[rows], tokens.indices[rows], offsets - offsets[0])
    }


def tables_of(
    results: Mapping[tuple[str, str, int], Measured], cosine: Measured, query_ids: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`Ladder.cells` and `Ladder.per_query`: seeds of a cell are averaged query by query."""
    by_cell: dict[tuple[str, str], list[Measured]] = {}
    for (states, dictionary, _), one in results.items():
        by_cell.setdefault((states, dictionary), []).append(one)
    values = {key: _mean(seeds) for key, seeds in by_cell.items()}
    rows = []
    for (states, dictionary), seeds in by_cell.items():
        row: dict[str, Any] = {"states": states, "dictionary": dictionary}
        row |= {name: float(one.mean()) for name, one in values[states, dictionary].items()}
        means = [float(seed.per_query["nDCG@10"].mean()) for seed in seeds]
        row |= {"n_seeds": len(seeds), "seed_sd": float(np.std(means, ddof=1)) if len(seeds) > 1 else np.nan}
        rows.append(row | {name: _mean_fact(seeds, name) for name in seeds[0].facts})
    table = pd.DataFrame(rows)
    for idf in ("", "_lucene"):
        ndcg = np.array([of_query[f"nDCG@10{idf}"] for of_query in values.values()])
        table[f"low{idf}"], table[f"high{idf}"] = bootstrap_means(ndcg).T
    ndcg = np.array([of_query["nDCG@10"] for of_query in values.values()])
    own = list(values).index((AS_THEY_ARE, TRAINED))
    for name, reference in (("minus_sae", ndcg[own]), ("minus_cosine", cosine.per_query["nDCG@10"])):
        change = ndcg - reference
        table[name] = change.mean(axis=1)
        table[f"{name}_low"], table[f"{name}_high"] = bootstrap_means(change).T
        p = paired_randomisations(change)
        if name == "minus_sae":
            p[own] = np.nan
        table[f"{name}_p"] = holm(p)
    per_query = [
        pd.DataFrame({"states": states, "dictionary": dictionary, "query_id": list(query_ids), **of_query})
        for (states, dictionary), of_query in values.items()
    ]
    return table, pd.concat(per_query, ignore_index=True).drop(columns="R@100")


def _mean(seeds: Sequence[Measured]) -> dict[str, Any]:
    return {name: np.mean([one.per_query[name] for one in seeds], axis=0) for name in PER_QUERY}


def _mean_fact(seeds: Sequence[Measured], name: str) -> float:
    return float(np.mean([one.facts[name] for one in seeds if name in one.facts]))


def _cosine(study: Study, judged: Judged) -> Measured:
    """The encoder's own cosine on the judged queries."""
    return of_run(rank(study, study_queries(study, judged.rows), COSINE.name, DEPTH), judged)


def _fitting_facts(study: Study, encoded: EncodedSpace, space: Space) -> dict[str, Any]:
    """What the dictionaries were fitted to, and what of the documents that text does not know."""
    seen = space.means.n_tokens > 0
    text = encoded.fitted_to.plan["source"]
    return {
        "fitted_to": str(text.get("name", "")),
        "text": str(text.get("fingerprint", "")),
        "fitted_to_the_documents": encoded.fitted_to is encoded.documents,
        "n_tokens": encoded.fitted_to.n_tokens,
        "explained": space.means.explained,
        "unseen": float(1 - seen[np.asarray(study.tokens.token_ids)].mean()),
    }


def _begin(work: Path, plan: str) -> None:
    """Keep the work of an interrupted ladder of the same plan; remove that of another."""
    record = work / "plan.json"
    if not (record.is_file() and read_json(record) == plan):
        shutil.rmtree(work, ignore_errors=True)
        write_json(record, plan)
