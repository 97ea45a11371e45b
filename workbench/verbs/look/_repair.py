"""What is wrong with a study or an SAE, and what of it can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from data.checksums import FILES, sha256
from data.errors import UserError
from data.files import read_json_object
from data.locks import only_maker
from data.progress import Progress
from retrieval.study import Study
from retrieval.validity import findings
from retrieval.validity.folder import MANIFEST
from retrieval.validity.rebuild import rebuilding, unsound_sources
from workbench.making.part import Part, make_parts

INDEX_AGAIN = "a copy, or the collection: index it again"
LOST = {  # files that follow from nothing else in the folder, and who can give them back
    "documents.arrow": INDEX_AGAIN,
    "tokens": INDEX_AGAIN,
    "vectors.npy": INDEX_AGAIN,
    "queries.json": INDEX_AGAIN,
    "qrels.json": INDEX_AGAIN,
    "sae": "a copy: the folder of the SAE that the study was indexed with",
    "runs": "a copy: remove the file, and add the run again with `workbench add-run`",
    MANIFEST: INDEX_AGAIN,
}


@dataclass(frozen=True)
class Damage:
    """A file that is not what was written.

    file: relative to the folder. needed_by: the pages that rest on it. remedy: what it can be made again from.
    outcome: after a repair, what came of it; "" before.
    """

    file: str
    problem: str
    needed_by: str
    remedy: str
    outcome: str = ""

    def to_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def damages(study: Path) -> list[Damage]:
    """Everything that is wrong with a study, every file read."""
    manifest = read_json_object(study / MANIFEST)
    return [_damage(study, manifest, finding.name, finding.problem) for finding in findings(study, manifest)]


def repair(study: Path, found: Sequence[Damage], progress: Progress | None = None) -> list[Damage]:
    """Make again what can be, the core first; the damages with their outcome. What cannot be stays as it is."""
    manifest = read_json_object(study / MANIFEST)
    unsound = [damage.file for damage in found]
    outcomes: dict[str, str] = {}
    with only_maker(study):
        core = {name: _core_remaking(study, manifest, name) for name in unsound if _part_of(name) is None}
        for name, made in core.items():
            if made is None or (blocked := unsound_sources(name, unsound)):
                outcomes[name] = f"left as it is{f', since {blocked[0]} is damaged too' if made else ''}"
        remade = {name: made for name, made in core.items() if made and name not in outcomes}
        for remake in {_folder_of(name): made for name, made in remade.items()}.values():
            remake()
        parts = {part.name: part for part in map(_part_of, unsound) if part is not None}
        if len(remade) == len(core):
            _make_parts(study, list(parts.values()), progress)
        listed = manifest.get(FILES, {})
        for name in unsound:
            outcomes.setdefault(name, _outcome(study / name, listed.get(name, [])))
    return [replace(damage, outcome=outcomes[damage.file]) for damage in found]


def _outcome(path: Path, listed: Sequence[str]) -> str:
    if not path.is_file():
        return "removed, since the study does not have it now"
    return "made again, byte for byte as it was" if sha256(path) in listed else "made again"


def _damage(study: Path, manifest: Mapping[str, Any], name: str, problem: str) -> Damage:
    first = name.split("/")[0]
    part = _part_of(name)
    if part is not None:
        return Damage(name, problem, ", ".join(part.needed_by) or part.title, f"the study: {part.title}")
    remaking = None if name == MANIFEST else rebuilding(Study(study, manifest), name)
    remedy = remaking[0] if remaking else LOST.get(first, "a copy")
    return Damage(name, problem, "rankings and every page", remedy)


def _part_of(name: str) -> Part | None:
    """The part that a file is of, beside those of the core."""
    from workbench.making.parts import PARTS

    parts = (part for part in PARTS.values() if part.name != "text_vocabularies")
    return next(
        (part for part in parts if any(name == f or name.startswith(f"{f}/") for f in part.files)), None
    )


def _core_remaking(study: Path, manifest: Mapping[str, Any], name: str) -> Callable[[], object] | None:
    """How a file of the core is made again, None if it follows from nothing else."""
    made = None if name == MANIFEST else rebuilding(Study(study, manifest), name)
    return made[1] if made else None


def _folder_of(name: str) -> str:
    """What is made again at once: a table of arrays, the index of a vocabulary, what is encoded of the queries."""
    return (
        "queries"
        if name.endswith(("queries.npz", "query_vectors.npy"))
        else "/".join(name.split("/")[:3][:-1])
    )


def _make_parts(study: Path, parts: Sequence[Part], progress: Progress | None) -> None:
    for path in (study / name for part in parts for name in part.files):
        if path.is_file():
            path.unlink()
    if parts:
        make_parts(Study.open(study), parts, progress)


def described(study: Path, found: Sequence[Damage]) -> dict[str, Any]:
    """For JSON: whether the study is sound, how many files it lists, and what is wrong."""
    files = read_json_object(study / MANIFEST).get(FILES, {})
    return {
        "study": str(study),
        "sound": not found,
        "listed_files": len(files),
        "damage": [d.to_dict() for d in found],
    }


def refuse(folder: Path, found: Sequence[Damage]) -> None:
    """Raise a `UserError` for what is still wrong."""
    if left := [damage for damage in found if not damage.outcome or damage.outcome.startswith("left")]:
        raise UserError(
            f"{folder} is damaged in {len(left)} file{'s' * (len(left) != 1)}, first {left[0].file} "
            f"({left[0].problem}), which can be had from {left[0].remedy}"
            f"{'' if left[0].outcome else f': `workbench check {folder} --repair` does what can be done'}"
        )
