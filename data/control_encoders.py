"""Control encoders: a retriever's architecture with weights that were never trained for retrieval.

    random:<model>[:<seed>]    random-weight twin: same configuration, tokenizer and pooling, weights freshly
                               initialised from the seed (default 0) by transformers' own rule
    a folder of `pretrain`     the same architecture after masked-language-model training alone, recorded in
                               its `control.json` (data/pretraining.py)

The paper's control is a BERT never trained for retrieval; a Hugging Face id such as `bert-base-uncased` works too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from data.errors import UserError
from data.files import read_json

CONTROL = "control.json"


@dataclass(frozen=True)
class RandomTwin:
    """The model and the seed of `random:<model>:<seed>`. of: the model whose architecture is copied."""

    of: str
    seed: int = 0


def random_twin(name: str) -> RandomTwin | None:
    """Parse `random:<model>[:<seed>]`; None for a name of another form, a `UserError` if the model is missing."""
    if not name.startswith("random:"):
        return None
    parts = re.fullmatch(r"random:(?!random:)(.+?)(?::(\d{1,18}))?", name)
    if not parts:
        raise UserError(
            f"encoder {name!r} names no model to twin: expected random:MODEL or random:MODEL:SEED"
        )
    return RandomTwin(parts[1], int(parts[2] or 0))


def control_record(name: str, path: str) -> dict[str, Any] | None:
    """The record of a control encoder for its description, with `kind` in words; None for any other encoder."""
    if twin := random_twin(name):
        return {"kind": "random weights, never trained", "architecture": twin.of, "seed": twin.seed}
    file = Path(path) / CONTROL
    return read_json(file) if file.is_file() else None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's CPU generator within the block; afterwards the caller's generator state is restored."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
