"""The verb polysemy."""

from __future__ import annotations

from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, Seed, give, readable, records


def run(study: StudyFolder, seed: Seed = 0, csv: Csv = None, as_json: AsJson = False) -> None:
    """Zipf's meaning-frequency law: do frequent latents mean more, as frequent words do?

    Forms that a latent falls on, and latents that a word activates, against their frequency: slopes with intervals,
    beside as many tokens drawn at random; and what else goes with a latent's frequency. `--csv` writes a row per
    term.

    `workbench polysemy studies/scifact`
    """
    from analyses.latents.types import type_measures
    from analyses.laws.polysemy import polysemy_law, polysemy_measures, specificity_law, write_polysemy
    from retrieval.study import Study

    opened = Study.open(study)
    write_polysemy(opened, seed)
    table = polysemy_measures(opened, seed)
    law, specificity = polysemy_law(table, seed), specificity_law(opened, table, type_measures(opened))
    if as_json or csv:
        give(table, csv, as_json, lambda _: {"law": records(law), "specificity": records(specificity)})
        return
    print_table(readable(law))
    print_table(readable(specificity))
    say("p_value: Spearman's rank correlation, two-sided")
