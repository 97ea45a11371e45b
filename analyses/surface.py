"""From tokens back to what a reader sees: whole words, and names for latents."""

from __future__ import annotations

from collections.abc import Iterable

from retrieval.study import Study


def readable_wordpiece(piece: str) -> str:
    """A tokenizer's token as a reader sees it: SentencePiece's and BPE's marks for a space are dropped."""
    return piece.replace("Ġ", "").replace("▁", "") or piece


def word_around(text: str, start: int, end: int) -> str:
    """The whole word in `text` that the span [start, end) stands in, in lower case.

    A span of punctuation is returned as it is; an empty span gives "".
    """
    if any(character.isalnum() for character in text[start:end]):
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
    return text[start:end].strip().lower()


def surface_word(study: Study, token: int, document: int) -> str:
    """The whole word that a token (a row of the TokenTable) is part of; special tokens as they are."""
    start, end = (int(i) for i in study.tokens.spans[token])
    if start == end:
        return study.wordpieces[int(study.tokens.token_ids[token])]
    return word_around(study.corpus.texts[document], start, end)


def label_of(words: Iterable[str]) -> str:
    """A latent's short name: the different words among its top ones, best first, such as `integral · integrate`."""
    return " · ".join(dict.fromkeys(word if len(word) <= 24 else word[:23] + "…" for word in words if word))
