"""Minimal pairs: a document, the same with one edit, and the same with a control edit of equal length.

    mention      one more mention of a query word                      control: a filler word in the same place
    form         a mention replaced by another form of the word        control: by a filler word
    synonym      a mention replaced by a word close in meaning         control: by a filler word
    order        words shuffled within each sentence                   control: whole sentences in another order
    negation     "not" after an auxiliary verb                         control: "then" in the same place
    proximity    a query word moved next to another one                control: two other words as far apart

Every edit and its control have the same number of words. "then" is a stop word, as "not" is, so that words count
alike. Shuffling has no filler: its control moves as much text and leaves every sentence as it is.
Probes: MacAvaney, Feldman, Goharian, Downey and Cohan 2022, "ABNIRML". Which way a score should go: `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analyses.why.reading.word_choice import CollectionWords
from retrieval.lexical import WordSpan, stems_of, word_spans

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|has|have|had|does|do|did|may|might|should|must)\b(?!\s+not\b)(?!n't)",
    re.IGNORECASE,
)
NOT, THEN = "not", "then"
APART = 6  # words between two query words, at least, before one is moved to the other


@dataclass(frozen=True)
class Edited:
    """The edited text and its control; `word`: what was put in, moved or taken, `instead`: the control's."""

    edit: str
    control: str
    word: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Source:
    """A text to edit for a query, the stems of its query, the collection's words, and the randomness."""

    text: str
    query: frozenset[str]
    words: CollectionWords
    generator: np.random.Generator

    @property
    def spans(self) -> list[WordSpan]:
        """The text's words, without stop words."""
        return word_spans(self.text)

    def mentions(self) -> list[WordSpan]:
        """The mentions of query words, in order."""
        return [span for span in self.spans if span.stem in self.query]

    def mention(self) -> WordSpan | None:
        """One mention, drawn; None where the text has no query word."""
        mentions = self.mentions()
        return mentions[int(self.generator.integers(len(mentions)))] if mentions else None

    def filler(self, word: str, beside: str = "") -> str | None:
        """A word as long and frequent as `word`, neither in the query nor in the text, nor a form of `beside`."""
        unwanted = self.query | {span.stem for span in self.spans} | set(stems_of(beside))
        return self.words.filler(word, unwanted, self.generator)


Edit = Callable[[Source], "Edited | None"]


def one_more_mention(source: Source) -> Edited | None:
    """A query word of the text said once more, in front of a drawn word."""
    mention = source.mention()
    if mention is None:
        return None
    word = source.text[mention.start : mention.end]
    instead = source.filler(word)
    if instead is None:
        return None
    spans = source.spans
    at = spans[int(source.generator.integers(len(spans)))].start
    edit, control = (_put(source.text, at, at, f"{one} ") for one in (word, instead))
    return Edited(edit, control, word, instead)


def another_form(source: Source) -> Edited | None:
    """A mention of a query word in another form."""
    return _replaced(source, source.words.other_form)


def a_synonym(source: Source) -> Edited | None:
    """A mention of a query word replaced by a word close in meaning that is neither in the query nor in the
    text.
    """
    here = source.query | {span.stem for span in source.spans}
    return _replaced(source, lambda word: source.words.synonym(word, here))


def shuffled_words(source: Source) -> Edited | None:
    """The words of each sentence in another order; a text of one sentence has no control."""
    sentences = SENTENCE_END.split(source.text.strip())
    if len(sentences) < 2:
        return None
    shuffled = " ".join(" ".join(_shuffled(one.split(), source.generator)) for one in sentences)
    moved = " ".join(_shuffled(sentences, source.generator))
    if shuffled.split() == source.text.split() or moved.split() == source.text.split():
        return None
    return Edited(shuffled, moved)


def a_negation(source: Source) -> Edited | None:
    """The sentence of a query word negated, after its first auxiliary verb."""
    start = 0
    for sentence in SENTENCE_END.split(source.text):
        start = source.text.index(sentence, start)
        verb = AUXILIARY.search(sentence)
        if verb and any(span.stem in source.query for span in word_spans(sentence)):
            at = start + verb.end()
            edit, control = (_put(source.text, at, at, f" {one}") for one in (NOT, THEN))
            return Edited(edit, control, NOT, THEN)
        start += len(sentence)
    return None


