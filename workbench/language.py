"""What the pages on laws, growth, head and tail, length and meaning read, made beforehand and kept in a study."""

from __future__ import annotations

from analyses.meaning import meanings_are_kept, write_meanings
from analyses.pruning_effect import Progress, pruning_curve, write_pruning_curve
from analyses.repetition import repetition_is_kept, write_repetition
from analyses.study_growth import growth_is_kept, write_growth
from analyses.study_laws import laws, write_laws
from retrieval.study import Study


def write_language(study: Study, progress: Progress | None = None) -> None:
    """Keep what is missing: a minute for 7,000 documents, most of it laws, and ranking without head and tail."""
    write_growth(study, progress)
    write_repetition(study)
    write_meanings(study)
    write_laws(study, progress=progress)
    if study.qrels and pruning_curve(study) is None:
        write_pruning_curve(study, progress=progress)


def language_is_kept(study: Study) -> bool:
    """Whether `write_language` has nothing to do."""
    pruned = not study.qrels or pruning_curve(study) is not None
    counted = growth_is_kept(study) and repetition_is_kept(study) and meanings_are_kept(study)
    return pruned and counted and laws(study) is not None
