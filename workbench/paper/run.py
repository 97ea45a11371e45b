"""From a configuration to a folder of figures and tables: measure what is missing, then draw the chosen items.

OUT/paper.json            the configuration, versions, and what was made: title, caption, facts, files
OUT/<item>.pdf .svg .png  figures, their provenance in the file's own metadata
OUT/<item>.tex .md .csv   tables, <item>.json their provenance
OUT/<item>.figure.json    figures as plotly's JSON, to print in another style
OUT/report.html           all of it to read, in one file
OUT/runs/                 the rankings behind the retrieval table, in TREC format
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.figures.style.print_style import (
    FORMATS,
    Print,
    drawing,
    printed,
    read_provenance,
    write_chart,
    write_figure,
)
from data.errors import UserError
from retrieval.pipeline import versions
from retrieval.study import Study
from workbench.making.stages import make_study
from workbench.paper.config import PaperConfig
from workbench.paper.item import Item, Made
from workbench.paper.items_list import ITEMS, current_name
from workbench.paper.measure.bench import Bench, ordered
from workbench.paper.measure.experiments import EXPERIMENTS, Measurement
from workbench.paper.measure.main_study import file_name, main_dictionary, study_folder
from workbench.paper.measure.materials import Materials
from workbench.paper.measure.study_parts import prepare
from workbench.paper.output.manifest import CHART, FORMAT, read_paper, write_manifest
from workbench.paper.output.report import write_report
from workbench.paper.output.tables import write_table
from workbench.paper.plan import Step, plan


class Laboratory:
    """The evidence of a paper (`workbench.paper.item.Evidence`): measured now, or kept from before."""

    def __init__(self, config: PaperConfig, materials: Materials, bench: Bench) -> None:
        self.config = config
        self._materials = materials
        self._bench = bench

    def measure(self, experiments: Sequence[str]) -> None:
        """Measure every cell of these experiments that is not kept from before."""
        wanted = ordered([m.cell for name in experiments for m in EXPERIMENTS[name](self.config)])
        missing = [cell for cell in wanted if not self._bench.is_measured(cell)]
        self._materials.write_layers(missing)
        quoted = EXPERIMENTS["retrieval"](self.config) if "retrieval" in experiments else ()
        tags = {one.cell: run_tag(one) for one in quoted}
        for done, cell in enumerate(missing):
            self._materials.progress("Cells", done, len(missing))
            self._bench.measure(cell, tags.get(cell, ""))
        if missing:
            self._materials.progress("Cells", len(missing), len(missing))

    def measured(self, experiment: str) -> pd.DataFrame:
        """A row per query of each measurement: its labels, n_docs, query_id, and a column per measure."""
        return pd.concat([self._rows(one) for one in EXPERIMENTS[experiment](self.config)], ignore_index=True)

    def study(self) -> Study:
        return self._study

    def runs(self, folder: Path) -> None:
        """Write the rankings behind the retrieval table, <collection>/<system>-<encoder>-<SAE>-<seed>.trec."""
        for one in EXPERIMENTS["retrieval"](self.config):
            tag = run_tag(one)
            target = folder / file_name(one.labels["collection"]) / f"{tag}.trec"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._bench.trec(one.cell, tag), target)

    @cached_property
    def _study(self) -> Study:
        config, materials = self.config, self._materials
        sae, collection = materials.sae(main_dictionary(config)), materials.collection(config.collections[0])
        encoder = materials.encoder(config.encoders[0].config)
        folder = study_folder(config, materials)
        return make_study(collection, encoder, sae, folder, materials.progress, replace_other=True)

    def _rows(self, one: Measurement) -> pd.DataFrame:
        table = self._bench.measure(one.cell).reset_index()
        n_docs = len(self._materials.collection(one.cell.collection).corpus)
        for place, (name, value) in enumerate({**one.labels, "n_docs": n_docs}.items()):
            table.insert(place, name, [value] * len(table))
        return table


def run_tag(one: Measurement) -> str:
    """<system>-<encoder>-<SAE>-<seed>, of those that a measurement has."""
    labels = one.labels
    seed = f"seed-{labels['seed']}" if labels["seed"] >= 0 else ""
    parts = (labels["system"], labels["encoder"], labels["sae"], seed)
    return "-".join(file_name(part) for part in parts if part)


def chosen_items(config: PaperConfig, only: Sequence[str] = ()) -> list[Item]:
    """The items that a configuration asks for, or the named ones of them; an unknown name is a `UserError`."""
    wanted, only = [item for item in ITEMS if item.wanted(config)], list(map(current_name, only))
    names = [item.name for item in wanted]
    if unknown := [name for name in only if name not in names]:
        raise UserError(f"{unknown[0]!r} is not in this paper: it has {', '.join(names)}")
    return [item for item in wanted if not only or item.name in only]


def make_paper(
    config: PaperConfig,
    out: Path,
    materials: Materials,
    only: Sequence[str] = (),
    command: str = "",
    style: Print | None = None,
) -> Path:
    """Make a paper's items in folder `out`; returns its manifest. Items made there before stay.

    command: what was typed, for the provenance. style: how to print the figures, where it is not as they come.
    """
    items, progress = chosen_items(config, only), materials.progress
    bench = Bench(materials)
    laboratory = Laboratory(config, materials, bench)
    try:
        laboratory.measure(list(dict.fromkeys(name for item in items for name in item.experiments)))
        made: dict[str, dict[str, Any]] = {}
        with drawing():
            for done, item in enumerate(items):
                progress("Figures and tables", done, len(items), item.name)
                provenance = {
                    "format": FORMAT,
                    "item": item.name,
                    "config": config.to_dict(),
                    "versions": versions(),
                    "command": command,
                }
                if item.needs_study:
                    prepare(laboratory.study(), config, item.parts, progress)
                    provenance["study"] = laboratory.study().manifest["fingerprint"]
                made[item.name] = write_item(out, item, item.make(laboratory), provenance, style)
        progress("Figures and tables", len(items), len(items))
        if any("retrieval" in item.experiments for item in items):
            laboratory.runs(out / "runs")
    finally:
        bench.close()
    manifest = write_manifest(out, config, made, command, [item.name for item in ITEMS], current_name)
    write_report(read_paper(out))
    return manifest


def plan_of(config: PaperConfig, materials: Materials, only: Sequence[str] = ()) -> list[Step]:
    """What `make_paper` will do, and how long it will take; nothing is made."""
    bench = Bench(materials)
    try:
        return plan(config, chosen_items(config, only), materials, bench)
    finally:
        bench.close()


def remembered(figure: Path) -> tuple[PaperConfig, str, Print]:
    """The configuration, the item's name of today, and the style that a figure was made from, by its metadata."""
    record = read_provenance(figure)
    if record.get("format") != FORMAT or "config" not in record or "item" not in record:
        raise UserError(
            f"{figure} was not made by `workbench paper` of this version: make it from its configuration"
        )
    return (
        PaperConfig.from_dict(record["config"], figure.name),
        current_name(str(record["item"])),
        Print(**record["print"]),
    )


def write_item(
    out: Path, item: Item, made: Made, provenance: dict[str, Any], style: Print | None = None
) -> dict[str, Any]:
    """Write an item's files; returns its record in the manifest."""
    shown = made.table.astype(str) if made.shown is None else made.shown
    style = style or Print(made.width, made.ratio)
    provenance = {**provenance, "print": asdict(style)} if made.chart is not None else provenance
    write_table(out, item.name, made.table, shown, made.caption, provenance)
    files = [f"{item.name}.{ending}" for ending in ("tex", "md", "csv", "json")]
    if made.chart is not None:
        write_chart(made.chart, out / f"{item.name}.{CHART}")
        figure = printed(made.chart, style)
        for ending in FORMATS:
            write_figure(figure, out / f"{item.name}.{ending}", provenance)
        files += [f"{item.name}.{ending}" for ending in (CHART, *FORMATS)]
    return {
        "title": item.title,
        "caption": made.caption,
        "facts": list(made.facts),
        "files": files,
        "shown": {"columns": list(map(str, shown.columns)), "rows": shown.to_numpy().tolist()},
        "print": asdict(style) if made.chart is not None else None,
    }
