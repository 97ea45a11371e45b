"""The item of examples: latents of each type, chosen by a rule, as a typeset table."""

from __future__ import annotations

import pandas as pd

from analyses.figures.latents.types import TYPE_NAMES
from analyses.latents.type_evidence.type_examples import N_EXAMPLES, type_examples
from workbench.paper.item import Evidence, Item, Made, collection_of, records


def examples(evidence: Evidence) -> Made:
    """Examples of latents of each type, by a rule, as a typeset table."""
    study = evidence.study()
    table = type_examples(study)
    shown = pd.DataFrame(
        {
            "Type": [TYPE_NAMES[kind] for kind in table["type"]],
            "Latent": [f"{row['latent']}: {row['label']}" for row in records(table)],
            "documents": [f"{n:,}" for n in table["document_frequency"]],
            "Top words": table["words"],
            "Strongest context": [
                f"{row['before']}⟨{row['marked']}⟩{row['after']}"
                if row["marked"]
                else row["before"] + row["after"]
                for row in records(table)
            ],
        }
    )
    caption = (
        f"Latents of each type (our rule) in {collection_of(study)}, not chosen by hand: of each type, ordered by "
        f"document frequency, the middle one of each of {N_EXAMPLES} equal parts. Words by share of the "
        "activation; the context is where the latent fires most strongly, with the word that it fires on marked "
        "(no mark: a special token)."
    )
    facts = tuple(
        f"{TYPE_NAMES[str(kind)]}: {len(part)} of {int(part['n_of_type'].iloc[0]):,} latents are shown, in "
        f"{int(part['document_frequency'].min()):,} to {int(part['document_frequency'].max()):,} documents."
        for kind, part in table.groupby("type", sort=False)
    )
    return Made(table, caption, facts, shown)


ITEMS = (
    Item(
        "type-examples",
        "Examples of latents of each type",
        examples,
        needs_study=True,
        formerly=("examples",),
    ),
)
