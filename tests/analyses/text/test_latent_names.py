from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from analyses.text.latent_names import distinct_labels, first_word, latent_name, subword_of

WORDS = st.sampled_from(["datetime", "utc", "now", "zone", "parse", "leap"])
LABELS = st.dictionaries(
    st.integers(0, 40), st.lists(WORDS, max_size=3, unique=True).map(" · ".join), max_size=9
)


def test_siblings_are_told_apart_by_what_they_do_not_share() -> None:
    labels = {1: "datetime", 2: "datetime", 3: "datetime · parse", 4: "tree", 5: ""}
    words = {1: ["day", "utc", "zone"], 2: ["day", "leap"], 3: ["day"], 4: ["leaf"]}
    told = distinct_labels(labels, words)
    assert told[1] == "datetime (utc, zone)"
    assert told[2] == "datetime (leap, day)"
    assert told[3] == "datetime · parse"  # its second word tells it apart
    assert (told[4], told[5]) == ("tree", "")


def test_siblings_that_share_all_their_words_still_differ() -> None:
    labels = {1: "par", 2: "par", 3: "par"}
    told = distinct_labels(labels, {latent: ["format", "urllib", "notes"] for latent in labels})
    assert len(set(told.values())) == 3


@given(LABELS, st.dictionaries(st.integers(0, 40), st.lists(WORDS, max_size=4), max_size=9))
def test_labels_only_grow_and_no_two_become_alike(
    labels: dict[int, str], words: dict[int, list[str]]
) -> None:
    told = distinct_labels(labels, words)
    assert set(told) == set(labels)
    assert all(told[latent].startswith(labels[latent]) for latent in labels)
    assert all(first_word(told[latent]) == first_word(labels[latent]) for latent in labels)
    assert max(Counter(filter(None, told.values())).values(), default=0) <= max(
        Counter(filter(None, labels.values())).values(), default=0
    )
    own = {latent: [f"own{latent}"] for latent in labels}
    named = [label for label in distinct_labels(labels, own).values() if label]
    assert len(set(named)) == len(named)  # words of one's own always suffice
    # a label that is alone with its first word needs no more
    firsts = Counter(first_word(label) for label in labels.values() if label)
    assert all(told[j] == label for j, label in labels.items() if label and firsts[first_word(label)] == 1)


def test_a_wordpiece_is_named_where_no_word_has_most() -> None:
    words, shares = ["pareto", "parquet", "parser", "tree"], [0.3, 0.2, 0.15, 0.1]
    found = subword_of("par", 0.65, words, shares)
    assert found is not None
    assert found.label == "wordpiece par-: pareto, parquet, parser"
    assert first_word(found.label) == "par-"
    assert subword_of("par", 0.49, words, shares) is None  # not most of the activation
    assert subword_of("par", 0.9, ["pareto", "parquet"], [0.7, 0.2]) is None  # a word has most
    assert subword_of("token", 0.9, ["tokenizer", "tokenize", "x"], [0.4, 0.3, 0.1]) is None  # inflections do
    assert (
        subword_of("par", 0.9, ["par", "pareto", "parser"], [0.45, 0.2, 0.2]) is None
    )  # the piece is a word
    assert subword_of(".", 0.9, ["a.b", "c.d"], [0.3, 0.3]) is None
    ending = subword_of("##ing", 0.6, ["sorting", "parsing"], [0.3, 0.3])
    assert ending is not None
    assert ending.piece == "-ing"
    middle = subword_of("##ar", 0.6, ["pareto", "solar"], [0.3, 0.3])
    assert middle is not None
    assert middle.piece == "-ar-"


def test_a_name_has_the_number() -> None:
    assert latent_name(12, "tree") == "tree #12"
    assert latent_name(12, "") == "no label #12"
