"""Record what the command line answers on a study: `python tests/golden/record.py FOLDER OUT [--against BEFORE]`.

FOLDER holds `study`, `second` (its collection by another SAE), `other` (another collection by its SAE),
`collection`, `run.trec`, and `facts.json`: the query, documents and latents that the commands name. A command is
left out where FOLDER lacks what it names. Each runs in this process, on a fresh copy of all that; `bare` is the
study without the tables that are kept in it.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import math
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from unittest import mock

PLACES = ("study", "bare", "second", "other", "collection", "run.trec", "out")
MADE_HERE = ("bare", "out")
# Of the machine, the minute or the packages; names of contents go with the weights that a machine trains.
LEFT_OUT = {
    "seconds", "seconds_encode", "seconds_train", "free_bytes", "memory_bytes", "disk_bytes", "stored", "versions",
    "fingerprint", "recipe", "plan", "time", "date", "device", "tokens_per_second",
}  # fmt: skip
TREC_LINES = 40  # of a run that a command writes
TABLE_LINES = 40

Reads = Literal["kept", "encoder", "machine"]


@dataclass(frozen=True)
class Answer:
    """What a command said.

    reads: what numbers rest on. "kept" is the study alone; "encoder" a text that is encoded, and so rounded, by
    this machine; "machine" a training, a layout or a control, whose numbers may be others elsewhere. files: what it
    wrote to {out}, by name. made: tables that it wrote into the study.
    """

    arguments: list[str]
    reads: Reads
    output: Any
    files: dict[str, Any]
    made: list[str]


# What needs no encoder, then what encodes a text, then what depends on the machine.
COMMANDS: tuple[tuple[Reads, str], ...] = (
    ("kept", "latent {study} {latent} --json"),
    ("kept", "latents {study} --where {word} --json"),
    ("kept", "vocabulary-table {study} --out {out}/table.csv"),
    ("kept", "vocabulary {study} --json"),
    ("kept", "vocabulary {study} --by activation --over queries --json"),
    ("kept", "growth {study} --json"),
    ("kept", "growth {study} {second} --json"),
    ("kept", "head {study} --json"),
    ("kept", "head {study} --idf lucene --csv {out}/curve.csv --json"),
    ("kept", "head {study} --share 0.05 --json"),
    ("kept", "head {study} --share 0.1 --prune tail --where scoring --idf lucene --json"),
    ("kept", "length {study} --json"),
    ("kept", "length {study} --b 0.4 --idf lucene --csv {out}/length.csv --json"),
    ("kept", "meaning {study} --csv {out}/meaning.csv --json"),
    ("kept", "vocabulary-table {bare} --out {out}/table.csv"),
    ("kept", "latent {bare} {latent} --json"),
    ("kept", "growth {bare} --json"),
    ("kept", "head {bare} --json"),
    ("kept", "meaning {bare} --json"),
    ("kept", "carriers {bare} --json"),
    ("kept", "failures {bare} --json"),
    ("kept", "shift {study} {other} --json"),
    ("kept", "shift {study} {second} --json"),
    ("kept", "failures {study} --json"),
    ("kept", "failures {study} --k 5 --idf lucene --json"),
    ("kept", "ablate {study} --latents {latents} --json"),
    ("kept", "ablate {study} --latents {latents} --where query --idf lucene --controls 3 --json"),
    ("kept", "carriers {study} --idf lucene --json"),
    ("kept", "evaluate {study} --json"),
    ("kept", "evaluate {study} --runs {out}/runs --json"),
    ("kept", "notes {study} --json"),
    ("kept", "notes {study} --export -"),
    ("kept", "notes {study} --set {latent} --label mine --tag check --note seen --json"),
    ("kept", "notes {study} --undo --json"),
    ("kept", "explain-latents {study} {latent} --cost --json"),
    ("kept", "add-run {study} {run.trec} --name again --json"),
    ("kept", "compare-saes {study} {second} --json"),
    ("kept", "compare-saes {study}/sae {other}/sae --json"),
    ("kept", "collection {collection} --out {out}/copy --json"),
    ("kept", "import-sae {study}/sae --out {out}/sae --json"),
    ("kept", "complete {study}"),
    ("kept", "jobs --json"),
    ("kept", "search {study} {query} --system bm25 --json"),
    ("encoder", "latents {study} --where {query} --json"),
    ("encoder", "search {study} {query} --depth 20 --json"),
    ("encoder", "search {study} {query} --idf lucene --json"),
    ("encoder", "search {study} {query} --system cosine --json"),
    ("encoder", "explain {study} {query} {first} --json"),
    ("encoder", "explain {study} {query} {first} --credit proportional --idf lucene --json"),
    ("encoder", "explain {study} {query} {first} --credit leave-one-out --cosine --words --json"),
    ("encoder", "explain {study} {query} {second_document} --credit occlusion --json"),
    ("encoder", "compare {study} {query} {first} {second_document} --json"),
    ("encoder", "compare {study} {query} {first} {second_document} --top 10 --idf lucene --json"),
    ("encoder", "ablate {study} --latents {latents} --query {query} --json"),
    ("machine", "type-controls {study} --documents 60 --json"),
    ("machine", "sae-card {study}/sae --study {study} --json"),
    ("machine", "index --sae {study}/sae --collection {collection} --out {out}/new --quick --json"),
    (
        "machine",
        "train --text {collection} --out {out}/new --latents 32 --k 2 --tokens 4k --batch 512 --json",
    ),
    ("machine", "train --text {collection} --out {out}/new --latents 32 --tokens 8k --cost --json"),
)
# Up to half a minute each: recorded with --slow, and tested where numbers must be equal to the bit.
SLOW: tuple[tuple[Reads, str], ...] = (
    ("machine", "map {study} --json"),
    ("kept", "vocabulary {bare} --json"),
    ("machine", "pretrain --text {collection} --out {out}/new --tokens 2k --batch 8 --max-length 32 --json"),
    (
        "machine",
        "sweep-layers --collection {collection} --out {out}/new --layers 0,final --latents 16 --k 2 --tokens 2k "
        "--epochs 1 --batch 512 --max-length 32 --json",
    ),
)


def answer(arguments: list[str], reads: Reads, folder: Path) -> Answer:
    """What today's command line says to these arguments, on a copy of `folder`; a fault is an error."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve()
        shutil.copytree(folder, root, dirs_exist_ok=True)
        (root / "out").mkdir()
        if any("{bare}" in argument for argument in arguments):
            _strip(root / "study", root / "bare")
        before = _written(root / "study")
        text, refused = _run([_filled(argument, root) for argument in arguments], root)
        output: Any = {"refused": refused} if refused else text.strip()
        if _is_json(arguments) and not refused:
            output = json.loads(text)
        files = {
            path.relative_to(root / "out").as_posix(): _content(path)
            for path in sorted((root / "out").rglob("*"))
            if path.suffix in (".csv", ".trec")
        }
        kept = set(before.values())
        made = sorted(name for name, mark in _written(root / "study").items() if mark not in kept)
        return Answer(arguments, reads, _told(output, root), files, made)


