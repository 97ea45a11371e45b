"""A part of a study: what it is, whether a study keeps it, how it is made, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from data.progress import Progress
from retrieval.study import Study

Stage = Literal["index", "complete", "asked"]
TOKENS_PER_SECOND = 7000.0  # of a small encoder, on two cores at 2.3 GHz in float32
READING = 1.4  # encoding and taking latents, over encoding alone


@dataclass(frozen=True)
class Size:
    """What a part's cost follows from. encode: tokens/s of the encoder. n_vocabularies: that laws are fitted to."""

    n_docs: int
    n_tokens: int
    n_latents: int
    n_queries: int
    encode: float
    n_vocabularies: int = 3

    @classmethod
    def of(cls, study: Study) -> Size:
        """The size of a study, read by a small encoder."""
        counts, n_queries = study.manifest["counts"], len(study.queries.ids)
        return cls(counts["n_docs"], counts["n_tokens"], study.n_latents, n_queries, TOKENS_PER_SECOND)

    def reading(self, n_docs: int) -> float:
        """Seconds to read a number of documents, or all."""
        return READING * self.n_tokens * min(n_docs / max(self.n_docs, 1), 1.0) / self.encode


@dataclass(frozen=True)
class Part:
    """name: by which pages and paper items ask for it. title: in plans and progress. stage: when it is made.

    files: in the study's folder, made anew with it. is_kept, make: whether it is there, how it comes there; a part
    that a study cannot have (it has no judgements, say) counts as kept. seconds: estimated, two cores at 2.3 GHz.
    needed_by: slugs of the pages that show it.
    """

    name: str
    title: str
    stage: Stage
    files: tuple[str, ...]
    is_kept: Callable[[Study], bool]
    make: Callable[[Study, Progress | None], object]
    seconds: Callable[[Size], float]
    needed_by: tuple[str, ...] = ()

    def version(self, study: Study) -> tuple[int, ...]:
        """When each of its files was written, in nanoseconds, 0 for one that is absent: caches are keyed by it."""
        paths = [study.path / file for file in self.files]
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


def make_parts(
    study: Study,
    parts: Iterable[Part],
    progress: Progress | None = None,
    on_part: Callable[[Part], None] | None = None,
) -> None:
    """Make those of these parts that the study lacks. on_part: is called before each."""
    for part in parts:
        if not part.is_kept(study):
            if on_part:
                on_part(part)
            part.make(study, progress)
