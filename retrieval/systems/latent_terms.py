"""BM25 over latent terms, with the paper's clipped idf and with Lucene's (Clavié et al., arXiv 2605.29384)."""

from __future__ import annotations

from dataclasses import replace

from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.search import search
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import System
from retrieval.vocabularies import LATENTS


def rank_latent(
    study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
) -> Run:
    """Rank by BM25 over latents under these parameters; None: the paper's."""
    return search(study.weighted(parameters), queries.counts, depth, queries.ids, study.corpus.ids)


def rank_latent_lucene_idf(
    study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
) -> Run:
    """`rank_latent` under idf = ln(1 + (N - n + .5) / (n + .5)), which is above 0 for every latent."""
    return rank_latent(study, queries, depth, replace(parameters or Bm25Parameters(), idf="lucene"))


LATENT = System("latent", "Latent terms", "#0072B2", rank_latent, reads="latents", vocabulary=LATENTS.name)
LATENT_LUCENE_IDF = System(
    "latent_lucene_idf",
    "Latent terms, Lucene idf",
    "#9CCFEE",
    rank_latent_lucene_idf,
    reads="latents",
    vocabulary=LATENTS.name,
)
