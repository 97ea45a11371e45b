"""Code that comes with a model: run only where the user says so, with --trust-remote-code or the variable below.

The user's word holds for one process and those that it starts; no file of a study or an SAE can give it.
"""

from __future__ import annotations

import os

from data.errors import UserError
from data.model_files import model_json

VARIABLE = "WORKBENCH_TRUST_REMOTE_CODE"


def is_trusted() -> bool:
    """Whether models may bring Python code of their own."""
    return os.environ.get(VARIABLE) == "1"


def trust() -> None:
    """Let models bring Python code of their own, in this process and those that it starts."""
    os.environ[VARIABLE] = "1"


def explain_refused_code(path: str, name: str) -> None:
    """Raise a `UserError` if a model that could not be loaded has code of its own, which nobody trusts."""
    files = (model_json(path, file) or {} for file in ("config.json", "tokenizer_config.json"))
    if not is_trusted() and any(isinstance(file, dict) and file.get("auto_map") for file in files):
        raise UserError(
            f"encoder {name!r} brings Python code of its own (auto_map), which is not run: read that code, then "
            f"give --trust-remote-code (or set {VARIABLE}=1) if you trust it"
        )
