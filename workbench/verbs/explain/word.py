"""The verb word."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import records


def run(
    study: StudyFolder,
    word: Annotated[str, typer.Argument(help="A word of the documents, or a wordpiece.")],
    limit: Annotated[int, typer.Option(help="How many latents to print.", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the latents that fire on a word: on which share of its tokens, and how much of a latent it is.

    The rare latents that fire on most of its tokens come first; splitting is large where a latent is strong on
    some of its tokens only, perhaps one of its senses.

    `workbench word studies/scifact protein`
    """
    from analyses.dictionary.lookup import word_entry
    from retrieval.study import Study

    entry = word_entry(Study.open(study), word)
    if as_json:
        about = {"word": entry.word, "tokens": len(entry.tokens), "documents": entry.n_documents}
        print_json(about | {"whole": entry.whole, "latents": records(entry.latents)})
        return
    kind = "word" if entry.whole else "wordpiece"
    say(f"{entry.word}: {kind}, {len(entry.tokens):,} tokens in {entry.n_documents:,} documents")
    print_table(entry.latents.head(limit))
