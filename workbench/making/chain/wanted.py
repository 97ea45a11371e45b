"""What is wanted of a chain, as the page and the command line write it, and its one exact command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from data.encoder_config import EncoderConfig
from data.readers.tabular import Columns
from sae.train_config import TrainConfig
from workbench.making.defaults import DEFAULTS, HOUR, PAPER, TRIAL, TrainingDefaults
from workbench.making.parsing import parse_layer
from workbench.making.recipe import check_name, free_name

BY_NAME = Columns()


@dataclass(frozen=True)
class Preset:
    """title, sentence: what a reader chooses. seconds: that the chain is to take; None: as many as `table` says."""

    title: str
    sentence: str
    table: TrainingDefaults
    seconds: float | None = None


PRESETS: Mapping[str, Preset] = {
    "trial": Preset(
        "A two-minute trial",
        f"A small SAE of {TRIAL.n_latents:,} latents, to see whether all works; a long text takes longer to index.",
        TRIAL,
        120.0,
    ),
    "hour": Preset("An hour", f"{HOUR.n_latents:,} latents, as many tokens as an hour allows.", HOUR, 3600.0),
    "paper": Preset(
        "The paper's",
        f"{PAPER.n_latents:,} latents and {PAPER.tokens} training tokens, best on a long text.",
        PAPER,
    ),
}


@dataclass(frozen=True)
class Wanted:
    """source: see `data.collections`. split, columns: how it is read. name: of SAE and study.

    sae: an SAE that is there, "" where one is trained as `training` says.
    """

    source: str
    split: str = "test"
    columns: Columns = BY_NAME
    sae: str = ""
    training: TrainingDefaults = DEFAULTS
    name: str = ""

    @property
    def default_name(self) -> str:
        """The name of the text, which no SAE and no study has yet."""
        last = Path(self.source).name if "/" in self.source else self.source
        return free_name(re.sub(r"[^\w.+-]+", "-", re.sub(r"(\.[a-z]+)+$", "", last)).strip("-.+") or "study")

    @property
    def encoder_config(self) -> EncoderConfig:
        """The encoder of the training."""
        import torch

        # As the command line decides: token states are stored for one kind of device.
        device = "cuda" if torch.cuda.is_available() else "cpu"
        table = self.training
        return EncoderConfig(table.encoder, parse_layer(table.layer), table.max_length, device=device)

    @property
    def train_config(self) -> TrainConfig:
        table = self.training
        return TrainConfig(table.n_tokens, table.n_latents, table.k, table.batch_size, seed=table.seed)

    def within(self, n_tokens: int) -> Wanted:
        """The same, with this number of training tokens."""
        return replace(self, training=replace(self.training, n_tokens=n_tokens))

    def command(self) -> tuple[list[str], str]:
        """argv and title of its job; a name that is taken is a `UserError`."""
        name = self.name or self.default_name
        sae, study = check_name(name)
        table, columns = self.training, self.columns
        source = str(Path(self.source).resolve()) if Path(self.source).exists() else self.source
        argv = ["make", source, "--out", str(study.resolve())]
        if self.sae:
            argv += ["--sae", self.sae]
        else:
            argv += [
                "--sae-out",
                str(sae.resolve()),
                "--encoder",
                table.encoder,
                "--latents",
                str(table.n_latents),
            ]
            argv += ["--k", str(table.k), "--tokens", table.tokens, "--epochs", str(table.epochs)]
            argv += ["--batch", str(table.batch_size)] if table.batch_size != DEFAULTS.batch_size else []
        options = {
            "--id-column": columns.id,
            "--text-column": columns.text,
            "--title-column": columns.title,
            "--split": self.split if self.split != "test" else None,
        }
        argv += [word for option, value in options.items() if value for word in (option, value)]
        return argv, f"Make {name}"
