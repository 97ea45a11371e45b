"""Folders of EleutherAI's sparsify, written by its own `save_to_disk`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.errors import UserError
from sae.importers import import_autoencoder


@pytest.fixture(scope="module")
def sparsify() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARSIFY_DISABLE_TRITON", "1")  # its Triton decoder does not take CPU tensors
        return pytest.importorskip("sparsify")


def save(
    sparsify: Any, folder: Path, randomise: Any, dtype: torch.dtype | None = None, **options: Any
) -> Any:
    coder = sparsify.SparseCoder(24, sparsify.SparseCoderConfig(num_latents=96, k=5, **options), dtype=dtype)
    randomise(coder)
    coder.save_to_disk(folder)
    return coder


def dense(coder: Any, states: torch.Tensor) -> torch.Tensor:
    activations, indices, _ = coder.encode(states)
    return torch.zeros(len(states), coder.num_latents).scatter_add(1, indices, activations)


@pytest.mark.slow
def test_it_gives_sparsifys_latents(sparsify: Any, tmp_path: Path, agree: Any, randomise: Any) -> None:
    theirs = save(sparsify, tmp_path / "run" / "layers.3", randomise)
    run = {"sae": {}, "model": "a-model", "dataset": "a/text", "hookpoints": ["layers.3"]}
    (tmp_path / "run" / "config.json").write_text(json.dumps(run))
    ours = import_autoencoder(tmp_path / "run" / "layers.3")
    agree(
        ours,
        lambda states: dense(theirs, states),
        lambda latents: theirs.decode(latents, torch.arange(96).expand(len(latents), -1)),
    )
    assert (ours.architecture, ours.k, ours.name) == ("topk", 5, "layers.3")
    imported = ours.trained_on["imported"]
    assert imported["format"] == "sparsify"
    says = imported["says"]
    assert (says["model"], says["dataset"], says["hook_point"]) == ("a-model", "a/text", "layers.3")
    assert import_autoencoder(tmp_path / "run").fingerprint == ours.fingerprint
    assert (
        import_autoencoder(tmp_path / "run" / "layers.3" / "sae.safetensors").fingerprint == ours.fingerprint
    )


@pytest.mark.slow
def test_half_precision_is_widened_without_loss(sparsify: Any, tmp_path: Path, randomise: Any) -> None:
    theirs = save(sparsify, tmp_path, randomise, dtype=torch.bfloat16)
    ours = import_autoencoder(tmp_path)
    assert torch.equal(ours.W_enc, theirs.encoder.weight.float())
    assert torch.equal(ours.W_dec, theirs.W_dec.float())


@pytest.mark.slow
def test_several_hook_points_are_listed_in_order(sparsify: Any, tmp_path: Path, randomise: Any) -> None:
    for name in ("layers.10", "layers.2", "layers.2/seed1"):
        save(sparsify, tmp_path / name, randomise)
    with pytest.raises(UserError) as refusal:
        import_autoencoder(tmp_path)
    assert "holds 3 SAEs, layers.2, layers.2/seed1, layers.10: name one" in str(refusal.value)
    assert f"{tmp_path}/layers.2" in str(refusal.value)
    seeded = import_autoencoder(tmp_path / "layers.2" / "seed1")
    assert seeded.trained_on["imported"]["says"]["hook_point"] == "layers.2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"activation": "groupmax"}, "its activation is groupmax .*expected topk"),
        ({"skip_connection": True}, "skip connection"),
        ({"transcode": True}, "predicts a module's output"),
    ],
)
def test_what_our_equations_cannot_say_is_refused_with_the_reason(
    options: dict[str, Any], reason: str, sparsify: Any, tmp_path: Path, randomise: Any
) -> None:
    save(sparsify, tmp_path, randomise, **options)
    with pytest.raises(UserError, match=reason):
        import_autoencoder(tmp_path)


@pytest.mark.slow
def test_damaged_folders_are_one_sentence(sparsify: Any, tmp_path: Path, randomise: Any) -> None:
    save(sparsify, tmp_path, randomise)
    weights = tmp_path / "sae.safetensors"
    tensors, whole = load_file(weights), weights.read_bytes()
    save_file({name: tensor for name, tensor in tensors.items() if name != "W_dec"}, weights)
    with pytest.raises(
        UserError, match=r"has no tensor W_dec.*it holds b_dec, encoder\.bias, encoder\.weight"
    ):
        import_autoencoder(tmp_path)
    weights.write_bytes(whole[:-4])
    with pytest.raises(UserError, match="damaged or cut short"):
        import_autoencoder(tmp_path)
    weights.write_bytes(whole)
    with pytest.raises(UserError, match="says k = 5, got k = 6: leave k out"):
        import_autoencoder(f"{tmp_path}#k=6")
    assert import_autoencoder(f"{tmp_path}#k=5").k == 5
