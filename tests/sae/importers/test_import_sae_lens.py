"""Folders written by SAELens: current and old layouts, every architecture that `sae.model` can express."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.errors import UserError
from sae.checkpoint import save_autoencoder
from sae.importers import import_autoencoder
from sae.model import SparseAutoencoder

pytestmark = pytest.mark.slow  # importing SAELens takes several seconds

SIZES = {"d_in": 24, "d_sae": 96}


@pytest.fixture(scope="module")
def lens() -> Any:
    return pytest.importorskip("sae_lens")


def edit(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "cfg.json").read_text())
    (folder / "cfg.json").write_text(json.dumps({**config, **changes}))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("kind", ["TopK", "JumpReLU", "Standard", "Gated", "rescaled TopK"])
def test_it_gives_saelens_latents(
    kind: str, centred: bool, lens: Any, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    name = kind.split()[-1]
    options = {"k": 5, "rescale_acts_by_decoder_norm": kind != name} if name == "TopK" else {}
    config = getattr(lens, f"{name}SAEConfig")(**SIZES, **options, apply_b_dec_to_input=centred)
    config.metadata.model_name, config.metadata.hook_name = "a-model", "blocks.3.hook_out"
    theirs = getattr(lens, f"{name}SAE")(config)
    randomise(theirs)
    theirs.save_model(tmp_path / "theirs")
    ours = import_autoencoder(tmp_path / "theirs")
    agree(ours, theirs.encode, theirs.decode)
    assert ours.architecture == {"TopK": "topk", "Standard": "standard"}.get(name, "jumprelu")
    assert ours.name == "theirs"
    imported = ours.trained_on["imported"]
    assert (imported["format"], imported["source"]) == ("SAELens", str(tmp_path / "theirs"))
    assert (imported["says"]["model"], imported["says"]["hook_point"]) == ("a-model", "blocks.3.hook_out")
    assert "encoder" not in ours.trained_on
    json.dumps(ours.trained_on)


@pytest.mark.parametrize("factor", [None, 0.25])
@pytest.mark.parametrize("rescaled", [True, False])
@pytest.mark.parametrize("kind", ["BatchTopK", "MatryoshkaBatchTopK"])
def test_training_checkpoints_are_read_as_saelens_would_save_them(
    kind: str, rescaled: bool, factor: float | None, lens: Any, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    """A checkpoint with the scale of its states beside it, against SAELens's own inference SAE."""
    options = {"matryoshka_widths": [32, 96]} if kind.startswith("M") else {}
    config = getattr(lens, f"{kind}TrainingSAEConfig")(
        **SIZES,
        k=5,
        rescale_acts_by_decoder_norm=rescaled,
        normalize_activations="none" if factor is None else "expected_average_only_in",
        **options,
    )
    theirs = getattr(lens, f"{kind}TrainingSAE")(config)
    randomise(theirs)
    theirs.topk_threshold = torch.tensor(1.5, dtype=torch.double)
    theirs.save_model(tmp_path / "checkpoint")
    if factor is not None:
        (tmp_path / "checkpoint" / "activation_scaler.json").write_text(
            json.dumps({"scaling_factor": factor})
        )
        theirs.fold_activation_norm_scaling_factor(factor)
    theirs.save_inference_model(tmp_path / "inference")
    inference = lens.SAE.load_from_disk(tmp_path / "inference")
    assert inference.cfg.architecture() == "jumprelu"
    checkpoint = import_autoencoder(tmp_path / "checkpoint")
    for ours in (checkpoint, import_autoencoder(tmp_path / "inference")):
        agree(ours, inference.encode, inference.decode)
        assert ours.architecture == "jumprelu"
    expected = "batchtopk" if kind == "BatchTopK" else "matryoshka"
    assert checkpoint.trained_on["training"]["architecture"] == expected


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("kind", ["topk", "relu"])
def test_flat_configurations_of_older_versions(
    kind: str, centred: bool, lens: Any, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    made = (
        lens.TopKSAE(lens.TopKSAEConfig(**SIZES, k=5))
        if kind == "topk"
        else lens.StandardSAE(lens.StandardSAEConfig(**SIZES))
    )
    randomise(made)
    made.save_model(tmp_path)
    flat = {
        **SIZES,
        "model_name": "gpt2",
        "hook_point": "blocks.1.hook_resid_pre",
        "hook_layer": 1,
        "dtype": "float32",
        "activation_fn_str": kind,
        "activation_fn_kwargs": {"k": 5} if kind == "topk" else {},
        "normalize_activations": False,
        "apply_b_dec_to_input": centred,
        "finetuning_scaling_factor": False,
    }
    (tmp_path / "cfg.json").write_text(json.dumps(flat))
    density = torch.full((96,), 0.05)
    density[:6] = 0
    save_file({"sparsity": (density + 1e-10).log10()}, tmp_path / "sparsity.safetensors")
    ours, theirs = import_autoencoder(tmp_path), lens.SAE.load_from_disk(tmp_path)
    agree(ours, theirs.encode, theirs.decode)
    says = ours.trained_on["imported"]["says"]
    assert (says["model"], says["hook_point"], says["layer"]) == ("gpt2", "blocks.1.hook_resid_pre", 1)
    assert says["density_in_training"] == {"L0": pytest.approx(4.5), "never_active": 6}


def test_logarithmic_thresholds_and_factors_of_older_versions(
    lens: Any, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    theirs = lens.JumpReLUSAE(lens.JumpReLUSAEConfig(**SIZES))
    randomise(theirs)
    theirs.save_model(tmp_path)
    tensors = load_file(tmp_path / "sae_weights.safetensors")
    factors = torch.linspace(0.5, 2, 96)
    tensors |= {"log_threshold": tensors.pop("threshold").log(), "scaling_factor": factors}
    save_file(tensors, tmp_path / "sae_weights.safetensors")
    edit(tmp_path, finetuning_scaling_factor=True)
    agree(import_autoencoder(tmp_path), theirs.encode, lambda latents: theirs.decode(latents * factors))


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("Transcoder", {"d_out": 24, "apply_b_dec_to_input": False}, "predicts the states of another place"),
        ("AbsTopK", {"k": 5}, "may be negative"),
        ("Standard", {"normalize_activations": "layer_norm"}, "divides each state by a number of its own"),
        ("Standard", {"normalize_activations": "constant_norm_rescale"}, "divides each state"),
        (
            "Standard",
            {"normalize_activations": "expected_average_only_in"},
            "does not hold: .*fold_activation",
        ),
        ("Standard", {"normalize_activations": "covariance_whitening"}, "apart from the weights"),
    ],
)
def test_what_our_equations_cannot_say_is_refused_with_the_reason(
    kind: str, options: dict[str, Any], reason: str, lens: Any, tmp_path: Path
) -> None:
    suffix = "" if kind == "Transcoder" else "SAE"
    config = getattr(lens, f"{kind}{suffix}Config")(**SIZES, **options)
    getattr(lens, f"{kind}{suffix}")(config).save_model(tmp_path)
    with pytest.raises(UserError, match=reason):
        import_autoencoder(tmp_path)


