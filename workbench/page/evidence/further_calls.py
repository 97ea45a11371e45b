"""More calls behind views, beside `calls`: those of two sides, of a basket, and of pages without a verb."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.page.evidence.call import Call, Written, call, inner, where
from workbench.page.evidence.calls import STUDY, Idf


def two_rankings(study: Study, text: str, other: Study, other_text: str, idf: Idf, depth: int) -> Call:
    function, parameters = "analyses.comparison.side_by_side.two_rankings", Bm25Parameters(idf=idf)
    return call(study, function, text, _beside(study, other), other_text, parameters, depth)


def two_dictionaries(study: Study, word: str, other: Study, other_word: str) -> Call:
    function = "analyses.saes.two_dictionaries.two_dictionaries"
    return call(study, function, word, _beside(study, other), other_word)


def _beside(study: Study, other: Study) -> Written:
    """The study of the right side, as code."""
    return STUDY if other.path == study.path else Written(f"Study.open({where(other)!r})")


def together(study: Study, latents: Sequence[int]) -> Call:
    return call(study, "analyses.dictionary.several_latents.together", list(latents))


def some_latents(study: Study, latents: Sequence[int]) -> Call:
    """Rows of the table of latents, under the usual rule of types."""
    table = inner("analyses.latents.latent_table.vocabulary_table", STUDY)
    measures = inner("analyses.latents.types.type_measures", STUDY)
    rule = inner("analyses.latents.types.TypeThresholds")
    whole = inner("analyses.latents.lexicon.lexicon", table, measures, rule, len(study.corpus))
    return call(study, whole, then=f".set_index('latent').loc[{list(latents)!r}].reset_index()")
