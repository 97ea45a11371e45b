"""Terms that are parts of the text: words, stems, n-grams; their counts have the same form as those of latents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from data.errors import UserError
from data.files import read_json, write_json
from data.ragged import offsets_of

FILE = "terms.json"
BLOCK = 4096  # texts counted at a time

Split = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class TextTerms:
    """A vocabulary of texts. labels: the terms in alphabetical order, (n_terms,); a term's position is its column.

    split: returns the terms of a text, in order, repetitions included.
    """

    labels: tuple[str, ...]
    split: Split

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def columns(self) -> dict[str, int]:
        """term -> its column."""
        return {term: column for column, term in enumerate(self.labels)}

    def count(self, texts: Iterable[str]) -> csr_array:
        """Occurrences of each term in each text, float32 csr (n_texts, n_terms); unknown terms are left out."""
        columns = self.columns
        lengths: list[int] = []
        counts: list[int] = []
        terms: list[int] = []
        for text in texts:
            known = Counter(columns[term] for term in self.split(text) if term in columns)
            row = sorted(known)
            lengths.append(len(row))
            terms.extend(row)
            counts.extend(known[column] for column in row)
        arrays = (np.array(counts, np.float32), np.array(terms, np.int32), offsets_of(lengths))
        return csr_array(arrays, shape=(len(lengths), len(self)))

    def count_blocks(self, texts: Iterable[str]) -> Iterator[csr_array]:
        """`count` in consecutive blocks of texts, for an index built in bounded memory."""
        block: list[str] = []
        for text in texts:
            block.append(text)
            if len(block) == BLOCK:
                yield self.count(block)
                block = []
        if block:
            yield self.count(block)

    def save(self, folder: Path) -> None:
        """Write terms.json into `folder`."""
        write_json(folder / FILE, list(self.labels))

    @classmethod
    def open(cls, folder: Path, split: Split) -> TextTerms:
        """Read terms.json from `folder`; a file that is no list raises a `UserError`."""
        labels = read_json(folder / FILE)
        if not isinstance(labels, list):
            raise UserError(f"{folder / FILE} is not a list of terms: index the collection again")
        return cls(tuple(labels), split)

    @classmethod
    def of(cls, texts: Iterable[str], split: Split) -> TextTerms:
        """The vocabulary of all terms of these texts."""
        return cls(tuple(sorted({term for text in texts for term in split(text)})), split)
