"""Asking a study from a notebook: why this score, why this order, what without it, where does it come from?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from analyses.attribution import compare_documents, score_breakdown
from analyses.attribution.compare_documents import Pair
from analyses.attribution.score_breakdown import Explanation
from analyses.dictionary.entry import LatentEntry, latent_entry
from analyses.interventions import ablation
from analyses.interventions.ablation import Ablation
from analyses.why.aspect import Answer
from analyses.why.aspects import ASPECTS
from data.locks import only_maker
from data.notebook_html import panel
from data.terminal import say
from retrieval.bm25 import Bm25Parameters, Idf
from retrieval.study import Study
from workbench.api.measuring import aspects_named, measure
from workbench.jobs.progress import StageProgress


def explain(study: Study, query: str, doc_id: str, idf: Idf = "clipped") -> Explanation:
    """Why a document has its score: what each latent contributes, and on which tokens."""
    return score_breakdown.explain(study, query, doc_id, Bm25Parameters(idf=idf))


def compare(study: Study, query: str, first: str, second: str, idf: Idf = "clipped") -> Pair:
    """Why one document stands above another: each latent's difference, and the fewest that decide."""
    return compare_documents.compare(study, study.encode(query), first, second, Bm25Parameters(idf=idf))


def ablate(
    study: Study,
    latents: Sequence[int],
    where: Literal["query", "index"] = "index",
    *,
    idf: Idf = "clipped",
    n_controls: int = 10,
    seed: int = 0,
) -> Ablation:
    """nDCG@10 without some latents, beside random sets of latents that contribute as much."""
    parameters = Bm25Parameters(idf=idf)
    return ablation.ablate(study, latents, where, parameters=parameters, n_controls=n_controls, seed=seed)


def latent(study: Study, number: int) -> LatentEntry:
    """What one latent encodes: its words, contexts, and statistics."""
    return latent_entry(study, number)


@dataclass(frozen=True)
class Why:
    """Aspect -> its answer; None where the study has nothing to measure it by."""

    answers: Mapping[str, Answer | None]

    def __getitem__(self, aspect: str) -> pd.DataFrame:
        """One aspect's table; a `KeyError` for one without an answer."""
        answer = self.answers[aspect]
        if answer is None:
            raise KeyError(aspect)
        return answer.shown()

    def sentences(self) -> dict[str, list[str]]:
        """Aspect -> its verdict in words."""
        return {name: list(answer.sentences()) for name, answer in self.answers.items() if answer}

    def to_dict(self) -> dict[str, Any]:
        """The answers as JSON can hold them."""
        return {name: answer.to_dict() for name, answer in self.answers.items() if answer}

    def __repr__(self) -> str:
        return "\n".join(
            f"{name}: {sentence}" for name, lines in self.sentences().items() for sentence in lines
        )

    def _repr_html_(self) -> str:
        parts = [
            panel(
                f"{ASPECTS[name].title}: {ASPECTS[name].question}", table=answer.shown().round(3), notes=lines
            )
            for name, lines in self.sentences().items()
            if (answer := self.answers[name])
        ]
        return "".join(parts)


def why(study: Study, only: str = "", **options: Any) -> Why:
    """Where a study's ranking comes from, by every aspect or one; what is not kept is measured, which may be long.

    only: `ladder`, `scoring`, `match` ... options: as `workbench why` has them, such as n_seeds=3.
    """
    aspects = aspects_named(only)
    with only_maker(study.path, say), StageProgress() as progress:
        measure(study, aspects, progress, **options)
    return Why({aspect.name: aspect.read(study) for aspect in aspects})
