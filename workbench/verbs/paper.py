"""The verb that makes a paper's tables and figures."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Device, Queue, long_job


def paper_verb(
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
            help="Make a figure again from what it says itself: its .pdf, .svg or .png.", metavar="FIGURE"
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this item (several: give it again).", metavar="NAME")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it will take, and do nothing.")
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
    from workbench.paper.materials import Materials
    from workbench.paper.plan import plan_table, plan_told
    from workbench.paper.run import chosen_items, make_paper, plan_of, remembered

    chosen = read_config(config) if again is None else None
    names, style = tuple(only or ()), None
    if again is not None:
        chosen, item, style = remembered(again)
        names = (item,)
    assert chosen is not None
    chosen_items(chosen, names)  # an unknown name is told before anything is done
    command = shlex.join(["workbench", *sys.argv[1:]])
    if dry_run:
        from workbench.progress import StageProgress

        with StageProgress(silent=True) as progress:
            table = plan_table(plan_of(chosen, Materials(progress, device), names))
        if as_json:
            print_json(table.to_dict("records"))
        else:
            print_table(table.assign(seconds=table["seconds"].round().astype(int)))
        return
    with long_job(f"Paper: {chosen.title}", {}, queue) as progress:
        materials = Materials(progress, device)
        print(plan_told(plan_of(chosen, materials, names)), file=sys.stderr, flush=True)
        manifest = make_paper(chosen, out, materials, names, command, style)
    if as_json:
        print_json({"manifest": str(manifest)})
    else:
        print(f"figures and tables in {out}, listed in {manifest.name}")
