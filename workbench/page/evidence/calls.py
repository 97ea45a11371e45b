"""The call behind each view: Python that leaves its table, and the command where a verb gives the same numbers.

A page passes what it chose; here stands the function that its cache calls, and how the verb is asked the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.page.evidence.call import Call, Written, call, inner, query, verb, where

if TYPE_CHECKING:
    from analyses.interventions.edited_index import Intervention
    from analyses.interventions.pruning_effect import Pruning
    from analyses.interventions.steering import Steer
    from analyses.latents.types import TypeThresholds

Idf = Literal["clipped", "lucene"]
STUDY = Written("study")
QUERY_ID = "analyses.comparison.query_rankings.query_id_of"


def evaluation(study: Study) -> Call:
    command = verb("evaluate", study, intervals=True)
    return call(study, "analyses.comparison.evaluation_table.evaluation_table", command=command)


def breakdown(study: Study, text: str, doc_id: str, idf: Idf) -> Call:
    command = verb("explain", study, text, doc_id, idf=idf)
    explained = _explained(text, doc_id, idf)
    return call(study, explained, then=".breakdown", command=command)


def cosine(study: Study, text: str, doc_id: str, idf: Idf) -> Call:
    """Beside BM25's shares."""
    parts = inner("analyses.attribution.cosine_breakdown.explain_cosine", STUDY, query(text), doc_id)
    return call(
        study,
        inner("analyses.attribution.cosine_breakdown.beside_bm25", parts, _explained(text, doc_id, idf)),
        command=verb("explain", study, text, doc_id, cosine=True, idf=idf),
    )


def words(study: Study, text: str, doc_id: str) -> Call:
    command = verb("explain", study, text, doc_id, words=True)
    function = "analyses.attribution.word_breakdown.explain_words"
    return call(study, function, text, doc_id, then=".breakdown", command=command)


def comparison(study: Study, text: str, first: str, second: str, idf: Idf) -> Call:
    command = verb("compare-documents", study, text, first, second, idf=idf)
    function = "analyses.attribution.compare_documents.compare"
    parameters = Bm25Parameters(idf=idf)
    return call(study, function, query(text), first, second, parameters, then=".breakdown", command=command)


def ablation(study: Study, text: str, changes: Sequence[Intervention], idf: Idf) -> Call:
    """As a command where latents are removed from the query or from the whole index."""
    first, command = changes[0], ""
    removes = first.latents and first.factor == 0 and first.activation is None and first.place != "document"
    if len(changes) == 1 and removes:
        latents = ",".join(map(str, first.latents))
        command = verb(
            "ablation",
            study,
            latents=latents,
            where=first.place,
            keep_length=not first.length,
            query=text,
            controls=0,
            idf=idf,
        )
    return call(
        study,
        "analyses.interventions.effect.effect",
        _counts(text),
        list(changes),
        Bm25Parameters(idf=idf),
        inner(QUERY_ID, STUDY, text),
        n_controls=0,
        then=".ranking",
        command=command,
    )


def rescored(study: Study, text: str, paper: Bm25Parameters, other: Bm25Parameters) -> Call:
    function, query_id = "analyses.interventions.effect.rescored", inner(QUERY_ID, STUDY, text)
    return call(study, function, _counts(text), paper, other, query_id, then=".ranking")


def steered(study: Study, text: str, doc_id: str | None, change: Steer, idf: Idf) -> Call:
    steered_text: object = text
    if doc_id is not None:
        steered_text = Written(f"study.corpus.texts[study.position[{doc_id!r}]]")
    tokens = ",".join(map(str, change.tokens or ())) or None
    strength = change.strength or 0.0
    command = verb(
        "steering", study, text, change.latent, strength=strength, doc=doc_id, tokens=tokens, idf=idf
    )
    return call(
        study,
        "analyses.interventions.steering.steer",
        steered_text,
        "query" if doc_id is None else "document",
        change,
        query(text),
        doc_id,
        Bm25Parameters(idf=idf),
        inner(QUERY_ID, STUDY, text),
        then=".latents",
        command=command,
    )


def importance(study: Study, idf: Idf) -> Call:
    command = verb("importance", study, idf=idf)
    return call(study, "analyses.interventions.importance.importance", idf, then=".latents", command=command)


def rankings(study: Study, text: str, idf: Idf, depth: int) -> Call:
    function, query_id = "analyses.comparison.systems.rankings_of", inner(QUERY_ID, STUDY, text)
    command = verb("systems", study, text, depth=depth, idf=idf)
    return call(study, function, query(text), query_id, Bm25Parameters(idf=idf), depth, command=command)


