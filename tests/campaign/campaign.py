"""The campaign: what happens to studies and SAEs that are damaged, killed, short of disk, or raced for?

    python tests/campaign/campaign.py [--only damaged,killed] [--sample N] [--seed S]

Each row of the table it prints is one kind of trial: tried, and how often the outcome was
    same      the command answered as on the sound study: it does not read that file, or made it again
    clear     one sentence that names the file
    unclear   it refused, without naming the file
    fault     an internal error, or a traceback
    silent    another answer, without a word
    crash     ended by a signal
    hang      it did not end
All but the first two are defects, and end the campaign with status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import ground
import hostile
import killed
import sessions
import trouble
from damages import damages_of
from trial import FINE, Trial, judged

KINDS = ("same", "clear", "unclear", "fault", "silent", "crash", "hang")


def damaged(sound: Path, chance: random.Random, sign: bool = False) -> Iterator[Callable[[], Trial]]:
    """Every file of a study with everything that can happen to it, under a command drawn for each.

    sign: the study says of itself that all is as written, as one made by someone else may.
    """
    answers: dict[str, forked.Ended] = {}
    study = sound / "study"
    files = [path for path in sorted(study.rglob("*")) if path.is_file() and path.name != ".lock"]
    for path in files:
        for name, damage in damages_of(path).items():
            line = chance.choice(ground.READS)
            yield lambda path=path, name=name, damage=damage, line=line: judged(
                sound, f"{path.relative_to(sound)} {name}", line, damage, chance, answers, sign
            )


def saes(sound: Path, chance: random.Random) -> Iterator[Callable[[], Trial]]:
    """Every file of an SAE likewise."""
    answers: dict[str, forked.Ended] = {}
    for path in sorted((sound / "sae").iterdir()):
        for name, damage in damages_of(path).items():
            for line in ground.OF_AN_SAE:
                yield lambda path=path, name=name, damage=damage, line=line: judged(
                    sound, f"{path.relative_to(sound)} {name}", line, damage, chance, answers, False
                )


SECTIONS: dict[str, Callable[[Path, random.Random], Iterator[Callable[[], Trial]]]] = {
    "damaged": damaged,
    "crafted": lambda sound, chance: damaged(sound, chance, sign=True),
    "saes": saes,
    "killed": killed.trials,
    "trouble": trouble.trials,
    "hostile": hostile.trials,
    "sessions": sessions.trials,
}


def campaign(only: list[str], sample: int | None, seed: int, sound: Path) -> list[Trial]:
    """Run the trials of these sections, all or a sample of each, and print them as they end."""
    chance = random.Random(seed)
    tried = []
    for section in only:
        trials = list(SECTIONS[section](sound, chance))
        if sample is not None and sample < len(trials):
            trials = chance.sample(trials, sample)
        began = time.monotonic()
        for number, one in enumerate(trials, start=1):
            trial = one().of(section)
            left = (time.monotonic() - began) / number * (len(trials) - number)
            print(f"{section} {number}/{len(trials)}, about {left:.0f} s left", file=sys.stderr, flush=True)
            tried.append(trial)
            if trial.outcome not in FINE or section == "sessions":
                print(
                    f"{section} {number}/{len(trials)} {trial.outcome}: {trial.what}: {trial.said}",
                    flush=True,
                )
    return tried


def table(tried: list[Trial]) -> str:
    """A row for each section, in Markdown."""
    rows = [f"| trial | tried | {' | '.join(KINDS)} |", f"| --- | --- |{' --- |' * len(KINDS)}"]
    for section in dict.fromkeys(trial.section for trial in tried):
        counts = Counter(trial.outcome for trial in tried if trial.section == section)
        rows.append(
            f"| {section} | {sum(counts.values())} | {' | '.join(str(counts[kind]) for kind in KINDS)} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    forked.prepare()
    with tempfile.TemporaryDirectory() as temporary:
        sound = Path(temporary)
        ground.unpack(sound)
        tried = campaign(given.only.split(","), given.sample, given.seed, sound)
    print(table(tried))
    sys.exit(any(trial.outcome not in FINE for trial in tried))


if __name__ == "__main__":
    main()