def record(
    folder: Path, only: Collection[str] = (), skip: Collection[str] = (), slow: bool = False
) -> Iterator[Answer]:
    """The answers to COMMANDS (and to SLOW) that `folder` has the parts for; of all verbs, or `only` some."""
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    there = facts | {name: f"{{{name}}}" for name in PLACES if name in MADE_HERE or (folder / name).exists()}
    for reads, line in (*COMMANDS, *(SLOW if slow else ())):
        words = line.split()
        named = {name for word in words for name in re.findall(r"\{(.+?)\}", word)}
        wanted = words[0] not in skip and (not only or words[0] in only)
        if wanted and named <= set(there):
            yield answer([_replaced(word, there) for word in words], reads, folder)


def verbs() -> dict[str, list[str]]:
    """The options and arguments of each verb."""
    return {verb: options(verb) for verb in sorted(_group().commands)}


def options(verb: str) -> list[str]:
    """The options and arguments that a verb takes, by whatever name it is called; none if there is no such verb."""
    import typer

    command = _group().get_command(typer.Context(_group()), verb)
    parameters = command.params if command else ()
    return sorted(option for each in parameters for option in (*each.opts, *each.secondary_opts))


def differences(before: Any, now: Any, relative: float, absolute: float, where: str = "") -> list[str]:
    """Where `now` lacks or changes something of `before`; what it has beside that is no difference.

    relative, absolute: how far numbers with a fraction may be off; a negative one: whole numbers and texts too.
    """
    loose = relative < 0
    if isinstance(before, dict) and isinstance(now, dict):
        lost = [f"{where}: no {key!r}" for key in before if key not in now]
        both = (key for key in before if key in now)
        return lost + [
            each
            for key in both
            for each in differences(before[key], now[key], relative, absolute, f"{where}.{key}")
        ]
    if isinstance(before, list) and isinstance(now, list):
        if loose or len(before) == len(now) or not all(isinstance(row, dict) for row in before):
            same_length = not before or now if loose else len(before) == len(now)
            lengths = [] if same_length else [f"{where}: {len(before)} became {len(now)} entries"]
            return lengths + [
                each
                for i, pair in enumerate(zip(before, now, strict=False))
                for each in differences(*pair, relative, absolute, f"{where}[{i}]")
            ]
        rows = iter(now)
        return [
            f"{where}[{i}]: no such row in this order any more: {row}"
            for i, row in enumerate(before)
            if not any(not differences(row, other, relative, absolute) for other in rows)
        ]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, now))
    if loose:
        missing = before is None or now is None
        alike = missing or numbers or isinstance(now, type(before))
    elif numbers and (isinstance(before, float) or isinstance(now, float)):
        same = before == now or (math.isnan(before) and math.isnan(now))
        alike = same or math.isclose(before, now, rel_tol=relative, abs_tol=absolute)
    else:
        alike = type(before) is type(now) and before == now
    return [] if alike else [f"{where}: {before!r} became {now!r}"]


