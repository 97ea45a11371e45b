"""The small study that the campaign damages, and what is asked of it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import forked

ARCHIVE = Path(__file__).parent.parent / "golden" / "study_format_1.tar.xz"

READS = (
    "latent {study} {latent} --json",
    "latents {study} --where {word} --json",
    "vocabulary {study} --json",
    "growth {study} --json",
    "frequency-bands {study} --json",
    "length {study} --json",
    "polysemy {study} --json",
    "importance {study} --json",
    "failures {study} --json",
    "ablation {study} --latents {latents} --json",
    "evaluate {study} --json",
    "notes {study} --json",
    "search {study} {query} --system bm25 --json",
    "search {study} {query} --json",
    "explain {study} {query} {first} --json",
    "explain {study} {query} {first} --words --json",
    "compare-documents {study} {query} {first} {second_document} --json",
    "why {study} --only scoring --json",
    "why {study} --only match --json",
    "complete {study}",
)
OF_AN_SAE = (
    "import-sae {sae} --out {out} --json",
    "compare-saes {sae} {study}/sae --json",
    "index --sae {sae} --collection {collection} --out {out} --quick --json",
)


def unpack(folder: Path) -> None:
    """A complete study, `study`, its SAE alone, `sae`, its collection, and the facts that commands name."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    ended = forked.run(["complete", "study"], folder, environment=environment(folder), timeout=600)
    if ended.status != 0:
        raise RuntimeError(ended.err)
    forked.run(["import-sae", "study/sae", "--out", "sae"], folder, environment=environment(folder))


def environment(folder: Path) -> dict[str, str]:
    """Variables of a command in `folder`."""
    return {"WORKBENCH_ARTIFACTS": str(folder / "artifacts"), "WORKBENCH_CACHE": str(folder / "cache")}


def argv(line: str, folder: Path, **places: str) -> list[str]:
    """A line of the lists above with its names filled in."""
    values = {
        **facts(folder),
        "study": "study",
        "sae": "sae",
        "collection": "collection",
        "out": "out",
        **places,
    }
    return [word.format(**values) for word in line.split(" ")]


def facts(folder: Path) -> dict[str, str]:
    """The query, documents and latents that commands name."""
    return json.loads((folder / "facts.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]