def brought_together(source: Source) -> Edited | None:
    """The first mention of one query word moved behind that of another, where they stand APART or more words
    apart.
    """
    spans = source.spans
    first: dict[str, int] = {}
    for place, span in enumerate(spans):
        if span.stem in source.query:
            first.setdefault(span.stem, place)
    pairs = [(a, b) for a in first.values() for b in first.values() if b - a >= APART]
    if not pairs:
        return None
    a, b = pairs[int(source.generator.integers(len(pairs)))]
    others = [
        place
        for place in range(len(spans) - (b - a))
        if not {spans[place].stem, spans[place + b - a].stem} & source.query
        and spans[place].stem != spans[place + b - a].stem
    ]
    if not others:
        return None
    c = others[int(source.generator.integers(len(others)))]
    d = c + b - a
    edit, control = (_moved(source.text, spans[x], spans[y]) for x, y in ((a, b), (c, d)))
    word, instead = (
        f"{_word(source.text, spans[x])} {_word(source.text, spans[y])}" for x, y in ((a, b), (c, d))
    )
    return Edited(edit, control, word, instead)


@dataclass(frozen=True)
class Kind:
    """A kind of edit. expected: +1 where the edited text should score above its control, -1 below; source: who says
    so. done, control: what is done, as a table says it.
    """

    name: str
    title: str
    expected: int
    done: str
    control: str
    source: str
    edit: Edit


TERM_FREQUENCY = "TFC1, Fang, Tao and Zhai 2004"
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "mention",
            "One more mention",
            1,
            "a query word is said once more",
            "a filler word of like length and document frequency",
            TERM_FREQUENCY,
            one_more_mention,
        ),
        Kind(
            "form",
            "Another form",
            1,
            "a query word is said in another form of the same stem",
            "a filler word in its place",
            "STMC1, Fang and Zhai 2006: a related word is worth more than an unrelated one",
            another_form,
        ),
        Kind(
            "synonym",
            "A word close in meaning",
            1,
            "a query word is replaced by a word of the nearest latents",
            "a filler word in its place",
            "STMC1, Fang and Zhai 2006",
            a_synonym,
        ),
        Kind(
            "order",
            "Word order",
            -1,
            "words are shuffled within each sentence",
            "whole sentences in another order",
            "ABNIRML, MacAvaney et al. 2022: a text without syntax should fall",
            shuffled_words,
        ),
        Kind(
            "negation",
            "Negation",
            -1,
            '"not" follows an auxiliary verb beside a query word',
            '"then" in its place',
            "NevIR, Weller, Lawrie and Van Durme 2024: a text that denies should fall",
            a_negation,
        ),
        Kind(
            "proximity",
            "Words together",
            1,
            "a query word is moved next to another",
            "two other words, as far apart",
            "Tao and Zhai 2007",
            brought_together,
        ),
    )
}


def _replaced(source: Source, choose: Callable[[str], str | None]) -> Edited | None:
    """A drawn mention that has another word to stand for it, replaced by that and by a filler."""
    mentions = source.mentions()
    for place in source.generator.permutation(len(mentions)).tolist():
        span = mentions[place]
        old = source.text[span.start : span.end]
        new = choose(old)
        filler = source.filler(old, new) if new is not None else None
        if new is not None and filler is not None:
            edit, control = (
                _put(source.text, span.start, span.end, _cased(one, old)) for one in (new, filler)
            )
            return Edited(edit, control, f"{old} → {new}", f"{old} → {filler}")
    return None


def _put(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


def _word(text: str, span: WordSpan) -> str:
    return text[span.start : span.end]


def _moved(text: str, target: WordSpan, moved: WordSpan) -> str:
    """The text with a word taken out and put behind an earlier one."""
    rest = text[target.end : moved.start].rstrip(" ")
    return f"{text[: target.end]} {_word(text, moved)}{rest}{text[moved.end :]}"


def _shuffled(parts: Sequence[str], generator: np.random.Generator) -> list[str]:
    """Another order of the parts, if there are two different ones."""
    order = list(parts)
    for _ in range(8):
        order = [parts[i] for i in generator.permutation(len(parts))]
        if order != list(parts):
            break
    return order
