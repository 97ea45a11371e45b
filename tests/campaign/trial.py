"""One trial: a command on a copy of the sound study with one thing wrong, and what to make of how it ended."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import forked
import ground
from damages import Damage

from data.checksums import FILES, listed, signed

FINE = ("same", "clear")
INTERNAL = ("internal error", "a fault of the workbench", "Traceback (most recent", "Aborted")


@dataclass(frozen=True)
class Trial:
    """what: the thing wrong, and the command. outcome: one of the kinds. said: the end of what it said."""

    what: str
    outcome: str
    said: str = ""
    section: str = ""

    def of(self, section: str) -> Trial:
        return replace(self, section=section)


@contextmanager
def copied(sound: Path) -> Iterator[Path]:
    """A copy of the sound study and all beside it."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as temporary:
        folder = Path(temporary).resolve() / "here"
        shutil.copytree(sound, folder)
        yield folder


def judged(
    sound: Path,
    what: str,
    line: str,
    damage: Damage,
    chance: random.Random,
    answers: dict[str, forked.Ended],
    sign: bool,
) -> Trial:
    """Damage the file that `what` begins with, run a command, and compare with its answer on the sound study."""
    if line not in answers:
        with copied(sound) as folder:
            answers[line] = _run(line, folder)
    name = what.split(" ")[0]
    with copied(sound) as folder:
        damage(folder / name, chance)
        if sign:
            _sign(folder / "study")
        ended = _run(line, folder)
        found = outcome(ended, answers[line], name)
        if sign and found == "silent":
            found = "same"  # of another study, which is as its maker wrote it
        return Trial(f"{what}, {line.split(' ')[0]}", found, ended.err[-300:])


def outcome(ended: forked.Ended, sound: forked.Ended, name: str) -> str:
    """What to make of how a command ended. name: of the damaged file, which, or whose folder, a clear
    sentence names."""
    if ended.status is None:
        return "hang"
    if ended.status < 0:
        return "crash"
    if any(word in ended.err for word in INTERNAL):
        return "fault"
    if ended.status:
        places = [place.as_posix() for place in (Path(name), *Path(name).parents) if len(place.parts) > 1]
        places.append(Path(name).name)
        lines = [text for text in ended.err.strip().splitlines() if text.startswith("workbench: ")]
        return "clear" if len(lines) == 1 and any(place in lines[0] for place in places) else "unclear"
    return "same" if _content(ended.out) == _content(sound.out) else "silent"


def run_and_judge(folder: Path, argv: list[str], judge: Callable[[forked.Ended], str], what: str) -> Trial:
    """A trial of a single command, judged by its end alone."""
    ended = forked.run(argv, folder, environment=ground.environment(folder))
    return Trial(what, judge(ended), ended.err[-300:])


def _run(line: str, folder: Path) -> forked.Ended:
    return forked.run(ground.argv(line, folder), folder, environment=ground.environment(folder))


def _sign(study: Path) -> None:
    """Have the study say that all of it is as it was written."""
    try:
        record = json.loads((study / "study.json").read_text())
        sound = signed({**record, FILES: listed(study)})
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return  # the manifest is what was damaged
    (study / "study.json").write_text(json.dumps(sound))


def _content(out: str) -> object:
    """What a command printed; what its own run takes, and paths of its copy, left out."""
    try:
        value = json.loads(out)
    except ValueError:
        return "complete" if "lacks nothing" in out or not out.strip() else out
    return _without_times(value)


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _without_times(each) for key, each in value.items() if "second" not in key and key != "study"
        }
    return [_without_times(each) for each in value] if isinstance(value, list) else value
