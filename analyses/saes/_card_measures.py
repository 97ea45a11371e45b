"""One column of the quality card: an SAE on an encoder, read, ranked with and counted up into numbers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from analyses.comparison.evaluation_table import summarise
from analyses.saes._cosine_survival import DEPTH, decoder_similarities, histogram, ranking_kept
from analyses.saes._reconstruction import Reading, TextSums, pooling_head, read
from analyses.saes.card_record import (
    DENSITY_EDGES,
    RECONSTRUCTED,
    SIMILARITY_EDGES,
    VARIANTS,
    Number,
    Variant,
)
from data.activations import ActivationStore
from data.encoders import Encoder
from data.progress import Progress, StepProgress, within
from retrieval.bm25 import Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.evaluate import evaluate
from retrieval.queries import study_queries
from retrieval.run import Run
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, SYSTEMS, rank_all, systems_of
from retrieval.variants import SpooledCounts, document_blocks, encoded_blocks, latent_runs
from sae.model import SparseAutoencoder

EVALUATED = ["nDCG@10", "R@10", "R@100"]
PARAMETERS = {LATENT.name: Bm25Parameters(), LATENT_LUCENE_IDF.name: Bm25Parameters(idf="lucene")}
# (stage, texts done, texts in all)


@dataclass(frozen=True)
class HeldOut:
    """Text that the SAE has not read, as far as is known. why: a sentence that says how far that is.

    texts: only where they are given; the study's own are read anyway.
    """

    kind: Literal["given", "documents", "queries"]
    name: str
    why: str
    texts: tuple[str, ...] = ()


def measure_columns(
    study: Study,
    encoder: Encoder,
    saes: Mapping[str, SparseAutoencoder],
    held_out: HeldOut | None,
    scratch: Path,
    store: ActivationStore | None = None,
    progress: Progress | None = None,
) -> list[Variant]:
    """A column for each SAE (by its name among VARIANTS), in one pass over one encoder's states of the texts.

    scratch: a folder for the counts of the documents, which are removed at the end.
    """
    head, models = pooling_head(encoder)[0], list(saes.values())
    label = VARIANTS[next(iter(saes))]

    def report(texts: str) -> StepProgress | None:
        return within(progress, f"{label}: {texts}")

    readings: dict[str, list[Reading]] = {}
    query_counts: list[list[csr_array]] = [[] for _ in models]
    if study.queries:
        blocks = encoded_blocks(encoder, study.queries.texts, "query", report("queries"))
        readings["queries"] = read(blocks, models, study.pooling, head, query_counts)
    if held_out and held_out.kind == "given":
        blocks = encoded_blocks(encoder, held_out.texts, "document", report("held-out text"))
        readings["given"] = read(blocks, models, study.pooling, None)
    spools = [_empty_spool(scratch / f"counts-{name}") for name in saes]
    blocks = document_blocks(study, encoder, store, report("documents"))
    readings["documents"] = read(blocks, models, study.pooling, head, spools)

    columns = []
    for i, (name, sae) in enumerate(saes.items()):
        texts = {"documents": readings["documents"][i].sums}
        if held_out:
            texts = {"held_out": readings[held_out.kind][i].sums} | texts
        numbers = [number for text, sums in texts.items() for number in text_numbers(sums, text)]
        similarities = decoder_similarities(sae.W_dec)
        numbers += similarity_numbers(similarities)
        if study.queries:
            runs, kept = _cosine_kept(study, readings["documents"][i], readings["queries"][i])
            counts = csr_array(vstack(query_counts[i], format="csr"))
            runs = latent_runs(study, spools[i], counts, PARAMETERS, DEPTH, scratch) | runs
            numbers += kept + _evaluated(runs, study)
        shutil.rmtree(spools[i].folder)
        densities = {text: latents_by_density(sums) for text, sums in texts.items()}
        columns.append(Variant(name, tuple(numbers), densities, histogram(similarities, SIMILARITY_EDGES)))
    return columns


def text_numbers(sums: TextSums, text: str) -> list[Number]:
    """Reconstruction, sparsity, and latents that never or nearly always fire."""
    n_latents, n_tokens = len(sums.firings), sums.n_tokens
    dead = int((sums.firings == 0).sum())
    dense = int((sums.document_frequency > sums.n_texts / 2).sum())
    return [
        Number("fvu", text, sums.fvu, n_tokens),
        Number("state_cosine", text, sums.cosine, n_tokens),
        Number("l0", text, sums.l0, n_tokens, sums.l0_percentile(5), sums.l0_percentile(95)),
        Number("dead", text, dead, n_latents),
        Number("dead_share", text, dead / n_latents, n_latents),
        Number("dense", text, dense, n_latents),
        Number("dense_share", text, dense / n_latents, n_latents),
    ]


def similarity_numbers(similarities: NDArray[np.float32]) -> list[Number]:
    """Of each latent's largest cosine with another decoder direction."""
    n_latents = len(similarities)
    return [
        Number("similarity_median", "", float(np.median(similarities)), n_latents),
        Number("similarity_95", "", float(np.percentile(similarities, 95)), n_latents),
        Number("similarity_above_0.9", "", float((similarities > 0.9).mean()), n_latents),
    ]


def latents_by_density(sums: TextSums) -> tuple[int, ...]:
    """How many latents fire on what share of the tokens, in DENSITY_EDGES; latents that never fire in no bin."""
    return histogram(sums.firings[sums.firings > 0] / sums.n_tokens, DENSITY_EDGES)


def lexical_numbers(study: Study) -> list[Number]:
    """What the systems that read texts alone are worth on the same queries: lexical BM25 and its kin."""
    systems = [one for one in systems_of(study) if one.reads == "text" and one.name in SYSTEMS]
    return _evaluated(rank_all(study, study_queries(study), DEPTH, systems=systems), study)


def _cosine_kept(study: Study, documents: Reading, queries: Reading) -> tuple[dict[str, Run], list[Number]]:
    """Runs by the cosine of the texts' vectors and of pooled reconstructions, and how alike they are."""
    ids = study.queries.ids, study.corpus.ids
    vectors = documents.vectors, queries.vectors
    runs = {COSINE.name: cosine_search(*vectors, DEPTH, *ids)}
    if documents.reconstructed is None or queries.reconstructed is None:
        return runs, []
    replaced = documents.reconstructed, queries.reconstructed
    runs[RECONSTRUCTED] = cosine_search(*replaced, DEPTH, *ids)
    kept = ranking_kept(vectors, replaced, *runs.values())
    means = summarise(kept.reset_index().assign(system=COSINE.name))
    return runs, [
        Number(str(row["measure"]), "queries", row["mean"], row["n_queries"], row["low"], row["high"])
        for row in means.to_dict("records")
    ]


def _evaluated(runs: Mapping[str, Run], study: Study) -> list[Number]:
    """Each run's means with 95% bootstrap intervals; queries are resampled alike in every run and column."""
    if not study.qrels:
        return []
    tables = [
        evaluate(run, study.qrels)[EVALUATED].reset_index().assign(system=name) for name, run in runs.items()
    ]
    means = summarise(pd.concat(tables, ignore_index=True))
    return [
        Number(
            f"{row['system']} {row['measure']}",
            "queries",
            row["mean"],
            row["n_queries"],
            row["low"],
            row["high"],
        )
        for row in means.to_dict("records")
    ]


def _empty_spool(folder: Path) -> SpooledCounts:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return SpooledCounts(folder)
