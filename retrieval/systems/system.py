"""`System`: a name and a function that ranks a study's documents for queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder

Reads = Literal["text", "encoder", "latents"]


class Ranker(Protocol):
    """Ranks a study's documents for each query, best first, ties in document order.

    parameters: BM25 parameters of the latent terms, None: the paper's; systems without latent terms ignore them.
    """

    def __call__(
        self, study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
    ) -> Run: ...


def _always(study: StudyFolder) -> bool:
    return True


@dataclass(frozen=True)
class System:
    """An entry of the list of systems (retrieval/systems/__init__.py).

    name: key in JSON, tables and files. title, colour: for display. rank: the ranking function. reads: what the
    ranking depends on: the text alone, the encoder, or also the SAE. is_encoders_own: whether this is the encoder's
    own score. is_kept_run: whether the ranking is stored, and so exists only for the study's own queries. can_rank:
    whether a study has everything that the system needs. vocabulary: name of the vocabulary that it ranks by, ""
    for none. parts: names of the systems that it fuses.
    """

    name: str
    title: str
    colour: str
    rank: Ranker = field(repr=False)
    reads: Reads = "text"
    is_encoders_own: bool = False
    is_kept_run: bool = False
    can_rank: Callable[[StudyFolder], bool] = field(default=_always, repr=False)
    vocabulary: str = ""
    parts: tuple[str, ...] = ()

    @property
    def title_within_sentence(self) -> str:
        """The title within a sentence: "lexical BM25", but "MaxSim"."""
        first, rest = self.title[:1], self.title[1:]
        return self.title if " " not in rest and rest != rest.lower() else first.lower() + rest


def ranked(
    system: System,
    study: StudyFolder,
    queries: QuerySet,
    depth: int,
    parameters: Bm25Parameters | None = None,
) -> Run:
    """The system's run for the queries to `depth`; cached in `queries`."""
    return queries.ranked(
        (system.name, parameters), depth, lambda deep: system.rank(study, queries, deep, parameters)
    )
