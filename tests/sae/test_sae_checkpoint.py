"""Files have SAELens's layout: SAELens and this project read each other's files and compute the same latents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.errors import UserError
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from sae.optimizer import WEIGHTS

Make = Callable[..., Any]
TRAINED_ON = {"encoder": "minilm", "layer": None, "prefixes": ["", "query: "], "seed": 3}


def dense(sae: SparseAutoencoder, states: torch.Tensor) -> torch.Tensor:
    activations, indices = sae.encode(states)
    return torch.zeros(len(states), sae.n_latents).scatter_add(1, indices.long(), activations)


@pytest.fixture
def saved(tmp_path: Path, make_autoencoder: Make) -> Path:
    sae = make_autoencoder(200, 24, 5)
    save_autoencoder(
        SparseAutoencoder(sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec, 5, TRAINED_ON), tmp_path / "mine"
    )
    return tmp_path / "mine"


def test_save_then_load_is_identity(saved: Path, make_autoencoder: Make) -> None:
    sae, loaded = make_autoencoder(200, 24, 5), load_autoencoder(saved)
    for name in WEIGHTS:
        assert torch.equal(getattr(sae, name), getattr(loaded, name))
    assert loaded.k == 5
    assert loaded.trained_on == TRAINED_ON
    assert loaded.name == "mine"


def test_saelens_reads_ours_and_gives_the_same_codes(saved: Path, make_states: Make, tmp_path: Path) -> None:
    sae_lens = pytest.importorskip("sae_lens")
    states = torch.from_numpy(make_states(300, 24)).float()
    ours, theirs = load_autoencoder(saved), sae_lens.SAE.load_from_disk(saved)
    codes = theirs.encode(states)
    torch.testing.assert_close(dense(ours, states), codes, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.decode(*ours.encode(states)), theirs.decode(codes), rtol=1e-4, atol=1e-4)
    theirs.save_model(tmp_path / "back")
    assert load_autoencoder(tmp_path / "back").trained_on == TRAINED_ON


@pytest.mark.parametrize("rescale", [False, True])
@pytest.mark.parametrize("subtract_b_dec", [False, True])
def test_a_top_k_sae_that_saelens_saved_loads_here(
    rescale: bool, subtract_b_dec: bool, tmp_path: Path, make_states: Make
) -> None:
    pytest.importorskip("sae_lens")
    from sae_lens.saes.topk_sae import TopKSAE, TopKSAEConfig

    config = TopKSAEConfig(
        d_in=24, d_sae=200, k=5, rescale_acts_by_decoder_norm=rescale, apply_b_dec_to_input=subtract_b_dec
    )
    theirs = TopKSAE(config)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    theirs.save_model(tmp_path / "theirs")
    ours = load_autoencoder(tmp_path / "theirs")
    states = torch.from_numpy(make_states(300, 24)).float()
    with torch.no_grad():
        codes = theirs.encode(states)
        torch.testing.assert_close(dense(ours, states), codes, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(
            ours.decode(*ours.encode(states)), theirs.decode(codes), rtol=1e-4, atol=1e-2
        )


@pytest.mark.parametrize("subtract_b_dec", [False, True])
@pytest.mark.parametrize("architecture", ["jumprelu", "standard"])
def test_a_threshold_sae_that_saelens_saved_loads_here_and_back(
    architecture: str, subtract_b_dec: bool, tmp_path: Path, make_states: Make
) -> None:
    sae_lens = pytest.importorskip("sae_lens")
    kinds = {
        "jumprelu": (sae_lens.JumpReLUSAE, sae_lens.JumpReLUSAEConfig),
        "standard": (sae_lens.StandardSAE, sae_lens.StandardSAEConfig),
    }
    make, configure = kinds[architecture]
    theirs = make(configure(d_in=24, d_sae=200, apply_b_dec_to_input=subtract_b_dec))
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    if architecture == "jumprelu":
        torch.nn.init.uniform_(theirs.threshold, -1, 20)
    theirs.save_model(tmp_path / "theirs")
    ours = load_autoencoder(tmp_path / "theirs")
    assert ours.architecture == architecture
    states = torch.from_numpy(make_states(300, 24)).float()
    with torch.no_grad():
        codes = theirs.encode(states)
        torch.testing.assert_close(dense(ours, states), codes, rtol=1e-4, atol=1e-3)
        decoded = theirs.decode(codes)
    torch.testing.assert_close(ours.decode(*ours.encode(states)), decoded, rtol=1e-4, atol=2e-2)

    save_autoencoder(ours, tmp_path / "ours")
    assert load_autoencoder(tmp_path / "ours").fingerprint == ours.fingerprint
    with torch.no_grad():
        again = sae_lens.SAE.load_from_disk(tmp_path / "ours").encode(states)
    torch.testing.assert_close(again, codes, rtol=1e-4, atol=1e-3)


def test_other_architectures_of_saelens_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("sae_lens")
    from sae_lens import GatedSAE, GatedSAEConfig

    GatedSAE(GatedSAEConfig(d_in=8, d_sae=16)).save_model(tmp_path)
    with pytest.raises(UserError, match=r"holds a gated SAE: expected one of topk, jumprelu, standard"):
        load_autoencoder(tmp_path)


def edit(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "cfg.json").read_text())
    (folder / "cfg.json").write_text(json.dumps({**config, **changes}))
    (folder / "checksums.json").unlink(missing_ok=True)  # a change of one's own, not damage


def test_what_is_missing_or_broken_is_told_in_one_sentence(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        load_autoencoder(tmp_path / "nowhere")
    edit(saved, normalize_activations="layer_norm")
    with pytest.raises(UserError, match="normalize_activations = layer_norm, and only none loads"):
        load_autoencoder(saved)
    edit(saved, normalize_activations="none", d_sae=201)
    with pytest.raises(UserError, match=r"W_enc of shape \(24, 201\).* has \(24, 200\)"):
        load_autoencoder(saved)
    edit(saved, d_sae=200)

    weights = saved / "sae_weights.safetensors"
    whole, tensors = weights.read_bytes(), load_file(weights)
    for length in (0, 5, 100, len(whole) - 1):
        weights.write_bytes(whole[:length])
        with pytest.raises(UserError, match="is damaged"):
            load_autoencoder(saved)
    save_file({name: tensor for name, tensor in tensors.items() if name != "b_dec"}, weights)
    with pytest.raises(UserError, match=r"b_dec of shape .* has no such tensor"):
        load_autoencoder(saved)
    weights.unlink()
    with pytest.raises(UserError, match="does not exist"):
        load_autoencoder(saved)
    (saved / "cfg.json").write_text("[1, 2]")
    with pytest.raises(UserError, match="expected a JSON object, got list"):
        load_autoencoder(saved)
    (saved / "cfg.json").write_text('{"architecture": ')
    with pytest.raises(UserError, match="is not valid JSON"):
        load_autoencoder(saved)
