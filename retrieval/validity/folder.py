"""Verify a study's folder: its manifest, the SHA-256 of its files, and the structure of its core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.checksums import FILES, content_of, is_genuine, leads_out, sha256_of_all
from data.errors import UserError
from data.files import read_json_object
from retrieval.validity.manifest import manifest_error
from retrieval.validity.structure import Sizes, checks_of
from retrieval.validity.verdicts import State, remember, sound_before, state_of

MANIFEST = "study.json"
EVALUATION, PER_QUERY = "evaluation.json", "per_query.parquet"  # means of the second are in the first


@dataclass(frozen=True)
class Finding:
    """What is wrong with one file of a study. name: relative to the study. problem: the end of a sentence."""

    name: str
    problem: str


def verify(study: Path, manifest: Mapping[str, Any]) -> None:
    """Raise a `UserError` for a study with a file that is not what was written; else remember that it is sound.

    Only files that are new or changed since are read.
    """
    found = damage(study, manifest)
    if found is not None and (now := read_json_object(study / MANIFEST)) != manifest:
        found = damage(study, now)  # a part was written meanwhile
    if found is not None:
        named = str(study / found.name) in found.problem
        problem = found.problem if named else f"{study / found.name} is damaged: {found.problem}"
        raise UserError(f"{problem}; `workbench check {study}` says what can be made again")


def damage(study: Path, manifest: Mapping[str, Any]) -> Finding | None:
    """The first file that is not what was written, None of a sound study, which is then remembered as sound."""
    return next(_problems(study, manifest), None)


def findings(study: Path, manifest: Mapping[str, Any]) -> list[Finding]:
    """Everything that is wrong, of all files, whatever is remembered of them."""
    return list(_problems(study, manifest, afresh=True))


def _problems(study: Path, manifest: Mapping[str, Any], afresh: bool = False) -> Iterator[Finding]:
    if not is_genuine(manifest):
        yield Finding(MANIFEST, "its content is not what was written (its checksum differs)")
        return
    before = {} if afresh else sound_before(study)
    states: dict[str, State] = {MANIFEST: state_of(study / MANIFEST)}
    if before.get(MANIFEST) != states[MANIFEST] and (error := manifest_error(manifest)) is not None:
        yield Finding(MANIFEST, error)
        return
    files: Mapping[str, list[str]] = manifest.get(FILES, {})
    if (elsewhere := leads_out(files)) is not None:
        yield Finding(MANIFEST, f"it lists {elsewhere[:60]!r}, which is no file in the study")
        return
    changed: list[str] = []
    sound = True
    for name in sorted({*files, *content_of(study)}):
        path = study / name
        if (problem := _place_problem(study, path)) is not None:
            if path.exists() or path.is_symlink() or _is_needed(study, name):
                sound = False
                yield Finding(name, problem)
            continue  # a part that was removed is one that the study does not keep
        states[name] = state_of(path)
        if before.get(name) != states[name]:
            changed.append(name)
    listed = [name for name in changed if name in files]
    for name, digest in zip(listed, sha256_of_all(study / name for name in listed), strict=True):
        if digest not in files[name]:
            sound = False
            yield Finding(name, "its content is not what was written (its SHA-256 differs)")
    if sound:
        for finding in _structure_problems(study, manifest, changed, files):
            sound = False
            yield finding
    if sound and before != states:
        remember(study, states)


def _is_needed(study: Path, name: str) -> bool:
    """Whether a study without this file is damaged: a part that nothing else rests on may be removed."""
    return checks_of(name) is not None or (name == PER_QUERY and (study / EVALUATION).is_file())


def _structure_problems(
    study: Path, manifest: Mapping[str, Any], changed: list[str], files: Mapping[str, list[str]]
) -> Iterator[Finding]:
    checks = dict(filter(None, map(checks_of, changed)))
    for check in checks.values():
        try:
            check(study, Sizes.of(manifest))
        except UserError as error:
            yield Finding(_named_in(str(error), study, {**files, **dict.fromkeys(changed)}), str(error))


def _named_in(message: str, study: Path, names: Iterable[str]) -> str:
    """The file or folder of a study that a message names, the most exact one."""
    places = {place.as_posix() for name in names for place in (Path(name), *Path(name).parents)} - {"."}
    named = [place for place in places if str(study / place) in message]
    return max(named, key=len, default=MANIFEST)


def _place_problem(study: Path, path: Path) -> str | None:
    """What is wrong with a file before it is read; None if nothing is."""
    if path.is_symlink():
        return "it is a link, and a study's files have to be its own: put the file itself there"
    if not path.is_file():
        return "it is missing"
    if any(parent.is_symlink() for parent in path.parents if study in parent.parents):
        return "its folder is a link, and a study's files have to be its own"
    return None
