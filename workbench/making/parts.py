"""The one table of what a study may keep beside its index: what a part is, whether it is there, how it is made.

`index` makes the parts of stage "index", `workbench complete` those of stage "complete" too, papers and pages what
they need; the completion mark says that nothing of either stage is missing. Whoever asks for a part by name gets
its files from here, and no other place spells them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyses.bm25_assumptions.repetition import repetition_is_kept, write_repetition
from analyses.dictionary.lookup import word_entry
from analyses.interventions.family_ablation import families_are_kept, write_families
from analyses.interventions.importance import FILES as IMPORTANCE_FILES
from analyses.interventions.importance import importance_is_kept, write_importance
from analyses.interventions.pruning_effect import pruning_curve, write_pruning_curve
from analyses.interventions.zero_idf_effects import write_zero_idf_effects, zero_idf_effects_are_kept
from analyses.latents.latent_table import rank_frequency_is_kept, write_rank_frequency, write_vocabulary
from analyses.latents.map import kept_map, write_map
from analyses.latents.neighbours import nearest_by_cooccurrence
from analyses.latents.regions import latent_words_are_kept, write_latent_words
from analyses.latents.type_evidence.type_controls import type_controls, write_type_controls
from analyses.latents.types import types_are_kept, write_types
from analyses.laws.laws import laws, write_laws
from analyses.laws.polysemy import polysemy_is_kept, write_polysemy
from analyses.laws.study_growth import growth_is_kept, write_growth
from analyses.text.word_table import word_table, words_are_kept, write_words
from analyses.vocabularies.control_counts import (
    N_DOCUMENTS,
    controls_are_kept,
    queries_are_kept,
    write_controls,
    write_queries,
)
from analyses.why.aspect import FOLDER
from analyses.why.aspects import ASPECTS
from data.progress import Progress
from retrieval.bm25 import IDFS, Idf
from retrieval.evaluation import evaluation_is_kept, write_evaluation
from retrieval.lexical import ENGLISH
from retrieval.study import Study
from retrieval.vocabularies import CONTROLS, text_vocabularies
from retrieval.vocabularies.text_vocabulary import write_text_vocabulary
from workbench.making.part import Part, Size, Stage


def parts_of(stages: Iterable[Stage]) -> list[Part]:
    """The parts of these stages, in the order of making."""
    wanted = set(stages)
    return [part for part in PARTS.values() if part.stage in wanted]


def warm_up(study: Study) -> None:
    """Do once what pages do of a latent and a word, so that no reader waits while numba compiles it."""
    if study.contexts.ptr[-1]:
        token = int(study.contexts.token[0])
        word = word_table(study).word[token]
        nearest_by_cooccurrence(study, int(study.tokens.indices[token, 0]))
        word_entry(study, word_table(study).words[word])


def _write_text_vocabularies(study: Study, progress: Progress | None) -> None:
    for kind in text_vocabularies():
        if not study.keeps(kind):
            language = study.manifest.get("language", ENGLISH)
            write_text_vocabulary(study.path, kind, study.corpus.texts, study.queries.texts, language)


def _write_latent_words(study: Study, progress: Progress | None) -> None:
    write_latent_words(study, word_table(study))
    warm_up(study)


def _control(name: str, title: str) -> Part:
    return Part(
        name,
        title,
        "asked",
        (f"vocabularies/{name}/documents.parquet", f"vocabularies/{name}/queries.parquet"),
        lambda study: controls_are_kept(study, [name], queries=False),
        lambda study, progress: write_controls(study, progress, [name], queries=False),
        lambda size: size.reading(N_DOCUMENTS),
        ("laws", "growth"),
    )


def _importance(idf: Idf) -> Part:
    return Part(
        f"importance_{idf}",
        f"importance of latents, {idf} idf",
        "asked",
        tuple(f"carriers-{name}-{idf}.parquet" for name in IMPORTANCE_FILES),
        lambda study: not study.qrels or importance_is_kept(study, idf),
        lambda study, progress: write_importance(study, idf, progress),
        lambda size: 1.4e-6 * size.n_queries * size.n_docs,
        ("importance",),
    )


def _pruning(idf: Idf) -> Part:
    return Part(
        f"pruning_{idf}",
        f"ranking without frequency bands, {idf} idf",
        "complete" if idf == "clipped" else "asked",
        (f"pruning-{idf}.parquet",),
        lambda study: not study.qrels or pruning_curve(study, idf) is not None,
        lambda study, progress: write_pruning_curve(study, idf, progress=progress),
        lambda size: 5e-7 * size.n_queries * size.n_docs,
        ("frequency-bands",),
    )


def _why(name: str, stage: Stage, seconds: Callable[[Size], float]) -> Part:
    one = ASPECTS[name]
    files = tuple(f"{FOLDER}/{file}" for file in one.files)
    return Part(f"why_{name}", f"why: {one.title}", stage, files, one.is_kept, one.write, seconds, ("why",))


PARTS: dict[str, Part] = {
    part.name: part
    for part in (  # in the order of making: laws are fitted to the controls that are there
        Part(
            "text_vocabularies",
            "vocabularies of the texts",
            "index",
            tuple(f"vocabularies/{kind.name}/terms.json" for kind in text_vocabularies()),
            lambda study: all(study.keeps(kind) for kind in text_vocabularies()),
            _write_text_vocabularies,
            lambda size: 2e-6 * size.n_tokens,
            ("search", "systems"),
        ),
        Part(
            "vocabulary",
            "table of the latents",
            "index",
            ("vocabulary.parquet",),
            lambda study: (study.path / "vocabulary.parquet").is_file(),
            lambda study, progress: write_vocabulary(study),
            lambda size: 1e-6 * size.n_tokens,
            ("latents", "latent"),
        ),
        Part(
            "rank_frequency",
            "rank and frequency",
            "index",
            ("rank_frequency.parquet",),
            rank_frequency_is_kept,
            lambda study, progress: write_rank_frequency(study),
            lambda size: 1e-6 * size.n_tokens,
            ("latents", "overview"),
        ),
        Part(
            "types",
            "types of the latents",
            "index",
            ("types.parquet",),
            types_are_kept,
            write_types,
            lambda size: 5e-6 * size.n_tokens,
            ("types", "latent", "latents", "importance"),
        ),
        Part(
            "words",
            "words of the text",
            "index",
            ("words",),
            words_are_kept,
            lambda study, progress: write_words(study),
            lambda size: 1e-6 * size.n_tokens,
            ("word", "latent"),
        ),
        Part(
            "latent_words",
            "words of the latents",
            "index",
            ("latent_words.parquet",),
            latent_words_are_kept,
            _write_latent_words,
            lambda size: 1e-6 * size.n_tokens,
            ("word", "map"),
        ),
        Part(
            "evaluation",
            "evaluation of every system",
            "complete",
            ("evaluation.json", "per_query.parquet"),
            evaluation_is_kept,
            write_evaluation,
            lambda size: 5e-3 * size.n_queries,
            ("overview", "systems"),
        ),
        _why("scoring", "complete", lambda size: 5.0 + 8e-7 * size.n_queries * size.n_docs),
        _why(
            "match",
            "complete",
            lambda size: 5.0 + 6e-3 * size.n_queries + 1.5e-8 * size.n_queries * size.n_tokens,
        ),
        *(_control(kind.name, f"control vocabulary: {kind.title.lower()}") for kind in CONTROLS),
        Part(
            "counted_queries",
            "terms of the queries",
            "asked",
            tuple(f"vocabularies/{name}/queries.parquet" for name in ("latents", "words", "wordpieces")),
            queries_are_kept,
            write_queries,
            lambda size: 0.02 * size.n_queries,
            ("laws",),
        ),
        Part(
            "map",
            "map of the latents",
            "complete",
            ("map.json", "map.npy"),
            lambda study: kept_map(study) is not None,
            lambda study, progress: write_map(study, progress=progress),
            lambda size: 15.0 + 0.005 * size.n_latents,
            ("map",),
        ),
        Part(
            "type_controls",
            "controls of the types",
            "complete",
            ("type_controls.parquet",),
            lambda study: type_controls(study) is not None,
            lambda study, progress: write_type_controls(study, progress=progress),
            lambda size: size.reading(500) + 1.5e-5 * size.n_tokens,
            ("types",),
        ),
        Part(
            "growth",
            "growth",
            "complete",
            ("growth.parquet", "heaps.parquet"),
            growth_is_kept,
            write_growth,
            lambda size: 5.0e-6 * size.n_tokens,
            ("growth",),
        ),
        Part(
            "repetition",
            "repetition of terms",
            "complete",
            ("repetition.parquet",),
            repetition_is_kept,
            lambda study, progress: write_repetition(study),
            lambda size: 2e-6 * size.n_tokens,
            ("length",),
        ),
        Part(
            "polysemy",
            "polysemy",
            "complete",
            ("meanings.parquet",),
            polysemy_is_kept,
            lambda study, progress: write_polysemy(study),
            lambda size: 3e-6 * size.n_tokens,
            ("polysemy",),
        ),
        Part(
            "laws",
            "laws, with bootstrap",
            "complete",
            ("laws_documents_documents_fits.parquet",),
            lambda study: laws(study) is not None,
            lambda study, progress: write_laws(study, progress=progress),
            lambda size: 9.0 * size.n_vocabularies,
            ("laws",),
        ),
        *map(_pruning, IDFS),
        *map(_importance, IDFS),
        Part(
            "families",
            "rankings without families of latents",
            "asked",
            ("families.parquet",),
            families_are_kept,
            write_families,
            lambda size: 1.4e-6 * size.n_queries * size.n_docs,
        ),
        Part(
            "zero_idf",
            "rankings by latents of idf 0",
            "asked",
            ("silenced-effects.parquet", "silenced-discrimination.parquet"),
            lambda study: not study.qrels or zero_idf_effects_are_kept(study),
            write_zero_idf_effects,
            lambda size: 5.0 + 5e-7 * size.n_queries * size.n_docs,
        ),
        _why("ladder", "asked", lambda size: 2 * size.reading(size.n_docs) + 7e-4 * size.n_tokens),
        _why("k1", "asked", lambda size: 1.0 + 4e-7 * size.n_queries * size.n_docs),
        _why("pairs", "asked", lambda size: 5.0 + 3600 * size.reading(size.n_docs) / max(size.n_docs, 1)),
        _why("axioms", "asked", lambda size: 2.0 + 0.02 * min(size.n_queries, 300)),
        _why("known-truth", "asked", lambda size: 25.0),
    )
}