def test_damaged_folders_are_one_sentence(lens: Any, tmp_path: Path, randomise: Any) -> None:
    theirs = lens.JumpReLUSAE(lens.JumpReLUSAEConfig(**SIZES))
    randomise(theirs)
    theirs.save_model(tmp_path)
    weights = tmp_path / "sae_weights.safetensors"
    whole, tensors = weights.read_bytes(), load_file(weights)

    def expect(reason: str, **changes: torch.Tensor | None) -> None:
        changed = {name: value for name, value in {**tensors, **changes}.items() if value is not None}
        save_file(changed, weights)
        with pytest.raises(UserError, match=reason):
            import_autoencoder(tmp_path)

    expect("b_enc holds NaN or infinity", b_enc=torch.full((96,), torch.nan))
    expect("W_dec holds NaN or infinity", W_dec=torch.full((96, 24), torch.inf))
    expect(r"expected b_dec of shape \(24,\).*got \(23,\)", b_dec=torch.zeros(23))
    expect(r"expected threshold of shape \(96,\)", threshold=torch.zeros(1))
    expect("expected encoder weights of 2 axes", W_enc=torch.zeros(96))
    expect("has no tensor threshold", threshold=None)
    expect("holds W_enc as torch.int8, expected floating point", W_enc=torch.zeros(24, 96, dtype=torch.int8))
    for length in (0, 5, len(whole) - 1):
        weights.write_bytes(whole[:length])
        with pytest.raises(UserError, match="damaged or cut short"):
            import_autoencoder(tmp_path)
    weights.write_bytes(whole)
    edit(tmp_path, reshape_activations="hook_z")
    with pytest.raises(UserError, match="attention heads"):
        import_autoencoder(tmp_path)
    edit(tmp_path, reshape_activations="none", architecture="quantum")
    with pytest.raises(UserError, match="a SAELens quantum, which cannot be loaded: expected one of topk"):
        import_autoencoder(tmp_path)
    edit(tmp_path, architecture="topk")
    with pytest.raises(UserError, match="says k = None"):
        import_autoencoder(tmp_path)
    (tmp_path / "cfg.json").unlink()
    with pytest.raises(UserError, match=r"cfg\.json does not exist"):
        import_autoencoder(tmp_path)


def test_our_own_folder_comes_back_as_it_was(
    tmp_path: Path, make_autoencoder: Callable[..., SparseAutoencoder]
) -> None:
    made = make_autoencoder(96, 24, 5)
    trained_on = {"encoder": {"fingerprint": "f"}, "text": "mine"}
    save_autoencoder(
        SparseAutoencoder(made.W_enc, made.b_enc, made.W_dec, made.b_dec, 5, trained_on), tmp_path / "mine"
    )
    back = import_autoencoder(tmp_path / "mine")
    assert (back.fingerprint, back.trained_on) == (made.fingerprint, trained_on)
    save_autoencoder(replace(back, b_dec=back.b_dec * torch.nan), tmp_path / "spoilt")
    with pytest.raises(UserError, match="holds NaN or infinity in b_dec"):
        import_autoencoder(tmp_path / "spoilt")
