"""What is downloaded: models that the user names; one that a study or an SAE names only with --download.

A received file could name any model, and its size and makers are the file's choice. The user's word holds for one
process and those that it starts.
"""

from __future__ import annotations

import os

from data.errors import UserError

VARIABLE = "WORKBENCH_DOWNLOAD"
_named_by_files: set[str] = set()  # hub ids that came from a file, so that the hub is not asked about them


def allow_downloads() -> None:
    """Download what studies and SAEs name, in this process and those that it starts."""
    os.environ[VARIABLE] = "1"


def is_local_only(name: str) -> bool:
    """Whether the files of this model are taken from this machine or not at all."""
    return name in _named_by_files and os.environ.get(VARIABLE) != "1"


def require_local(name: str, owner: str, advice: str) -> None:
    """Take a hub's model from this machine alone from now on; a `UserError` where it is not here.

    owner: whose encoder it is; advice: what else the user can do, for the message.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    _named_by_files.add(name)
    try:
        files = [try_to_load_from_cache(name, file) for file in ("config.json", "modules.json")]
    except HFValidationError:
        files = []
    if is_local_only(name) and not any(isinstance(file, str) for file in files):
        raise UserError(
            f"the encoder of {owner} is {name} of the Hugging Face hub, which is not on this machine, and nothing "
            f"is downloaded unasked: give --download (or set {VARIABLE}=1), or {advice}"
        )
