"""Laws of the LIMIT generator."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.corpus import Collection
from data.errors import UserError
from data.limit import limit_collection
from data.limit_words import FIRST_NAMES, KINDS, SURNAMES, THINGS


def likes(collection: Collection) -> dict[str, list[str]]:
    """Document id -> the things that its text lists."""
    listed = {}
    for identifier, text in zip(collection.corpus.ids, collection.corpus.texts, strict=True):
        things = text.removeprefix(f"{identifier} likes ").removesuffix(".")
        listed[identifier] = things.replace(" and ", ", ").split(", ")
    return listed


@given(
    n_relevant=st.integers(2, 20),
    n_distractors=st.integers(0, 30),
    share=st.floats(0, 1),
    n_likes=st.integers(2, 60),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60)
def test_a_query_s_thing_is_liked_by_its_two_answers_and_nobody_else(
    n_relevant: int, n_distractors: int, share: float, n_likes: int, seed: int
) -> None:
    n_pairs = n_relevant * (n_relevant - 1) // 2
    n_queries = max(1, round(share * n_pairs))
    n_docs = n_relevant + n_distractors
    collection = limit_collection(n_docs, n_relevant, n_queries, n_likes, seed)
    assert len(collection.corpus) == len(set(collection.corpus.ids)) == n_docs
    assert len(collection.queries) == len(set(collection.queries.texts)) == len(collection.qrels) == n_queries
    listed = likes(collection)
    fans: dict[str, set[str]] = {}
    for person, things in listed.items():
        assert len(set(things)) == len(things)
        for thing in things:
            fans.setdefault(thing, set()).add(person)
    for query, text in zip(collection.queries.ids, collection.queries.texts, strict=True):
        answers = collection.qrels[query]
        assert set(answers.values()) == {1}
        assert fans[text.removeprefix("Who likes ").removesuffix("?")] == set(answers)
        assert len(answers) == 2
    assert len(set(map(len, listed.values()))) == 1
    pairs = [frozenset(answers) for answers in collection.qrels.values()]
    assert len(set(pairs)) == n_queries
    assert len(set().union(*pairs)) <= n_relevant


def test_every_pair_is_asked_for_unless_capped() -> None:
    collection = limit_collection(100, seed=3)
    assert len(collection.queries) == 1035
    pairs = {frozenset(answers) for answers in collection.qrels.values()}
    relevant = sorted(set().union(*pairs))
    assert len(relevant) == 46
    assert pairs == set(map(frozenset, combinations(relevant, 2)))
    assert len(limit_collection(100, n_queries=1000).queries) == 1000


def test_a_seed_is_a_collection() -> None:
    assert limit_collection(60, seed=1) == limit_collection(60, seed=1)
    assert limit_collection(60, seed=1).corpus != limit_collection(60, seed=2).corpus


def test_answers_are_spread_over_the_corpus() -> None:
    collection = limit_collection(2000, seed=0)
    relevant = set().union(*collection.qrels.values())
    positions = [i for i, identifier in enumerate(collection.corpus.ids) if identifier in relevant]
    assert sum(position < 1000 for position in positions) not in (0, 46)


def test_names_and_things_never_run_into_each_other() -> None:
    assert len(set(FIRST_NAMES)) * len(set(SURNAMES)) == len(FIRST_NAMES) * len(SURNAMES) >= 50_000
    assert len(set(THINGS)) == len(THINGS) >= 1850
    assert not any("," in thing or " and " in thing for thing in THINGS)
    assert not any(thing.split()[0] in KINDS for thing in THINGS)
    shared = Counter(word for thing in THINGS for word in thing.split())
    assert sum(count > 1 for count in shared.values()) < 0.02 * len(THINGS)


@pytest.mark.slow
def test_more_people_and_things_than_plain_words_can_name() -> None:
    collection = limit_collection(len(FIRST_NAMES) * len(SURNAMES) + 10, n_relevant=80, likes=2)
    assert len(set(collection.corpus.ids)) == len(collection.corpus)
    assert len(set(collection.queries.texts)) == 80 * 79 // 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_docs": 10}, "got 46 of 10"),
        ({"n_docs": 10, "n_relevant": 1}, "2 relevant documents or more"),
        ({"n_docs": 10, "n_relevant": 4, "n_queries": 7}, "make 1 to 6 queries, got 7"),
        ({"n_docs": 500, "n_relevant": 400}, "things to like needs more than there are"),
    ],
)
def test_impossible_sizes_are_told(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        limit_collection(**arguments)
