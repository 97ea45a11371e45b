"""What is measured: from a configuration to cells, each with its labels in tables and figures.

    retrieval    collections x systems, with every control
    limit        sizes of LIMIT-style collections x systems
    sweep        one thing varied at a time, on the first collection, with the first encoder and SAE
    pruning      head and tail of the vocabulary left out under both idfs, beside random latents

Cells that two experiments share are one cell; the bench measures it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from data.encoder_config import MAX_LENGTH
from data.encoders import EncoderConfig
from retrieval.bm25 import Bm25Parameters
from retrieval.systems import (
    COSINE,
    LATENT,
    LATENT_LUCENE_IDF,
    LEARNED_SPARSE,
    LEXICAL,
    SYSTEMS,
    System,
)
from retrieval.vocabularies import RANDOM_DIRECTIONS
from workbench.paper.config import NamedCollection, PaperConfig
from workbench.paper.measure.cells import Cell, Dictionary, Scoring, own_score

PAPER, LUCENE = Bm25Parameters(), Bm25Parameters(idf="lucene")


@dataclass(frozen=True)
class Measurement:
    """A cell and its labels in one experiment: values of the experiment's columns."""

    cell: Cell
    labels: Mapping[str, Any]


Experiment = Callable[[PaperConfig], Iterator[Measurement]]


def retrieval(config: PaperConfig) -> Iterator[Measurement]:
    """Columns collection, system, encoder, sae, seed (-1 where there is none), control."""
    for named in config.collections:
        yield from _systems(config, named)


def _systems(config: PaperConfig, named: NamedCollection) -> Iterator[Measurement]:
    def measurement(
        cell: Cell, system: str, encoder: str = "", sae: str = "", seed: int = -1, control: bool = False
    ) -> Any:
        labels = {"system": system, "encoder": encoder, "sae": sae, "seed": seed, "control": control}
        return Measurement(cell, {"collection": named.name, **labels})

    few = config.seeds[: config.controls.seeds]
    for one in (each for each in SYSTEMS.values() if each.reads == "text" and not each.is_kept_run):
        yield measurement(Cell(named, one.name), one.name)
    if splade := learned_sparse(config):
        yield measurement(Cell(named, LEARNED_SPARSE.name, splade), LEARNED_SPARSE.name)
    for encoder in config.encoders:
        reader = encoder.config
        own = own_score(named, reader)
        yield measurement(own, own.system, encoder.name)
        for one in fusions("encoder"):
            yield measurement(fused(named, one, own), one.name, encoder.name)
        for recipe in config.saes:
            for seed in config.seeds:
                dictionary = Dictionary.of(recipe, reader, seed)
                where = (encoder.name, recipe.name, seed)
                for system, bm25 in ((LATENT, PAPER), (LATENT_LUCENE_IDF, LUCENE)):
                    yield measurement(
                        Cell(named, LATENT.name, reader, dictionary, Scoring(bm25)), system.name, *where
                    )
                for one in fusions("latents"):
                    latents = Cell(named, LATENT.name, reader, dictionary, Scoring(PAPER))
                    yield measurement(fused(named, one, own, latents), one.name, *where)
        if config.controls.random_directions:
            for seed in few:
                dictionary = replace(Dictionary.of(config.saes[0], reader, seed), random_directions=True)
                cell = Cell(named, LATENT.name, reader, dictionary)
                yield measurement(cell, RANDOM_DIRECTIONS.name, encoder.name, "", seed, True)
    untrained = [(encoder.name, encoder.config) for encoder in config.controls.encoders]
    if config.controls.random_encoder:
        first = config.encoders[0]
        twin = replace(first.config, model=f"random:{first.config.model}")
        untrained.append((f"{first.name}, random weights", twin))
    for name, reader in untrained:
        own = own_score(named, reader)
        yield measurement(own, own.system, name, control=True)
        for seed in few:
            cell = Cell(named, LATENT.name, reader, Dictionary.of(config.saes[0], reader, seed))
            yield measurement(cell, LATENT.name, name, config.saes[0].name, seed, True)


def fusions(reads: str) -> list[System]:
    """The fusions whose parts read as much as that: "encoder", or the "latents" too."""
    return [one for one in SYSTEMS.values() if one.parts and one.reads == reads]


def fused(named: NamedCollection, one: System, own: Cell, latents: Cell | None = None) -> Cell:
    """A fusion's cell; where it has the cosine, the encoder's own score stands, MaxSim of a multi-vector one."""
    cells = {COSINE.name: own} | ({LATENT.name: latents} if latents else {})
    parts = tuple(cells.get(part, Cell(named, part)) for part in one.parts)
    last = latents or own
    return Cell(named, one.name, last.encoder, last.dictionary, last.scoring, parts)


def learned_sparse(config: PaperConfig) -> EncoderConfig | None:
    """The configured learned-sparse model, reading as many tokens as the first encoder."""
    model = config.controls.learned_sparse
    length = config.encoders[0].config.max_length or MAX_LENGTH
    return EncoderConfig(model, None, length, query_prefix="", document_prefix="") if model else None


