"""The steps and the cost of a paper, before it starts: what must be encoded, trained, indexed, and what is kept.

Tokens are counted, speeds are measured here and now for a second each (cost); seconds are an estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from data.encoders import EncoderConfig
from data.reading import as_read
from retrieval.study import Study
from retrieval.systems import LEARNED_SPARSE, MAXSIM
from workbench.making.part import Size
from workbench.making.stages import store_folder, text_source
from workbench.markup.formats import counted
from workbench.paper.config import NamedCollection, PaperConfig
from workbench.paper.item import Item
from workbench.paper.measure.bench import Bench, ordered
from workbench.paper.measure.cells import Cell, Dictionary
from workbench.paper.measure.experiments import EXPERIMENTS
from workbench.paper.measure.main_study import main_dictionary, study_cell, study_folder
from workbench.paper.measure.materials import Materials
from workbench.paper.measure.speeds import Speeds, text_of
from workbench.paper.measure.study_parts import parts_for, with_vocabularies

RANKING_SECONDS = 0.3  # of a cell whose index is there, on a small collection
DESCRIBING = 2e-5  # seconds per token of a study, to lay it out and to measure its words and types


@dataclass(frozen=True)
class Step:
    """One thing to be done, of so many tokens, in so many seconds; done: whether it is kept from before."""

    kind: str
    what: str
    tokens: int
    seconds: float
    done: bool


def plan(config: PaperConfig, items: Sequence[Item], materials: Materials, bench: Bench) -> list[Step]:
    """Every step of making these items, in their order."""
    names = dict.fromkeys(name for item in items for name in item.experiments)
    cells = [one.cell for name in names for one in EXPERIMENTS[name](config)]
    if not any(item.needs_study for item in items):
        return plan_cells(cells, materials, bench)
    speeds, folder = Speeds(materials), study_folder(config, materials)
    made_of = [] if (folder / "study.json").is_file() else [study_cell(config)]
    steps = plan_cells(cells, materials, bench, made_of, speeds)
    return steps + list(_studying(config, items, materials, folder, speeds))


def plan_cells(
    wanted: Sequence[Cell],
    materials: Materials,
    bench: Bench,
    made_of: Sequence[Cell] = (),
    speeds: Speeds | None = None,
) -> list[Step]:
    """Every step of measuring these cells, and of the states and SAEs of those that something is `made_of`."""
    cells = ordered(wanted)
    missing = [cell for cell in cells if not bench.is_measured(cell)]
    done = len(cells) - len(missing)
    steps = [Step("measure", f"{done:,} cells", 0, 0.0, True)] if done else []
    speeds, needed = speeds or Speeds(materials), ordered([*missing, *made_of])
    steps += [*_encoding(needed, materials, speeds), *_training(needed, materials, speeds)]
    return [*steps, *_indexing(missing, materials, speeds), *_comparing(missing, materials, speeds)]


def plan_table(steps: Sequence[Step]) -> pd.DataFrame:
    """kind, what, tokens, seconds, done: a row per step, and the sum of those that are not done."""
    table = pd.DataFrame(
        [vars(step) for step in steps], columns=["kind", "what", "tokens", "seconds", "done"]
    )
    left = table[~table["done"].astype(bool)]
    total = {"kind": "all", "what": "that is left", "tokens": int(left["tokens"].sum()), "done": False}
    return pd.concat(
        [table, pd.DataFrame([{**total, "seconds": float(left["seconds"].sum())}])], ignore_index=True
    )


def plan_message(steps: Sequence[Step]) -> str:
    """What is left, in a sentence."""
    left = [step for step in steps if not step.done]
    if not left:
        return "everything is measured already: figures and tables are drawn"
    minutes = sum(step.seconds for step in left) / 60
    kinds = Counter(step.kind for step in left)
    what = ", ".join(f"{number} to {kind}" for kind, number in kinds.items())
    time_left = f"about {minutes:.0f} minutes" if minutes >= 1.5 else "a minute or two"
    return f"{len(left)} steps ({what}), {time_left} at the speeds of this moment; --dry-run lists them"


def _encoding(cells: Sequence[Cell], materials: Materials, speeds: Speeds) -> Iterator[Step]:
    seen: set[tuple[EncoderConfig, str, int]] = set()
    shared: set[tuple[EncoderConfig, str, int]] = set()
    for cell in cells:
        if cell.encoder and cell.system == LEARNED_SPARSE.name:
            n_docs = len(materials.collection(cell.collection).corpus)
            seconds = n_docs / speeds.weigh(cell.encoder, cell.collection)
            what = f"{cell.collection.name}: {n_docs:,} documents by {cell.encoder.model}"
            yield Step("weigh terms", what, 0, seconds, False)
            continue
        wanted = [(cell.encoder, cell.collection, 0)] if cell.encoder else []
        if cell.dictionary and not _is_trained(cell.dictionary, materials):
            text = text_of(cell.dictionary)
            wanted.append((cell.dictionary.encoder, text, cell.dictionary.distinct_tokens))
        for config, named, distinct in wanted:
            if (config, named.source, distinct) in seen:
                continue
            seen.add((config, named.source, distinct))
            encoder, collection = materials.encoder(config), materials.collection(named)
            rows = materials.rows(config, named.source, distinct) if distinct else None
            if rows is None and (config, named.source, 0) in seen and distinct:
                continue  # the whole text, which is there already
            seen.add((config, named.source, 0 if rows is None else distinct))
            kept = (store_folder(encoder, text_source(collection, rows)) / "manifest.json").is_file()
            texts = collection.corpus.texts
            read = texts if rows is None else [texts[int(row)] for row in rows]
            tokens = int(encoder.count_tokens(read).sum())
            one_pass = (replace(config, layer=None), named.source, 0 if rows is None else distinct)
            seconds = 0.0 if kept or one_pass in shared else tokens / speeds.encode(config, named)
            shared.add(one_pass)
            what = f"{named.name or named.source} by {_encoder_name(config)}"
            yield Step("encode", what, tokens, seconds, kept)


def _training(cells: Sequence[Cell], materials: Materials, speeds: Speeds) -> Iterator[Step]:
    for dictionary in dict.fromkeys(cell.dictionary for cell in cells if cell.dictionary):
        if dictionary.random_directions:
            continue
        kept, train = _is_trained(dictionary, materials), dictionary.train
        seconds = 0.0 if kept else train.n_tokens / speeds.train(dictionary)
        what = f"{train.n_latents:,} latents, k {train.k}, seed {train.seed}, on {dictionary.text} by "
        yield Step("train", what + _encoder_name(dictionary.encoder), train.n_tokens, seconds, kept)


def _is_trained(dictionary: Dictionary, materials: Materials) -> bool:
    name = materials.dictionary_name(dictionary)
    return not dictionary.random_directions and (materials.folder / "saes" / name / "cfg.json").is_file()


def _indexing(cells: Sequence[Cell], materials: Materials, speeds: Speeds) -> Iterator[Step]:
    """Latents of every document, and rankings: a pass over the states for each SAE and way of pooling."""
    passes: dict[tuple[NamedCollection, Dictionary, str], int] = {}
    for cell in cells:
        if cell.dictionary:
            key = (cell.collection, cell.dictionary, cell.scoring.pooling)
            passes[key] = passes.get(key, 0) + 1
    for (named, dictionary, _), n_cells in passes.items():
        encoder, collection = materials.encoder(dictionary.encoder), materials.collection(named)
        tokens = int(encoder.count_tokens(collection.corpus.texts).sum())
        seconds = tokens / speeds.train(dictionary) + n_cells * RANKING_SECONDS
        seed = f"seed {dictionary.train.seed}{', random directions' if dictionary.random_directions else ''}"
        what = (
            f"{named.name}: {counted(n_cells, 'ranking')} by {dictionary.train.n_latents:,} latents, "
            f"k {dictionary.train.k}, {seed}, of {_encoder_name(dictionary.encoder)}"
        )
        yield Step("index and rank", what, tokens, seconds, False)


def _comparing(cells: Sequence[Cell], materials: Materials, speeds: Speeds) -> Iterator[Step]:
    """MaxSim of every query with every document."""
    for cell in cells:
        if cell.encoder and cell.system == MAXSIM.name:
            collection, encoder = materials.collection(cell.collection), materials.encoder(cell.encoder)
            tokens = int(encoder.count_tokens(collection.corpus.texts).sum())
            seconds = tokens * len(collection.queries) * speeds.compare(cell.encoder, cell.collection)
            what = f"{cell.collection.name}: {len(collection.queries):,} queries by {_encoder_name(cell.encoder)}"
            yield Step("MaxSim", what, tokens, seconds, False)


def _studying(
    config: PaperConfig, items: Sequence[Item], materials: Materials, folder: Path, speeds: Speeds
) -> Iterator[Step]:
    """The study that items look into, and the parts of it that they need."""
    named, encoder = config.collections[0], materials.encoder(config.encoders[0].config)
    collection = materials.collection(named)
    tokens = int(encoder.count_tokens(collection.corpus.texts).sum())
    is_built = (folder / "study.json").is_file()
    study = Study.open(folder) if is_built else None
    wanted = parts_for(config, {name for item in items for name in item.parts})
    kept = [study is not None and part.is_kept(study) for part in wanted]
    encode = 1.0 if is_built and all(kept) else speeds.encode(config.encoders[0].config, named)
    size = Size(len(collection.corpus), tokens, config.saes[0].n_latents, len(collection.queries), encode)
    seconds = 0.0 if is_built else tokens / speeds.train(main_dictionary(config)) + DESCRIBING * tokens
    yield Step("study", f"{named.name}, indexed and described", tokens, seconds, is_built)
    for part, done in zip(wanted, kept, strict=True):
        yield Step(
            "study",
            f"{named.name}: {part.title}",
            0,
            0.0 if done else part.seconds(with_vocabularies(size, config)),
            done,
        )


def _encoder_name(config: EncoderConfig) -> str:
    layer = "" if config.layer is None else f", layer {config.layer}"
    return f"{config.model}{layer}, {as_read(config).max_length} tokens a text"
