"""What the verb why prints, and the study that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from analyses.why.aspect import Answer
from analyses.why.aspects import ASPECTS
from analyses.why.ladder.names import cell_folder
from data.terminal import say
from retrieval.study import Study
from workbench.api.measuring import stores, training_text
from workbench.jobs.progress import StageProgress
from workbench.verbs.printing import print_table


def print_answers(answers: Mapping[str, Answer | None]) -> None:
    """Print each aspect's question, its sentences and its table."""
    for name, answer in answers.items():
        aspect = ASPECTS[name]
        if answer is None:
            say(f"{aspect.title}: this study has nothing to measure it by (no judgements, or no queries).")
            continue
        say(f"\n{aspect.title}: {aspect.question}")
        say("\n".join(answer.sentences()))
        print_table(answer.shown().round(3))


def open_cell(
    study: Study, states: str, dictionary: str, out: Path | None, text: str, progress: StageProgress
) -> None:
    """Index the study's collection with a cell of the ladder into `out`, and say where it is."""
    from analyses.why.ladder.opening import cell_study, check_cell
    from workbench.making.stages import describe_study

    check_cell(states, dictionary)
    out = out or cell_folder(study, states, dictionary)
    training = training_text(study, text) if text else None
    find = partial(stores, study, training, progress)
    made = cell_study(study, states, dictionary, out, progress, find)
    describe_study(made, progress)
    say(
        f"study in {out}: {dictionary} on {states}, {made.n_latents:,} latents; see it with `workbench app {out}`"
    )
