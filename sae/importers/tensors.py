"""Tensors of a file, by name, as float32; torch files are read by torch's weights-only loader alone."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from data.errors import UserError


class Tensors(dict[str, torch.Tensor]):
    """name -> tensor of the file `where`; a missing name raises a `UserError` that lists the names in the file."""

    def __init__(self, where: object, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__(tensors)
        self.where = where

    def __missing__(self, name: str) -> torch.Tensor:
        held = ", ".join(sorted(self)[:8]) or "no tensors"
        raise UserError(f"{self.where} has no tensor {name}, which an SAE of its kind needs: it holds {held}")

    def weights(self, *names: str) -> list[torch.Tensor]:
        """The named tensors as float32; whole numbers (a quantised file) raise a `UserError`."""
        for name in names:
            if not self[name].is_floating_point():
                raise UserError(
                    f"{self.where} holds {name} as {self[name].dtype}, expected floating point: dequantise it first"
                )
        return [self[name].float() for name in names]


def read_safetensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """The tensors and the metadata of a .safetensors file; a missing or damaged one raises a `UserError`."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            return Tensors(path, tensors), dict(file.metadata() or {})
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give a folder that holds it") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is damaged or cut short ({error}): copy or download it again") from None


def read_torch(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """The tensors of a .pt file with a state_dict, and its other values by name.

    A missing or damaged file, or one with more than tensors and plain values, raises a `UserError`.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give a folder that holds it") from None
    except pickle.UnpicklingError:
        raise UserError(
            f"{path} holds more than tensors and plain values, or is no torch file, so torch's weights-only loader "
            "refuses it, and nothing else is tried: save the SAE's state_dict() again"
        ) from None
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(f"{path} is damaged or cut short ({reason}): copy or download it again") from None
    if not isinstance(content, dict):
        raise UserError(
            f"{path} holds a {type(content).__name__}, expected an SAE's state_dict: save state_dict() instead"
        )
    tensors = {name: value for name, value in content.items() if isinstance(value, torch.Tensor)}
    return Tensors(path, tensors), {name: value for name, value in content.items() if name not in tensors}
