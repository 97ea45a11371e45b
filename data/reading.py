"""How a text is read where the configuration leaves it open: by what the model's own files say."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from data.control_encoders import random_twin
from data.downloads import require_local
from data.encoder_config import MAX_LENGTH, EncoderConfig
from data.errors import UserError
from data.models import resolve_model
from data.multi_vector_files import layout_of
from data.single_vector_files import read_vector_rules

# A folder that holds encoders' folders, for studies whose encoder is no longer where it was.
ENCODERS = "WORKBENCH_ENCODERS"


def as_read(config: EncoderConfig) -> EncoderConfig:
    """The configuration with a length and prefixes, from the model's files where it has none.

    max_length: what the model says, MAX_LENGTH at most. Prefixes: the model's prompts; a multi-vector encoder's are
    among its reading rules, and no prefix comes before them.
    """
    open_fields = (config.max_length, config.query_prefix, config.document_prefix)
    if None not in open_fields:
        return config
    twin = random_twin(config.model)
    path = resolve_model(twin.of if twin else config.model)
    longest, query, document = None, "", ""
    if layout_of(path) is None:
        rules = read_vector_rules(path, config.model)
        longest, query, document = rules.max_length, rules.query_prompt, rules.document_prompt
    return replace(
        config,
        max_length=min(MAX_LENGTH, longest or MAX_LENGTH) if config.max_length is None else config.max_length,
        query_prefix=query if config.query_prefix is None else config.query_prefix,
        document_prefix=document if config.document_prefix is None else config.document_prefix,
    )


def with_absolute_model(config: EncoderConfig) -> EncoderConfig:
    """The configuration with the folder of its model, if it is one, as an absolute path."""
    folder = _folder_of(config.model)
    if Path(folder).is_absolute() or folder == "minilm" or not Path(folder).is_dir():
        return config
    return replace(config, model=config.model.replace(folder, os.path.abspath(folder), 1))


def with_found_model(config: EncoderConfig, owner: str, near: Path) -> EncoderConfig:
    """The configuration of a study or SAE, with its encoder's folder where it is now.

    A folder that is gone is looked for by the end of its path: in the folder `near`, those above it, and the folder
    that the variable ENCODERS names. owner: whose encoder it is, for the message. An absolute folder that is
    nowhere raises a `UserError`; any other name is one of a hub, and is read from this machine unless downloads are
    allowed.
    """
    folder = _folder_of(config.model)
    if folder == "minilm" or Path(folder).is_dir():
        return config
    parts = Path(folder).parts[Path(folder).is_absolute() :]
    named = os.environ.get(ENCODERS)
    places = [near.absolute(), *near.absolute().parents, *([Path(named).absolute()] if named else [])]
    for start in range(len(parts)):
        for place in places:
            if (candidate := place.joinpath(*parts[start:])).is_dir() and (
                candidate / "config.json"
            ).is_file():
                return replace(config, model=config.model.replace(folder, str(candidate), 1))
    if Path(folder).is_absolute():
        raise UserError(
            f"the encoder of {owner} was the folder {folder}, which is not there: put it back, or set {ENCODERS} "
            f"to the folder that now holds {parts[-1]}"
        )
    require_local(folder, owner, f"set {ENCODERS} to a folder that holds {parts[-1]}")
    return config


def _folder_of(model: str) -> str:
    twin = random_twin(model)
    return twin.of if twin else model
