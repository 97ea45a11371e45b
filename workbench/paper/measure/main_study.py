"""The study that a paper's vocabulary and mechanism are looked at in: where it is, and what it is made of."""

from __future__ import annotations

import re
from pathlib import Path

from retrieval.systems import LATENT
from workbench.paper.config import PaperConfig
from workbench.paper.measure.cells import Cell, Dictionary
from workbench.paper.measure.materials import Materials


def main_dictionary(config: PaperConfig) -> Dictionary:
    """The first encoder's first SAE, of the first seed."""
    return Dictionary.of(config.saes[0], config.encoders[0].config, config.seeds[0])


def study_cell(config: PaperConfig) -> Cell:
    """What has the study's token states and its SAE."""
    return Cell(config.collections[0], LATENT.name, config.encoders[0].config, main_dictionary(config))


def study_folder(config: PaperConfig, materials: Materials) -> Path:
    """Where the first collection, indexed by that SAE, stands or will stand."""
    name = f"{file_name(config.collections[0].name)}-{materials.dictionary_name(main_dictionary(config))}"
    return materials.folder / "studies" / name


def file_name(text: str) -> str:
    """A name as files bear it."""
    return re.sub(r"[^\w.]+", "-", text).strip("-.") or "unnamed"
