"""Control encoders: the architecture of a retriever without what training for retrieval put into its weights.

    random:<model>[:<seed>]    random-weight twin: same configuration, tokenizer and pooling, weights freshly
                               initialised from the seed (0 where none is given) by transformers' own rule
    a folder of `pretrain`     the same architecture after masked-language-model training alone; its
                               `control.json` says so (data/pretraining.py)

The paper's control is a BERT never trained for retrieval: a Hugging Face id such as `bert-base-uncased` is one too.
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
    """What `random:<model>:<seed>` names."""

    of: str
    seed: int = 0


def random_twin(name: str) -> RandomTwin | None:
    """The twin that a model name asks for; None for a name of any other kind."""
    if not name.startswith("random:"):
        return None
    found = re.fullmatch(r"random:(?!random:)(.+?)(?::(\d{1,18}))?", name)
    if not found:
        raise UserError(
            f"encoder {name!r} names no model to twin: expected random:MODEL or random:MODEL:SEED"
        )
    return RandomTwin(found[1], int(found[2] or 0))


def control_record(name: str, path: str) -> dict[str, Any] | None:
    """What an encoder's description says of it if it is a control, with `kind` in words; None if it is not."""
    if twin := random_twin(name):
        return {"kind": "random weights, never trained", "architecture": twin.of, "seed": twin.seed}
    file = Path(path) / CONTROL
    return read_json(file) if file.is_file() else None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers on the CPU from a seed, and give the caller's generator back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
