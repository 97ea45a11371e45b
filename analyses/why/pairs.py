"""What moves a score? Documents of the collection with one edit, against a control edit of equal length.

    effect = expected (s(edit) - s(control)) / mean |s(document)|       expected: +1 or -1, `reading.edits.KINDS`
    as expected: effect > 0        tied: |s(edit) - s(control)| <= TIED max(|s(edit)|, |s(control)|)

Each document stands in a kind once, with one of its queries: one that it is relevant to, or ranks in the first
POOL of by lexical BM25. The document is the part of it that the encoder reads. All systems score the same
texts, as documents of the collection. Intervals: Wilson's of the share of documents without ties, a bootstrap
over documents of the mean effect. p: sign test (exact, two-sided, ties left out), with Holm's correction over
all kinds and systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analyses.statistics.intervals import bootstrap_mean, wilson
from analyses.statistics.significance import holm
from analyses.why.aspect import Aspect, path_of
from analyses.why.reading.edited_documents import pairs_of_kind
from analyses.why.reading.edits import KINDS, Kind
from analyses.why.reading.word_choice import CollectionWords, collection_words
from data.progress import Progress
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study
from retrieval.systems import within_sentence

NAME = "pairs"
FORMAT = 1
N_DOCUMENTS = 200  # of each kind
TIED = 1e-9
LEVEL = 0.05
FILES = tuple(f"pairs-{kind}.parquet" for kind in KINDS)


@dataclass(frozen=True, eq=False)
class Pairs:
    """scores: a row per kind, document and system: `word` was put in, `instead` in the control; document,
    edit and control are scores; asked: documents that were asked for.
    """

    scores: pd.DataFrame

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row per kind and system: kind, system, expected, n, as_expected, against, tied, share (of those not
        tied), share_low, share_high, effect (mean), low, high, edit_change, control_change (mean, relative), p,
        p_holm.
        """
        rows = [
            _summary(KINDS[str(kind)], str(system), part)
            for (kind, system), part in self.scores.groupby(["kind", "system"], sort=False)
        ]
        table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["kind", "system", "p"])
        table["p_holm"] = holm(table["p"].to_numpy(np.float64))
        return table

    def to_dict(self) -> dict[str, Any]:
        """kind -> expected, source, control, n, and system -> the numbers of `summary`."""
        answers: dict[str, Any] = {}
        for row in self.summary.to_dict("records"):
            numbers = {str(name): None if value != value else value for name, value in row.items()}
            kind = KINDS[str(numbers.pop("kind"))]
            about = {
                "expected": kind.expected,
                "source": kind.source,
                "edit": kind.done,
                "control": kind.control,
            }
            answer = answers.setdefault(kind.name, {**about, "systems": {}})
            system = numbers.pop("system")
            answer["systems"][system] = numbers
        return answers

    def shown(self) -> pd.DataFrame:
        """The numbers that a terminal has room for."""
        columns = ["kind", "system", "n", "as_expected", "against", "tied", "effect", "low", "high", "p_holm"]
        return self.summary[columns]

    def sentences(self) -> list[str]:
        """A sentence per kind: which systems move as expected, which the other way, which do not move."""
        return [
            _sentence(KINDS[str(kind)], part)
            for kind, part in self.summary.groupby("kind", sort=False)
            if len(part)
        ]


def _summary(kind: Kind, system: str, part: pd.DataFrame) -> dict[str, Any]:
    from scipy.stats import binomtest  # half a second to import

    document, edit, control = (part[name].to_numpy(np.float64) for name in ("document", "edit", "control"))
    gap = kind.expected * (edit - control)
    tied = np.abs(gap) <= TIED * np.maximum(np.abs(edit), np.abs(control))
    moved, against = int((~tied & (gap > 0)).sum()), int((~tied & (gap < 0)).sum())
    scale = max(float(np.abs(document).mean()), 1e-12)
    effect = np.where(tied, 0.0, gap) / scale
    low, high = bootstrap_mean(effect)
    share_low, share_high = wilson(moved, moved + against)
    return {
        "kind": kind.name,
        "system": system,
        "expected": kind.expected,
        "n": len(part),
        "as_expected": moved,
        "against": against,
        "tied": int(tied.sum()),
        "share": moved / (moved + against) if moved + against else float("nan"),
        "share_low": share_low,
        "share_high": share_high,
        "effect": float(effect.mean()),
        "low": low,
        "high": high,
        "edit_change": float((edit - document).mean() / scale),
        "control_change": float((control - document).mean() / scale),
        "p": float(binomtest(moved, moved + against).pvalue) if moved + against else float("nan"),
    }


