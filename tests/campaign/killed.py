"""Commands that write, killed (SIGKILL) at a random moment and run again: the same bytes, and nothing left over."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import ground
from trial import Trial, copied

KILLS = 12  # of each command

WRITES = (  # (command, what it makes, the same command to go on)
    (
        "train --text {collection} --out {out} --latents 32 --k 2 --tokens 4k --batch 256 --json",
        "out",
        " --resume",
    ),
    ("index --sae {sae} --collection {collection} --out {out} --quick --json", "out", ""),
    ("import-sae {sae} --out {out} --json", "out", ""),
    ("complete {study}", "study", ""),
    ("why {study} --only scoring --json", "study", ""),
    ("importance {study} --idf lucene --json", "study", ""),
    ("notes {study} --set {latent} --label mine --json", "study", ""),
    ("evaluate {study} --runs {out} --json", "out", ""),
    ("export {study} --to parquet --out {out} --json", "out", ""),
    ("collection {collection} --out {out} --json", "out", ""),
)
STRIPPED = ("complete", "why", "importance")  # what they make is removed first


def trials(sound: Path, chance: random.Random) -> Iterator[Callable[[], Trial]]:
    """KILLS of each command, at moments drawn over the time that it takes."""
    whole: dict[str, tuple[dict[str, str], float]] = {}
    for line, made, going_on in WRITES:
        for _ in range(KILLS):
            share = chance.random()
            yield lambda line=line, made=made, going_on=going_on, share=share: _killed(
                sound, line, made, going_on, share, whole
            )


def _killed(
    sound: Path,
    line: str,
    made: str,
    going_on: str,
    share: float,
    whole: dict[str, tuple[dict[str, str], float]],
) -> Trial:
    if line not in whole:
        with copied(sound) as folder:
            _strip(line, folder)
            ended = forked.run(ground.argv(line, folder), folder, environment=ground.environment(folder))
            whole[line] = _bytes(folder / made), ended.seconds
    expected, seconds = whole[line]
    what = f"{line.split(' ')[0]} killed at {share:.0%}"
    with copied(sound) as folder:
        _strip(line, folder)
        environment = ground.environment(folder)
        forked.run(ground.argv(line, folder), folder, environment=environment, kill_after=share * seconds)
        ended = forked.run(ground.argv(line, folder), folder, environment=environment)
        if ended.status and going_on and "--resume" in ended.err:
            ended = forked.run(ground.argv(line + going_on, folder), folder, environment=environment)
        if ended.status:
            return Trial(what, "unclear" if ended.status > 0 else "crash", ended.err[-300:])
        got, litter = _bytes(folder / made), _litter(folder)
        if litter:
            return Trial(what, "silent", f"left over: {litter}")
        if differs := sorted(
            name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name)
        ):
            return Trial(what, "silent", f"other bytes: {differs}")
        return Trial(what, "same")


def _strip(line: str, folder: Path) -> None:
    if line.split(" ")[0] in STRIPPED:
        for path in (folder / "study").glob("*.parquet"):
            path.unlink()
        shutil.rmtree(folder / "study" / "why", ignore_errors=True)
        (folder / "study" / "complete.json").unlink(missing_ok=True)


def _bytes(folder: Path) -> dict[str, str]:
    """Digests of the files that are made; those with times or numbers of runs in them apart."""
    apart = ("study.json", "log.jsonl", "notes.sqlite", "cfg.json", "checksums.json")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in apart]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def _litter(folder: Path) -> list[str]:
    """What a killed command left: temporary names, and work folders of what is finished."""
    hidden = [
        path for path in folder.rglob(".*") if "artifacts" not in path.parts and "cache" not in path.parts
    ]
    return [path.name for path in hidden if not path.name.endswith(".lock")]
