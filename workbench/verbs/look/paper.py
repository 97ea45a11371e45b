"""The verb paper."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Device, Queue, long_job
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyses.figures.style.print_style import Print
    from workbench.jobs.progress import StageProgress
    from workbench.paper.config import PaperConfig


def run(
    out: Annotated[Path, typer.Option(help="Folder for figures and tables.", metavar="DIR")],
    config: Annotated[
        Path | None,
        typer.Option(
            help="What to measure, as TOML, or a shipped one by name (embedded, limit, scifact, paper); "
            "embedded if left out.",
            metavar="FILE",
        ),
    ] = None,
    again: Annotated[
        Path | None,
        typer.Option(
            help="Make a figure again from its own metadata: its .pdf, .svg or .png.", metavar="FIGURE"
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this item (several: give it again).", metavar="NAME")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the steps and their cost, and do nothing.")
    ] = False,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Measure what a configuration asks for, and make its figures and tables, ready for a paper.

    Figures are PDF, SVG and PNG, tables LaTeX, Markdown and CSV; each says what made it. Everything measured is
    kept, so an interrupted call goes on, and a changed configuration measures only what is new. Example:

    `workbench paper --out figures/ --dry-run`
    """
    from workbench.paper.config import read_config
    from workbench.paper.run import chosen_items, remembered

    if again is None:
        chosen, names, style = read_config(config), tuple(map(_renamed, only or ())), None
    else:
        chosen, item, style = remembered(again)
        names = (item,)
    chosen_items(chosen, names)  # an unknown name is an error before anything is done
    if dry_run:
        _show_plan(chosen, names, device, as_json)
        return
    with long_job(f"Paper: {chosen.title}", {}, queue, writes=[out]) as progress:
        manifest = _make(chosen, out, names, style, device, progress)
    if as_json:
        print_json({"manifest": str(manifest)})
    else:
        say(f"figures and tables in {out}, listed in {manifest.name}")


def _renamed(item: str) -> str:
    """The item's name; an older one is named with its new one on standard error."""
    from workbench.paper.items_list import current_name

    if (name := current_name(item)) != item:
        say(f"`{item}` is now `{name}`", file=sys.stderr)
    return name


def _show_plan(config: PaperConfig, names: Sequence[str], device: str, as_json: bool) -> None:
    """What making these items takes."""
    from workbench.jobs.progress import StageProgress
    from workbench.paper.measure.materials import Materials
    from workbench.paper.plan import plan_table
    from workbench.paper.run import plan_of

    with StageProgress(silent=True) as progress:
        table = plan_table(plan_of(config, Materials(progress, device), names))
    if as_json:
        print_json(table.to_dict("records"))
    else:
        print_table(table.assign(seconds=table["seconds"].round().astype(int)))


def _make(
    config: PaperConfig,
    out: Path,
    names: Sequence[str],
    style: Print | None,
    device: str,
    progress: StageProgress,
) -> Path:
    """Print what is left to do, do it, and return the manifest's path."""
    from workbench.paper.measure.materials import Materials
    from workbench.paper.plan import plan_message
    from workbench.paper.run import make_paper, plan_of

    materials = Materials(progress, device)
    say(plan_message(plan_of(config, materials, names)), file=sys.stderr, flush=True)
    command = shlex.join(["workbench", *sys.argv[1:]])
    return make_paper(config, out, materials, names, command, style)
