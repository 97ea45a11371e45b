"""How a latent is named wherever it is shown: `datetime (utc, now) #4012`, its label told apart, and its number.

A label is made of the words on which the latent fires most, so the latents of a common word have the same one.
`distinct_labels` adds to each of those what its siblings lack: its further words, then the words around its tokens.
Where one wordpiece has most of a latent's activation, and no word has, the label names the wordpiece.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import Stemmer

SEPARATOR = " · "  # between the words of a label
NONE = "no label"
N_ADDED, N_KNOWN, N_PARTS = 2, 8, 3  # words added to a label; looked at for that; named of a wordpiece
MOST = 0.5  # of a latent's activation
STEMMER = Stemmer.Stemmer("english")


@dataclass(frozen=True)
class Subword:
    """A wordpiece with most of a latent's activation: as it stands in words (`par-`), and the words, most first."""

    piece: str
    words: tuple[str, ...]

    @property
    def label(self) -> str:
        """`wordpiece par-: pareto, parquet, parser`."""
        return f"wordpiece {self.piece}: {', '.join(self.words)}"


def latent_name(latent: int, label: str) -> str:
    """The label and the number of a latent: its name in any text."""
    return f"{label or NONE} #{latent}"


def first_word(label: str) -> str:
    """The word that a label begins with, by which latents are grouped; `par-` for a wordpiece."""
    return label.removeprefix("wordpiece ").split(SEPARATOR)[0].split(" (")[0].split(": ")[0]


def distinct_labels(labels: Mapping[int, str], words: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """The labels, those alike told apart: latent -> label.

    words: latent -> what may tell it apart, the best first. Of labels with one first word, those that are the word
    alone, or that another latent has too, get the first words of theirs that the fewest siblings have; without such
    words they stay as they are, and only the number distinguishes them.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for latent, label in labels.items():
        if label:
            groups[first_word(label)].append(latent)
    told, taken = dict(labels), set(labels.values())
    for word, members in groups.items():
        times = Counter(labels[latent] for latent in members)
        alike = [latent for latent in members if times[labels[latent]] > 1 or labels[latent] == word]
        if len(members) < 2:
            continue
        known = {latent: _candidates(words.get(latent, ()), labels[latent]) for latent in members}
        held_by = Counter(each for latent in members for each in known[latent])
        for latent in alike:
            ranked = sorted(known[latent], key=held_by.__getitem__)  # stable: the best first among equals
            added = [*combinations(ranked, N_ADDED), *((word,) for word in ranked)]
            shown = [f"{labels[latent]} ({', '.join(each)})" for each in added]
            if shown:
                told[latent] = next((label for label in shown if label not in taken), shown[0])
                taken.add(told[latent])
    return told


def subword_of(piece: str, share: float, words: Sequence[str], shares: Sequence[float]) -> Subword | None:
    """The wordpiece that a latent fires on rather than on words; None for any other latent.

    piece, share: the wordpiece with most of the latent's activation (`##` marks one that continues a word), and how
    much; words, shares: the latent's words with most of it, lower-cased. The piece has most of the activation, no
    word has, in any inflection, and at least two words of which it is a part have more than the piece as a word.
    """
    bare = piece.removeprefix("##").casefold()
    if share < MOST or not any(map(str.isalnum, bare)):
        return None
    of_stem: dict[str, float] = defaultdict(float)
    for stem, part in zip(STEMMER.stemWords(list(words)), shares, strict=True):
        of_stem[stem] += part
    inside = [(word, part) for word, part in zip(words, shares, strict=True) if bare in word and word != bare]
    alone = sum(part for word, part in zip(words, shares, strict=True) if word == bare)
    if max(of_stem.values(), default=0.0) >= MOST or len(inside) < 2:
        return None
    if sum(part for _, part in inside) <= alone:
        return None
    names = [word for word, _ in sorted(inside, key=lambda each: -each[1])]
    return Subword(_in_place(bare, piece.startswith("##"), names), tuple(names[:N_PARTS]))


def _candidates(words: Sequence[str], label: str) -> list[str]:
    """The first words that are not in the label already, nor forms of its first word."""
    first = first_word(label).strip("-")
    return [
        word
        for word in dict.fromkeys(words)
        if word and word not in label and not word.startswith(first) and not first.startswith(word)
    ][:N_KNOWN]


def _in_place(bare: str, continues: bool, words: Sequence[str]) -> str:
    """`par-` where the words begin with the piece, `-ing` where they end with it, `-ar-` otherwise."""
    if not continues and all(word.startswith(bare) for word in words):
        return f"{bare}-"
    return f"-{bare}" if all(word.endswith(bare) for word in words) else f"-{bare}-"
