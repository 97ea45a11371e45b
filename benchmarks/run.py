"""All benchmarks in one file of JSON, with the machine's facts; and two such files beside each other.

    python benchmarks/run.py OUT.json [--study STUDY] [--quick] [--only search encode ...]
    python benchmarks/run.py --compare BEFORE.json AFTER.json

Each script runs by itself, one after the other; what is kept already in OUT.json is not run again. Seconds of two
runs do not compare, since machines and moments differ: ratios within a run do (ours against a peer, or the
machine's own limit). The comparison prints those that moved by more than MOVED.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import machine

from data.errors import UserError
from data.files import read_json_object, write_json
from data.terminal import say

HERE = Path(__file__).parent
MOVED = 0.10
Ratios = dict[str, float]


def _number(text: object) -> float:
    return float(str(text).replace(",", ""))


def encode_ratios(result: Any) -> Ratios:
    """Tokens/s over sentence-transformers'."""
    return {row["encoder"]: _number(row["times sentence-transformers"]) for row in result["rows"]}


def search_ratios(result: Any) -> Ratios:
    """Queries/s over bm25s's, of our rows."""
    return {
        f"{row['system']}, {row['threads']} threads, depth {row['depth']}": row["times bm25s"]
        for row in result["rows"]
        if row["system"].startswith("ours")
    }


def train_ratios(result: Any) -> Ratios:
    """Tokens/s of each path over the first one's of its table."""
    ratios: Ratios = {}
    for table in result["tables"]:
        speeds = {str(next(iter(row.values()))): row.get("tokens/s") for row in table}
        first = next((_number(speed) for speed in speeds.values() if speed), 0.0)
        size = next(iter(table[0]))
        ratios |= {
            f"{size}: {name}": _number(speed) / first for name, speed in speeds.items() if speed and first
        }
    return ratios


def page_ratios(result: Any) -> Ratios:
    """95th percentile of a page's code, and of a page on screen, over the page that computes nothing, on screen."""
    nothing = result["nothing_ms"]
    return {
        f"{name}, {part}": result[part][name]["p95"] / nothing
        for part in ("server", "screen")
        for name in result[part]
    }


def why_ratios(result: Any) -> Ratios:
    """Cores that each part keeps busy: its processor seconds over its wall seconds."""
    return {name: row["processor"] / max(row["wall"], 1e-9) for name, row in result["seconds"].items()}


@dataclass(frozen=True)
class Benchmark:
    """script: in this folder. ratios: of what it prints as JSON. quick: its options for a short run.

    needs_study: whether it takes a study.
    """

    script: str
    ratios: Callable[[Any], Ratios]
    quick: tuple[str, ...] = ("--quick",)
    needs_study: bool = False


BENCHMARKS = {
    "encode": Benchmark("encode.py", encode_ratios),
    "search": Benchmark("search.py", search_ratios),
    "train": Benchmark("train_sae.py", train_ratios),
    "why": Benchmark("why.py", why_ratios, (), needs_study=True),
    "pages": Benchmark("every_page.py", page_ratios, ("--rounds", "3"), needs_study=True),
}


def run_all(out: Path, names: Sequence[str], study: Path | None, quick: bool) -> dict[str, Any]:
    """Run what `out` does not hold yet, and write it after each."""
    record = read_json_object(out) if out.is_file() else {"quick": quick, "results": {}}
    if record["quick"] != quick:
        raise UserError(f"{out} is {'a short' if record['quick'] else 'the whole'} run: choose another file")
    record["machine"] = machine(["torch", "numba", "streamlit", "bm25s", "sentence-transformers", "sae-lens"])
    for name in names:
        one = BENCHMARKS[name]
        if name in record["results"] or (one.needs_study and study is None):
            continue
        say(f"{name} ...", file=sys.stderr)
        command = [
            sys.executable,
            str(HERE / one.script),
            *([str(study)] if one.needs_study else []),
            "--json",
        ]
        done = subprocess.run([*command, *(one.quick if quick else ())], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise UserError(
                f"{one.script} failed with status {done.returncode}: what ran before it is in {out}"
            )
        record["results"][name] = json.loads(done.stdout[done.stdout.index("{") :])
        write_json(out, record)
    return record


def ratios_of(record: Mapping[str, Any]) -> Ratios:
    """All ratios of a run, by benchmark and name."""
    return {
        f"{name}: {of}": value
        for name, result in record["results"].items()
        if name in BENCHMARKS
        for of, value in BENCHMARKS[name].ratios(result).items()
    }


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """The ratios of both runs that differ by more than MOVED of the former, the largest change first."""
    old, new = ratios_of(before), ratios_of(after)
    changes = [(name, old[name], new[name]) for name in old if name in new]
    far = [each for each in changes if abs(each[2] - each[1]) > MOVED * abs(each[1])]
    return sorted(far, key=lambda each: -abs(each[2] - each[1]) / max(abs(each[1]), 1e-9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--study", type=Path, help="a complete study, for benchmarks that need one")
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS))
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"))
    arguments = parser.parse_args()
    try:
        if arguments.compare:
            before, after = map(read_json_object, arguments.compare)
            for name, old, new in moved(before, after):
                say(f"{name}: {old:.2f} -> {new:.2f} ({new / old - 1:+.0%})")
            shared = len(ratios_of(before).keys() & ratios_of(after).keys())
            say(f"{shared} ratios compared; the others moved by at most {MOVED:.0%}")
        elif arguments.out:
            run_all(arguments.out, arguments.only, arguments.study, arguments.quick)
        else:
            parser.error("name a file for the results, or two with --compare")
    except UserError as error:
        raise SystemExit(f"run.py: {error}") from None


if __name__ == "__main__":
    main()
