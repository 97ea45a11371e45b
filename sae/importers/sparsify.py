"""EleutherAI's sparsify: one folder per hook point, with `cfg.json` and `sae.safetensors`.

    pre_t = encoder.weight (h_t - b_dec) + encoder.bias        z_t = TopK(ReLU(pre_t), k)

encoder.weight and W_dec are (n_latents, d_model): the equations are those of `sae.model` without conversion.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.files import read_json
from sae.importers.parts import Parts, to_autoencoder
from sae.importers.tensors import read_safetensors
from sae.model import SparseAutoencoder


def read_folder(folder: Path) -> SparseAutoencoder:
    """The SAE in the folder of one hook point; a coder that is no Top-K SAE raises a `UserError`."""
    config = read_json(folder / "cfg.json")
    if not isinstance(config, dict):
        raise UserError(f"{folder / 'cfg.json'} does not describe an SAE: expected an object with k and d_in")
    tensors, _ = read_safetensors(folder / "sae.safetensors")
    _refuse(config, "W_skip" in tensors, folder)
    W_enc, b_enc, W_dec, b_dec = tensors.weights("encoder.weight", "encoder.bias", "W_dec", "b_dec")
    run = _run(folder)
    hook_folder = folder.parent if folder.name.startswith("seed") else folder
    says = {
        "model": run.get("model"),
        "hook_point": hook_folder.name,
        "dataset": run.get("dataset"),
        "config": config,
        "run": run or None,
    }
    says = {name: value for name, value in says.items() if value is not None}
    origin = {"training": {"architecture": "topk"}, "imported": {"format": "sparsify", "says": says}}
    return to_autoencoder(Parts(folder, W_enc, b_enc, W_dec, b_dec, config.get("k")), origin)


def _run(folder: Path) -> dict[str, Any]:
    """The run's own config.json, above the folder of the hook point or of its seed; empty if there is none."""
    for place in (folder.parent, folder.parent.parent):
        if (place / "config.json").is_file():
            run = read_json(place / "config.json")
            return run if isinstance(run, dict) and "sae" in run else {}
    return {}


def _refuse(config: Mapping[str, Any], has_skip: bool, folder: Path) -> None:
    reason = None
    if config.get("transcode"):
        reason = "it predicts a module's output from its input, and does not reconstruct what it reads"
    elif config.get("skip_connection") or has_skip:
        reason = "its skip connection bypasses the latents, which are then not all of the reconstruction"
    elif config.get("activation", "topk") != "topk":
        reason = (
            f"its activation is {config['activation']} (groupmax takes the best of each group), expected topk"
        )
    elif config.get("signed"):
        reason = "its latents may be negative, and BM25 needs counts of 0 or more"
    if reason:
        raise UserError(f"{folder} holds a sparsify coder that cannot be loaded: {reason}")
