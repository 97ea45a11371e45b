"""Examples of latents of each type, chosen by a fixed rule.

Of the latents of a type, ordered by document frequency (ties by number), those at the middle of each of n equal
parts: so that examples are neither the best nor the most frequent. Each is shown on its strongest token.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.latents.latent_table import vocabulary_table
from analyses.latents.regions import latent_words
from analyses.latents.types import TYPES, kept_types
from analyses.text.contexts import context_of
from analyses.text.word_table import word_table
from retrieval.study import Study

N_EXAMPLES, N_WORDS, WINDOW = 5, 4, 38  # of a type; of a latent; characters on each side


def type_examples(study: Study, n: int = N_EXAMPLES) -> pd.DataFrame:
    """At most n latents of each of TYPES, the most frequent first.

    type, n_of_type, latent, label, document_frequency, words (N_WORDS with most of its activation), doc_id,
    activation, before, marked, after: the text around the token on which it fires most strongly; marked is the
    whole word that the token is part of (empty where it is a special token). Texts are the corpus's, with single
    spaces, and not escaped.
    """
    vocabulary, types = vocabulary_table(study), kept_types(study)
    words = latent_words(study, word_table(study))
    rows = []
    for kind in TYPES:
        members = vocabulary[(types == kind).to_numpy()].sort_values(
            ["document_frequency", "latent"], ascending=[False, True]
        )
        for row in members.iloc[middles(len(members), n)].to_dict("records"):
            latent = int(row["latent"])
            shares = words.shares[[latent]]
            order = np.argsort(-shares.data, kind="stable")[:N_WORDS]
            context = context_of(study, latent, int(study.contexts.latent(latent)[0][0]), WINDOW)
            start, end = whole_word(context.text, context.focus.start, context.focus.end)
            rows.append(
                {
                    "type": kind,
                    "n_of_type": len(members),
                    "latent": latent,
                    "label": row["label"],
                    "document_frequency": int(row["document_frequency"]),
                    "words": ", ".join(words.words[word] for word in shares.indices[order]),
                    "doc_id": context.doc_id,
                    "activation": context.activation,
                    "before": _single_spaced(context.text[:start]),
                    "marked": context.text[start:end],
                    "after": _single_spaced(context.text[end:]),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


COLUMNS = (
    *("type", "n_of_type", "latent", "label", "document_frequency", "words", "doc_id", "activation"),
    *("before", "marked", "after"),
)


def middles(n_members: int, n: int) -> list[int]:
    """The middle place of each of n equal parts of n_members places; fewer where there are fewer."""
    n = min(n, n_members)
    return [int((2 * part + 1) * n_members / (2 * n)) for part in range(n)]


def whole_word(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the whole word that [start, end) is part of; punctuation, and nothing, as they are."""
    if any(letter.isalnum() for letter in text[start:end]):
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
    return start, end


def _single_spaced(text: str) -> str:
    """Runs of white space as one space, at the ends too."""
    bare = " ".join(text.split())
    return f"{' ' if text[:1].isspace() else ''}{bare}{' ' if bare and text[-1:].isspace() else ''}"