# Tables that no study of the recorded version has, so that whatever reads them makes them once.
NEW_TABLES = ("carriers-chance-clipped.parquet", "carriers-chance-lucene.parquet")


def compared(before: dict[str, Any], now: Answer, exact: bool) -> list[str]:
    """`differences` of an answer from a recorded one, as closely as what it reads allows; exact: to the bit.

    Another processor adds float32 in another order: a score differs in its seventh digit, a difference of two
    scores and a residual, which is rounding alone, in the fifth decimal; occlusion subtracts scores of texts that
    are each encoded anew.
    """
    off = {"kept": (1e-5, 1e-6), "encoder": (1e-3, 1e-5), "machine": (-1.0, 0.0)}[before["reads"]]
    off = (1e-2, 1e-3) if "occlusion" in before["arguments"] else off
    relative, absolute = (0.0, 0.0) if exact else off
    found = [
        each
        for part in ("output", "files")
        for each in differences(before[part], getattr(now, part), relative, absolute, part)
    ]
    again = sorted(set(now.made) - set(before["made"]) - set(NEW_TABLES))
    if again and not before["made"]:
        found.append(f"made again or anew, where a kept table was read: {', '.join(again)}")
    return found


def _group() -> Any:
    import typer

    from workbench import cli

    return typer.main.get_command(cli.app)


