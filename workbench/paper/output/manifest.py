"""paper.json: what `workbench paper` made in a folder, for the report, the Figures page, and scripts.

    title, command, versions, config, items: name -> title, caption, facts, files, shown (the printed table), print

Folders are remembered under artifacts()/paper/made, so that the app finds those that stand anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.figures.style.print_style import Print
from data.errors import UserError
from data.files import fingerprint, read_json, write_json
from data.inside import inside
from workbench.jobs.artifacts import artifacts
from workbench.paper.config import PaperConfig

MANIFEST, REPORT = "paper.json", "report.html"
CHART = "figure.json"  # ends the name of a figure that was not printed yet
FORMAT = 2


@dataclass(frozen=True)
class MadeItem:
    """shown: the table as printed, all text. print: how the figure is printed; None where there is none."""

    name: str
    title: str
    caption: str
    facts: tuple[str, ...]
    files: tuple[str, ...]
    shown: pd.DataFrame
    print: Print | None


@dataclass(frozen=True)
class Paper:
    """A folder that `workbench paper` wrote."""

    folder: Path
    title: str
    command: str
    versions: Mapping[str, str]
    config: PaperConfig
    items: tuple[MadeItem, ...]


def read_paper(folder: Path) -> Paper:
    """The paper in a folder; one that holds no paper of this version is a `UserError`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError(f"{folder} holds no paper: make one with `workbench paper --out {folder}`")
    record = read_json(path)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise UserError(f"{path} is not of this version: make the paper again into another folder")
    try:
        items = [_item(name, item) for name, item in record["items"].items()]
        config = PaperConfig.from_dict(record["config"], str(path))
        paper = Paper(folder, record["title"], record["command"], record["versions"], config, tuple(items))
        _check_files(paper, str(path))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error!r}): make the paper again") from None
    return paper


def _check_files(paper: Paper, where: str) -> None:
    """A `UserError` unless every file of the paper is in its folder: those of a received one may lead elsewhere."""
    endings = (CHART, "json", "csv", "tex", "md", "pdf", "svg", "png")
    for item in paper.items:
        for file in (*(f"{item.name}.{ending}" for ending in endings), *item.files):
            inside(paper.folder, file, where)
    inside(paper.folder, REPORT, where)


def write_manifest(
    out: Path,
    config: PaperConfig,
    made: Mapping[str, dict[str, Any]],
    command: str,
    order: Sequence[str],
    current_name: Callable[[str], str] = str,
) -> Path:
    """Write OUT/paper.json; items of the same configuration that were made before stay in it, in this order.

    current_name: an item's name of today; an item that was made under an older name is replaced.
    """
    from retrieval.pipeline import versions  # torch: readers of a paper need none

    path, record = out / MANIFEST, config.to_dict()
    before = read_json(path) if path.is_file() else {}
    same = (
        isinstance(before, dict) and before.get("format") == FORMAT and before["config"] == _as_json(record)
    )
    earlier = before["items"] if same else {}
    kept = {name: item for name, item in earlier.items() if current_name(name) not in made}
    everything = {**kept, **made}
    places = {name: place for place, name in enumerate(order)}
    names = sorted(everything, key=lambda name: places.get(current_name(name), len(places)))
    content = {"format": FORMAT, "title": config.title, "command": command, "versions": versions()}
    write_json(path, {**content, "config": record, "items": {name: everything[name] for name in names}})
    where = str(out.resolve())
    remembered = artifacts() / "paper" / "made" / f"{fingerprint(where)}.json"
    remembered.parent.mkdir(parents=True, exist_ok=True)
    write_json(remembered, {"folder": where})
    return path


def known_papers() -> dict[str, Path]:
    """Name -> folder of every paper that was made with these artifacts and still stands, the newest first."""
    folders = [Path(read_json(file)["folder"]) for file in (artifacts() / "paper" / "made").glob("*.json")]
    standing = [folder for folder in folders if (folder / MANIFEST).is_file()]
    papers: dict[str, Path] = {}
    for folder in sorted(standing, key=lambda folder: -(folder / MANIFEST).stat().st_mtime):
        name, again = folder.name, 2
        while name in papers:
            name, again = f"{folder.name}-{again}", again + 1
        papers[name] = folder
    return papers


def _item(name: str, record: Mapping[str, Any]) -> MadeItem:
    shown = pd.DataFrame(record["shown"]["rows"], columns=record["shown"]["columns"])
    style = Print(**record["print"]) if record["print"] else None
    return MadeItem(
        name, record["title"], record["caption"], tuple(record["facts"]), tuple(record["files"]), shown, style
    )


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
