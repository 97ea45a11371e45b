"""The verb findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import printable_json, say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from retrieval.study import Study

ENDINGS = ".html, .zip (Markdown with pictures), .ipynb or .json"
ExportTo = Annotated[
    Path | None,
    typer.Option("--export", help=f"Write all of them: {ENDINGS}; `-` prints the JSON.", metavar="FILE"),
]
ImportFrom = Annotated[
    Path | None, typer.Option("--import", help="Take in a .json that --export wrote.", metavar="FILE")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Let --import replace findings that say something else.")
]


def run(
    study: StudyFolder,
    export: ExportTo = None,
    take: ImportFrom = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """What you pinned in the app: views with their picture, table and your note; list them, or let them out and in.

    A finding whose study has been built again since is marked as of another build. Example:

    `workbench findings studies/scifact --export findings.html`
    """
    from retrieval.study import Study

    if export is not None and take is not None:
        raise UserError("--export and --import are too much at once: expected one of them")
    opened = Study.open(study)
    if export is not None:
        _export(opened, export)
    elif take is not None:
        _import(opened, take, overwrite, as_json)
    else:
        _list(opened, as_json)


def _export(study: Study, path: Path) -> None:
    from analyses.labels.findings_json import findings_to_json
    from data.files import new_file
    from workbench.findings.exports import EXPORTS

    if str(path) == "-":
        say(printable_json(findings_to_json(study)), end="")
        return
    chosen = next((one for one in EXPORTS if path.suffix.lower() == f".{one.ending}"), None)
    if chosen is None:
        raise UserError(f"{path} has none of the known endings: expected {ENDINGS}")
    content = chosen.make(study)
    with new_file(path) as temporary:
        temporary.write_bytes(content)


def _import(study: Study, path: Path, overwrite: bool, as_json: bool) -> None:
    from analyses.labels.findings_json import import_findings, read_findings

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): expected a .json that --export wrote"
        ) from None
    imported = read_findings(study, content)
    if imported.overwriting and not overwrite:
        raise UserError(
            f"{path} holds {imported.summary}; nothing is taken in: add --overwrite to replace these"
        )
    taken = import_findings(study, imported)
    if as_json:
        print_json({"taken": taken, "same": len(imported.same)})
    else:
        say(f"{taken:,} findings taken in ({imported.summary})")


def _list(study: Study, as_json: bool) -> None:
    import pandas as pd

    from workbench.findings.printed import ANOTHER_BUILD, printed

    found = printed(study)
    if as_json:
        kept = ("id", "page", "title", "section", "note", "build", "time", "rows", "python", "command")
        print_json(
            [
                {name: getattr(one.finding, name) for name in kept}
                | {"parameters": dict(one.finding.parameters), "outdated": one.outdated}
                for one in found
            ]
        )
    elif not found:
        say(f"Nothing is pinned in {study.name} yet: open a page of the app and press P.")
    else:
        rows = [
            {
                "group": one.finding.section,
                "title": one.finding.title,
                "page": one.finding.page,
                "note": one.finding.note,
                "build": ANOTHER_BUILD if one.outdated else "this",
            }
            for one in found
        ]
        print_table(pd.DataFrame(rows))
