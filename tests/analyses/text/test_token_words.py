"""Words from wordpieces: equal words, equal numbers, and no word across a document's end."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.text.token_words import surface_word, word_numbers
from retrieval.study import Study
from retrieval.tokens import TokenTable

PIECES = ["[CLS]", "inte", "##gral", ".", "##s", "Ġsum", "mer", "7"]


def table(token_ids: list[int], spans: list[tuple[int, int]], offsets: list[int]) -> TokenTable:
    """A token table without latents."""
    none = np.zeros((len(token_ids), 1), np.float32)
    return TokenTable(np.array(offsets), np.array(token_ids, np.int32), np.array(spans, np.int32), none, none)


def test_touching_letters_are_one_word() -> None:
    # "[CLS] integral.integral integrals" and, in a second document, "integral"
    ids = [0, 1, 2, 3, 1, 2, 1, 2, 4, 1, 2]
    spans = [(0, 0), (0, 4), (4, 8), (8, 9), (9, 13), (13, 17), (18, 22), (22, 26), (26, 27), (0, 4), (4, 8)]
    words = word_numbers(table(ids, spans, [0, 9, 11]), PIECES)
    cls, integral, dot, plural = words[0], words[1], words[3], words[6]
    assert words.tolist() == [
        cls,
        integral,
        integral,
        dot,
        integral,
        integral,
        *[plural] * 3,
        integral,
        integral,
    ]
    assert len({cls, integral, dot, plural}) == 4


def test_a_document_ends_its_word() -> None:
    words = word_numbers(table([1, 2], [(0, 4), (4, 8)], [0, 1, 2]), PIECES)
    assert words[0] != words[1]
    assert len(word_numbers(table([1, 1], [(0, 4), (0, 4)], [0, 1, 1, 2]), PIECES)) == 2


def test_marks_of_other_tokenizers_do_not_part_words() -> None:
    words = word_numbers(table([5, 6, 7], [(1, 4), (4, 7), (8, 9)], [0, 3]), PIECES)
    assert words[0] == words[1] != words[2]


@pytest.mark.parametrize("document", [0, 9])
def test_numbers_tell_the_words_of_a_real_text_apart(tiny_study: Study, document: int) -> None:
    words = word_numbers(tiny_study.tokens, tiny_study.wordpieces)
    rows = range(*tiny_study.tokens.document(document).indices(len(words)))
    seen: dict[int, str] = {}
    for row in rows:
        name = surface_word(tiny_study, row, document)
        assert seen.setdefault(int(words[row]), name) == name
    assert len(set(seen.values())) > 10
