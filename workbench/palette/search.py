"""What the command palette offers for a typed text: the best of each kind, or what is recent for none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.palette.names import find, names_of
from workbench.palette.study_index import Choice, Kind, StudyIndex, found_in, latent_choice

MOST: Mapping[Kind, int] = {"page": 4, "study": 4, "latent": 6, "word": 4, "document": 5, "query": 5}
N_RECENT, N_ALL = 5, 24


@dataclass(frozen=True)
class Recent:
    """What this reader asked and opened last, the last first."""

    queries: tuple[str, ...] = ()
    latents: tuple[int, ...] = ()

    def seen(self, query: str, latent: str) -> Recent:
        """With what is open now."""
        queries, latents = self.queries, self.latents
        if query and query != next(iter(queries), None):
            queries = (query, *(one for one in queries if one != query))[:N_RECENT]
        if latent.isdecimal() and int(latent[:9]) != next(iter(latents), None):
            number = int(latent[:9])
            latents = (number, *(one for one in latents if one != number))[:N_RECENT]
        return Recent(queries, latents)


def search(
    typed: str,
    pages: Mapping[str, str],
    studies: Sequence[str],
    here: str,
    index: StudyIndex | None,
    recent: Recent,
) -> list[Choice]:
    """At most N_ALL choices, the best first. pages: slug -> title. here: the page that is open."""
    if not typed.strip():
        return [*_recent(index, recent), *(Choice("page", title, "", slug) for slug, title in pages.items())][
            :N_ALL
        ]
    found = [
        *_named("page", typed, [(title, slug, ()) for slug, title in pages.items()]),
        *_named("study", typed, [(name, here, (("study", name),)) for name in studies]),
        *(found_in(index, typed, max(MOST.values())) if index is not None else ()),
    ]
    first: dict[str, int] = {}
    for choice in found:
        first[choice.kind] = min(choice.quality, first.get(choice.kind, choice.quality))
    kinds = sorted(first, key=lambda kind: first[kind])  # in the order above where they match alike
    chosen = [
        one
        for kind in kinds
        for one in [each for each in found if each.kind == kind][: MOST.get(kind, 4)]  # type: ignore[call-overload]
    ]
    text = " ".join(typed.split())
    return [*chosen[: N_ALL - 1], Choice("ask", text, "ask this", "search", (("q", text),))]


def _named(
    kind: Kind, typed: str, options: Sequence[tuple[str, str, tuple[tuple[str, str], ...]]]
) -> list[Choice]:
    names = names_of([title for title, _, _ in options])
    return [
        Choice(kind, *_shown(options[match.row]), match.quality) for match in find(names, typed, MOST[kind])
    ]


def _shown(
    option: tuple[str, str, tuple[tuple[str, str], ...]],
) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    title, page, parameters = option
    return title, "", page, parameters


def _recent(index: StudyIndex | None, recent: Recent) -> list[Choice]:
    queries = [Choice("query", text, "recent", "search", (("q", text),)) for text in recent.queries]
    if index is None:
        return list(queries)
    rows = {latent: row for row, latent in enumerate(index.latents) if latent in recent.latents}
    return [*queries, *(latent_choice(index, rows[one]) for one in recent.latents if one in rows)]
