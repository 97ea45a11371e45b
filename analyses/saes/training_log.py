"""The logs of one or more trainings as one table: one row every few steps of each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pandas as pd

from data.run_log import read_log
from sae.train import TrainStep

COLUMNS = ("run", *(field.name for field in fields(TrainStep)))


def training_log(logs: Mapping[str, Path]) -> pd.DataFrame:
    """One table of logs (name -> log.jsonl); missing, truncated and foreign lines are left out.

    run: the name. step, n_steps: done and in all. tokens: training tokens so far (repeats counted). loss:
    mean |h - h^|^2 per token. fvu: its share of the batch's variance. l0: active latents, mean per token.
    dead_latents: not fired for ten million tokens, or an epoch where that is shorter. learning_rate.
    tokens_per_second: since the run started or resumed. seconds_left: at that rate.
    """
    lines = ((name, line) for name, path in logs.items() for line in read_log(path))
    rows = [{"run": name} | line for name, line in lines if line.keys() >= set(COLUMNS[1:])]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def thinned(log: pd.DataFrame, n_rows: int = 400) -> pd.DataFrame:
    """At most n_rows rows of each run, evenly spaced, the last one among them: as much as a curve can show."""
    from_end = log.groupby("run", sort=False).cumcount(ascending=False)
    length = log.groupby("run", sort=False)["run"].transform("size")
    return log[from_end % (length // n_rows).clip(lower=1) == 0].groupby("run", sort=False).tail(n_rows)