def _sentence(kind: Kind, part: pd.DataFrame) -> str:
    groups: dict[str, list[str]] = {"as": [], "other": [], "open": [], "tied": []}
    for row in part.to_dict("records"):
        name = within_sentence(str(row["system"]))
        if row["tied"] == row["n"]:
            groups["tied"].append(name)
            continue
        effect = f"{row['effect']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})"
        numbers = f"{row['share']:.0%} of documents, effect {effect}"
        known = row["p_holm"] < LEVEL
        if known and row["low"] > 0 and row["share"] > 0.5:
            groups["as"].append(f"{name} ({numbers})")
        elif known and row["high"] < 0 and row["share"] < 0.5:
            groups["other"].append(f"{name} ({numbers})")
        else:
            groups["open"].append(f"{name} ({numbers})")
    up, down = ("up", "down") if kind.expected > 0 else ("down", "up")
    said = [
        _said(groups["as"], f"moves {up}, as expected", f"move {up}, as expected"),
        _said(
            groups["other"],
            f"moves {down}, against what is expected",
            f"move {down}, against what is expected",
        ),
        _said(groups["open"], "is not shown to move", "are not shown to move"),
        _said(groups["tied"], "does not move", "do not move"),
    ]
    return f"{kind.title}, against {kind.control}: {'; '.join(filter(None, said))}."


def _said(names: list[str], of_one: str, of_several: str) -> str:
    """A clause on these systems, "" for none."""
    return f"{', '.join(names)} {of_one if len(names) == 1 else of_several}" if names else ""


def can_have_pairs(study: Study) -> bool:
    """Whether there is a query to edit documents for."""
    return bool(len(study.queries.ids))


def pairs_are_kept(study: Study) -> bool:
    """Whether the study keeps its minimal pairs; one without queries can have none."""
    return not can_have_pairs(study) or all(_kept(study, kind) is not None for kind in KINDS)


def read_pairs(study: Study) -> Pairs | None:
    """What `write_pairs` kept; None before every kind is there."""
    tables = [_kept(study, kind) for kind in KINDS]
    known = [table for table in tables if table is not None]
    return Pairs(pd.concat(known, ignore_index=True)) if len(known) == len(KINDS) else None


def write_pairs(
    study: Study, progress: Progress | None = None, n_documents: int | None = None, seed: int = 0
) -> None:
    """Make and keep the pairs of each kind, a file a kind, so that an interrupted run goes on with the next kind.

    n_documents: of each kind, None for N_DOCUMENTS; a kind that is kept with as many or more stays as it is.
    """
    if not can_have_pairs(study):
        return
    n_documents = N_DOCUMENTS if n_documents is None else n_documents
    words: CollectionWords | None = None
    for number, kind in enumerate(KINDS.values()):
        kept = _kept(study, kind.name)
        if kept is not None and (not len(kept) or int(kept["asked"].iloc[0]) >= n_documents):
            continue
        words = words or collection_words(study)
        table = pairs_of_kind(study, kind, words, n_documents, [seed, number], progress)
        write_kept(path_of(study, f"pairs-{kind.name}.parquet"), table, _facts(study, kind.name))


def _kept(study: Study, kind: str) -> pd.DataFrame | None:
    return read_kept(path_of(study, f"pairs-{kind}.parquet"), _facts(study, kind))


def _facts(study: Study, kind: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": kind,
        "study": study.manifest["fingerprint"],
        "n_latents": study.n_latents,
    }


PAIRS = Aspect(
    NAME,
    "Minimal pairs",
    "What moves a score: one more mention, another form, a synonym, order, a negation, or words brought together?",
    FILES,
    pairs_are_kept,
    write_pairs,
    read_pairs,
    ("n_documents",),
)