def _run(argv: list[str], root: Path) -> tuple[str, str]:
    """What is on standard output, and the sentence that refuses to do it, if it is one."""
    from workbench import cli

    out, err = io.StringIO(), io.StringIO()
    environment = {
        "WORKBENCH_ARTIFACTS": str(root / "artifacts"),
        "LOGNAME": "reader",
        "WORKBENCH_DEBUG": "1",
    }
    with (
        mock.patch.object(sys, "argv", ["workbench", *argv]),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.main()
            status: Any = 0
        except SystemExit as stop:
            status = stop.code or 0
        except BaseException:
            traceback.print_exc()
            raise
    said = err.getvalue()
    if status and any(mark in said for mark in ("internal error", "a fault of the workbench", "Traceback")):
        raise RuntimeError(f"workbench {' '.join(argv)} ended with status {status}: {said[-2000:]}")
    return out.getvalue(), said.strip().splitlines()[-1] if status else ""


def _strip(study: Path, bare: Path) -> None:
    """A copy of a study without the tables of its root and its kept map, which are made from the rest of it."""
    shutil.copytree(study, bare)
    for path in bare.glob("*.parquet"):
        if path.stem != "per_query":
            path.unlink()
    shutil.rmtree(bare / "words")
    for name in ("map.json", "complete.json"):
        (bare / name).unlink(missing_ok=True)


def _is_json(arguments: list[str]) -> bool:
    return "--json" in arguments or arguments[-2:] == ["--export", "-"]


def _replaced(word: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(.+?)\}", lambda found: values[found[1]], word)


def _filled(argument: str, root: Path) -> str:
    for name in PLACES:
        argument = argument.replace(f"{{{name}}}", str(root / name))
    return argument


def _told(value: Any, root: Path) -> Any:
    """The value without what is of this machine."""
    if isinstance(value, dict):
        return {key: _told(each, root) for key, each in value.items() if key not in LEFT_OUT}
    if isinstance(value, list):
        return [_told(each, root) for each in value]
    if isinstance(value, str):
        for name in PLACES:
            value = value.replace(str(root / name), f"{{{name}}}")
    return value


def _content(path: Path) -> list[Any]:
    if path.suffix == ".trec":
        with path.open(encoding="utf-8") as file:
            return [
                [_number(word) for word in line.split()]
                for line, _ in zip(file, range(TREC_LINES), strict=False)
            ]
    with path.open(encoding="utf-8", newline="") as file:
        rows = ({name: _number(text) for name, text in row.items()} for row in csv.DictReader(file))
        return [row for row, _ in zip(rows, range(TABLE_LINES), strict=False)]


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _written(study: Path) -> dict[str, tuple[int, int]]:
    """The tables in a study's folder by name, with what stays when one is moved, and not when it is made again."""
    found = (path for path in study.rglob("*") if path.suffix in (".parquet", ".npy", ".npz"))
    stats = {path.relative_to(study).as_posix(): path.stat() for path in found}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


def main() -> None:
    """Record into OUT; with --against, say what differs from an earlier record, with status 1 if anything does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--against", type=Path, help="an earlier record of the same folder")
    parser.add_argument("--exact", action="store_true", help="numbers must be equal to the bit")
    parser.add_argument("--only", action="append", default=[], metavar="VERB", help="this verb alone")
    parser.add_argument("--skip", action="append", default=[], metavar="VERB", help="not this verb")
    parser.add_argument("--slow", action="store_true", help="what takes half a minute, too")
    given = parser.parse_args()
    answers = list(record(given.folder, given.only, given.skip, given.slow))
    lines = (json.dumps(asdict(each), ensure_ascii=False, separators=(",", ":")) for each in answers)
    told = f'{{"verbs":{json.dumps(verbs())},\n"answers":[\n' + ",\n".join(lines) + "\n]}\n"
    given.out.write_text(told, encoding="utf-8")
    if given.against is None:
        return
    earlier = json.loads(given.against.read_text(encoding="utf-8"))
    before = {tuple(each["arguments"]): each for each in earlier["answers"]}
    found = [
        f"{' '.join(now.arguments)}: {each}"
        for now in answers
        if tuple(now.arguments) in before
        for each in compared(before[tuple(now.arguments)], now, given.exact)
    ]
    print("\n".join(found) or f"{len(answers)} answers are the same")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