def systems(study: Study, idf: Idf) -> Call:
    function, command = "analyses.comparison.systems.systems", verb("systems", study, idf=idf)
    return call(study, function, Bm25Parameters(idf=idf), then=".queries", command=command)


def failures(study: Study, idf: Idf, k: int) -> Call:
    function, command = "analyses.comparison.failures.failures", verb("failures", study, k=k, idf=idf)
    return call(study, function, Bm25Parameters(idf=idf), k, then=".classes", command=command)


def latent_table(study: Study, rule: TypeThresholds) -> Call:
    """As a command under the usual rule of types."""
    table = inner("analyses.latents.latent_table.vocabulary_table", STUDY)
    measures = inner("analyses.latents.types.type_measures", STUDY)
    whole = inner("analyses.latents.lexicon.lexicon", table, measures, rule, len(study.corpus))
    usual = rule == type(rule)()
    return call(
        study, whole, command=verb("latent-table", study, json=False, out="latents.csv") if usual else ""
    )


def latent_words(study: Study, latent: int, order: str) -> Call:
    reading = inner("analyses.dictionary.latent_words.token_reading", STUDY)
    function = "analyses.dictionary.latent_words.latent_words"
    command = verb("latent", study, latent, words=order)
    return call(study, function, latent, reading, order=order, then=".table", command=command)


def word(study: Study, text: str) -> Call:
    function, command = "analyses.dictionary.lookup.word_entry", verb("word", study, text)
    return call(study, function, text, then=".latents", command=command)


def found_latents(study: Study, text: str) -> Call:
    function, command = "analyses.dictionary.lookup.find_latents", verb("latents", study, where=text)
    return call(study, function, text, command=command)


def text_latents(study: Study, text: str, kind: str, idf: Idf) -> Call:
    function = "analyses.dictionary.your_text.read_text"
    command = verb("your-text", study, text, kind=kind, idf=idf)
    parameters = Bm25Parameters(idf=idf)
    return call(study, function, query(text, kind), kind, parameters, then=".pooled", command=command)


def type_shares(study: Study, rule: TypeThresholds) -> Call:
    measures = inner("analyses.latents.types.type_measures", STUDY)
    types = inner("analyses.latents.types.classify", measures, rule)
    usual = asdict(type(rule)())
    moved = {name: value for name, value in asdict(rule).items() if value != usual[name]}
    command = verb("types", study, own=True, **moved)
    return call(study, inner("analyses.latents.types.type_shares", types), command=command)


def laws(study: Study, measure: str, over: str) -> Call:
    command = verb("laws", study, json=False, by=measure, over=over, csv="laws.csv")
    return call(study, "analyses.laws.laws.laws", measure, over, then=".fits", command=command)


def growth(study: Study) -> Call:
    command = verb("growth", study, json=False, csv="growth.csv")
    return call(study, "analyses.laws.study_growth.growth", command=command)


def pruning(study: Study, chosen: Pruning) -> Call:
    idf = chosen.parameters.idf
    command = verb("frequency-bands", study, json=False, idf=idf, csv="pruning.csv")
    return call(study, "analyses.interventions.pruning_effect.pruning_curve", idf, command=command)


def retrieval_by_length(study: Study, b: float, idf: Idf) -> Call:
    command = verb("length", study, json=False, b=b, idf=idf, csv="length.csv")
    return call(study, "analyses.bm25_assumptions.lengths.retrieval_by_length", b, idf, command=command)


def polysemy(study: Study) -> Call:
    measures = inner("analyses.laws.polysemy.polysemy_measures", STUDY)
    return call(
        study, inner("analyses.laws.polysemy.polysemy_law", measures), command=verb("polysemy", study)
    )


def collections(study: Study, other: Study) -> Call:
    function = "analyses.laws.compare_collections.compare_frequencies"
    command = verb("compare-collections", study, where(other), json=False, csv="collections.csv")
    beside = Written(f"Study.open({where(other)!r})")
    return call(study, function, beside, then=".table", command=command)


def why(study: Study, aspect: str, table: str) -> Call:
    """table: the name of the answer's DataFrame, of which the verb prints every number but for the scoring."""
    answer = Written(
        f"ASPECTS[{aspect!r}].read(study).{table}", frozenset({("analyses.why.aspects", "ASPECTS")})
    )
    return call(
        study, answer, command=verb("why", study, only=aspect) if aspect in ("ladder", "match") else ""
    )


def _explained(text: str, doc_id: str, idf: Idf) -> Written:
    function = "analyses.attribution.score_breakdown.explain"
    return inner(function, STUDY, query(text), doc_id, Bm25Parameters(idf=idf))


def _counts(text: str) -> Written:
    return Written(f"{query(text).code}.counts")
