"""The verb complete."""

from __future__ import annotations

from data.terminal import say
from workbench.verbs.options import Queue, StudyFolder, long_job


def run(study: StudyFolder, queue: Queue = False) -> None:
    """Make what a study still lacks of all that its pages show, and keep it there.

    That is its vocabulary, types and words, the map of its latents, and the controls of their types. `index` does
    it at its end, except with --quick, and `demo` while the app is open already. Example:

    `workbench complete studies/scifact`
    """
    from retrieval.study import Study
    from workbench.making.completion import mark_complete
    from workbench.making.stages import complete_study, is_complete

    opened = Study.open(study)
    if is_complete(opened):
        mark_complete(opened.path)
        say(f"{opened.name} lacks nothing.")
        return
    with long_job(f"Map and controls of {opened.name}", {}, queue, writes=[opened.path]) as progress:
        complete_study(opened, progress)