def limit(config: PaperConfig) -> Iterator[Measurement]:
    """Columns collection, system, seed."""
    generated = [
        NamedCollection(f"limit:{size}", f"limit:{size}:{config.limit.seed}", queries=config.limit.queries)
        for size in config.limit.sizes
    ]
    reader, recipe = config.encoders[0].config, config.saes[0]
    for named in (*generated, *config.limit.sources):
        where = {"collection": named.name}
        yield Measurement(Cell(named, LEXICAL.name), {**where, "system": LEXICAL.name, "seed": -1})
        if splade := learned_sparse(config):
            cell = Cell(named, LEARNED_SPARSE.name, splade)
            yield Measurement(cell, {**where, "system": LEARNED_SPARSE.name, "seed": -1})
        own = own_score(named, reader)
        yield Measurement(own, {**where, "system": own.system, "seed": -1})
        for seed in config.seeds:
            cell = Cell(named, LATENT.name, reader, Dictionary.of(recipe, reader, seed))
            yield Measurement(cell, {**where, "system": LATENT.name, "seed": seed})


def sweep(config: PaperConfig) -> Iterator[Measurement]:
    """Columns sweep, value, system (latent, or a control: random_directions, cosine or maxsim, bm25), seed."""
    named, first, recipe = config.collections[0], config.encoders[0].config, config.saes[0]
    varied, few = config.sweeps, config.seeds[: config.sweeps.seeds]

    def measurement(
        name: str, value: Any, cell: Cell, system: str = LATENT.name, seed: int = -1
    ) -> Measurement:
        return Measurement(cell, {"sweep": name, "value": value, "system": system, "seed": seed})

    def latents(name: str, value: Any, reader: EncoderConfig, **changes: Any) -> Iterator[Measurement]:
        for seed in few:
            dictionary = Dictionary.of(recipe, reader, seed, **changes)
            yield measurement(name, value, Cell(named, LATENT.name, reader, dictionary), seed=seed)

    def drawn(name: str, value: Any, reader: EncoderConfig, **changes: Any) -> Iterator[Measurement]:
        for seed in few:
            dictionary = replace(Dictionary.of(recipe, reader, seed, **changes), random_directions=True)
            yield measurement(
                name, value, Cell(named, LATENT.name, reader, dictionary), "random_directions", seed
            )

    for name in ("n_latents", "k"):
        for value in getattr(varied, name):
            yield from latents(name, value, first, **{name: value})
            yield from drawn(name, value, first, **{name: value})
    for value in varied.n_tokens:
        yield from latents("n_tokens", value, first, n_tokens=value)
    for layer in varied.layers:
        yield from latents("layer", str(layer), replace(first, layer=None if layer == "final" else layer))
    for length in varied.max_length:
        reader = replace(first, max_length=length)
        yield from latents("max_length", length, reader)
        own = own_score(named, reader)
        yield measurement("max_length", length, own, own.system)
    for seed in config.seeds:
        dictionary = Dictionary.of(recipe, first, seed)
        yield measurement("seed", seed, Cell(named, LATENT.name, first, dictionary), seed=seed)
        for pooling in varied.pooling:
            scoring = Scoring(pooling="max" if pooling == "max" else "sum")
            yield measurement(
                "pooling", pooling, Cell(named, LATENT.name, first, dictionary, scoring), seed=seed
            )
        for phi in varied.phi:
            scoring = Scoring(replace(PAPER, phi=phi))
            yield measurement("phi", phi, Cell(named, LATENT.name, first, dictionary, scoring), seed=seed)
        for k1 in varied.k1:
            for b in varied.b:
                scoring = Scoring(replace(PAPER, k1=float(k1), b=float(b)))
                yield measurement(
                    "k1_b", (k1, b), Cell(named, LATENT.name, first, dictionary, scoring), seed=seed
                )
    for cell in (own_score(named, first), Cell(named, LEXICAL.name)):
        yield measurement("", "", cell, cell.system)


def pruning(config: PaperConfig) -> Iterator[Measurement]:
    """Columns collection, part (head or tail), share, idf, left_out (these, or random ones), seed."""
    reader, recipe = config.encoders[0].config, config.saes[0]
    parts = (("head", config.sweeps.head), ("tail", config.sweeps.tail))
    for named in config.collections:
        for seed in config.seeds:
            dictionary = Dictionary.of(recipe, reader, seed)
            for bm25 in (PAPER, LUCENE):
                for part, shares in parts:
                    for share in shares:
                        for left_out, instead in (("these", None), ("random ones", seed)):
                            pruned = {"head": 0.0, "tail": 0.0, part: float(share)}
                            scoring = Scoring(bm25, head=pruned["head"], tail=pruned["tail"], instead=instead)
                            if not share:  # nothing is left out: one cell, whatever would be
                                scoring = Scoring(bm25)
                            yield Measurement(
                                Cell(named, LATENT.name, reader, dictionary, scoring),
                                {
                                    "collection": named.name,
                                    "part": part,
                                    "share": share,
                                    "idf": bm25.idf,
                                    "left_out": left_out,
                                    "seed": seed,
                                },
                            )


SWEEPS = ("n_latents", "k", "n_tokens", "layer", "max_length", "pooling", "phi", "seed", "k1_b")


def one_sweep(config: PaperConfig, name: str) -> Iterator[Measurement]:
    """The part of `sweep` in which one thing is varied, and what no value changes (sweep "")."""
    return (one for one in sweep(config) if one.labels["sweep"] in (name, ""))


EXPERIMENTS: Mapping[str, Experiment] = {
    "retrieval": retrieval,
    "limit": limit,
    "pruning": pruning,
    **{f"sweep {name}": partial(one_sweep, name=name) for name in SWEEPS},
}
