"""LIMIT-style collections: documents about people who like things, and a query for every pair of relevant people.

Each of the n(n - 1)/2 pairs of n relevant documents answers one query, "Who likes X?", where exactly these two
people like X. Word matching solves this easily, while one vector of d dimensions cannot rank all pairs first once
n outgrows d. Construction after Weller et al. (2025), "On the Theoretical Limitations of Embedding-Based
Retrieval" (arXiv 2508.21038); names and things are this project's own.
"""

from __future__ import annotations

import random
from itertools import combinations, islice, product
from math import ceil

from data.corpus import Collection, Corpus, Queries
from data.errors import UserError
from data.limit_words import FIRST_NAMES, KINDS, SURNAMES, THINGS

FEWEST_FILLERS = 600  # things of no query; every document lists some of them


def limit_collection(
    n_docs: int, n_relevant: int = 46, n_queries: int | None = None, likes: int = 50, seed: int = 0
) -> Collection:
    """A collection of `n_docs` people: `n_relevant` of them are relevant to queries, the others are distractors.

    n_queries: number of pairs with a query, drawn by the seed; None: all pairs (1,035 for 46 people).
    likes: things that each document lists; more if a document's queries alone need more.
    Document ids are the people's names, spaces included, as in LIMIT. Numbers that do not fit each other raise a
    `UserError`.
    """
    n_pairs = n_relevant * (n_relevant - 1) // 2
    n_queries = n_pairs if n_queries is None else n_queries
    if not 2 <= n_relevant <= n_docs:
        raise UserError(
            f"a LIMIT collection needs 2 relevant documents or more, got {n_relevant} of {n_docs} documents"
        )
    if not 1 <= n_queries <= n_pairs:
        raise UserError(f"{n_relevant} relevant documents make 1 to {n_pairs} queries, got {n_queries}")
    generator = random.Random(seed)
    people = _names(n_docs, generator)
    pairs = generator.sample(list(combinations(range(n_relevant), 2)), n_queries)
    things = _things(max(len(THINGS), n_queries + max(FEWEST_FILLERS, 2 * likes)), generator)
    queried, fillers = things[:n_queries], things[n_queries:]

    answers: list[list[str]] = [[] for _ in range(n_docs)]
    for thing, pair in zip(queried, pairs, strict=True):
        for person in pair:
            answers[person].append(thing)
    most = max(likes, *map(len, answers))
    texts = [
        _sentence(name, liked, fillers, most, generator) for name, liked in zip(people, answers, strict=True)
    ]

    queries = Queries(
        tuple(f"q{number}" for number in range(n_queries)), tuple(f"Who likes {thing}?" for thing in queried)
    )
    qrels = {
        query: {people[person]: 1 for person in pair} for query, pair in zip(queries.ids, pairs, strict=True)
    }
    order = generator.sample(range(n_docs), n_docs)  # ties break by position, which must not favour answers
    corpus = Corpus(tuple(people[i] for i in order), tuple(texts[i] for i in order), ("",) * n_docs)
    card = {
        "source": f"limit:{n_docs}:{seed}",
        "split": None,
        "n_relevant": n_relevant,
        "likes": most,
        "seed": seed,
        "note": "generated in the manner of LIMIT; not the published collection",
    }
    return Collection(f"limit-{n_docs}-seed{seed}", corpus, queries, qrels, card=card)


def _sentence(name: str, answers: list[str], fillers: list[str], likes: int, generator: random.Random) -> str:
    liked = answers + generator.sample(fillers, likes - len(answers))
    generator.shuffle(liked)
    return f"{name} likes {', '.join(liked[:-1])} and {liked[-1]}."


def _names(count: int, generator: random.Random) -> list[str]:
    """Distinct names in random order, with middle initials once first names and surnames run out."""
    plain = len(FIRST_NAMES) * len(SURNAMES)
    initials = ["", *(f" {letter}." for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")][: ceil(count / plain)]
    if count > plain * len(initials):
        raise UserError(
            f"a LIMIT collection of {count:,} people needs more names than there are: expected at most "
            f"{plain * len(initials):,}"
        )
    chosen = generator.sample(range(plain * len(initials)), count)
    parts = list(product(initials, FIRST_NAMES, SURNAMES))
    return [f"{first}{initial} {last}" for initial, first, last in (parts[index] for index in chosen)]


def _things(count: int, generator: random.Random) -> list[str]:
    """Distinct things in random order, composed ones ("old kites") once plain things run out."""
    composed = (f"{kind} {thing}" for kind, thing in product(KINDS, THINGS))
    things = [*THINGS, *islice(composed, max(0, count - len(THINGS)))]
    if count > len(things):
        raise UserError(
            f"a LIMIT collection with {count:,} things to like needs more than there are: expected at most "
            f"{len(things):,}"
        )
    return generator.sample(things, count)
