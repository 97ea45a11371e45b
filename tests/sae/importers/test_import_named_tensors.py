"""Plain files of named tensors: in either orientation, under the usual names, or incomplete."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from safetensors.torch import save_file

from data.errors import UserError
from sae.checkpoint import save_autoencoder
from sae.importers import import_autoencoder
from sae.model import SparseAutoencoder

NAMES = {
    "W_enc": ["W_enc", "encoder.weight"],
    "b_enc": ["b_enc", "encoder.bias", "latent_bias"],
    "W_dec": ["W_dec", "decoder.weight"],
    "b_dec": ["b_dec", "pre_bias", "bias"],
}


@pytest.fixture
def made(make_autoencoder: Any) -> SparseAutoencoder:
    sae: SparseAutoencoder = make_autoencoder(96, 24, 5)
    return sae


def save(sae: SparseAutoencoder, path: Path, metadata: dict[str, str] | None = None, **more: Any) -> Path:
    tensors = {name: getattr(sae, name) for name in NAMES} | more
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items() if tensor is not None}, path, metadata
    )
    return path


@given(
    names=some.tuples(*(some.sampled_from(names) for names in NAMES.values())),
    turned=some.tuples(some.booleans(), some.booleans()),
    suffix=some.sampled_from([".safetensors", ".pt"]),
)
def test_names_ways_round_and_endings_do_not_matter(
    names: tuple[str, ...],
    turned: tuple[bool, bool],
    suffix: str,
    make_autoencoder: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sae = make_autoencoder(96, 24, 5)
    W_enc, W_dec = (
        weights.T if turn else weights for weights, turn in zip((sae.W_enc, sae.W_dec), turned, strict=True)
    )
    tensors = dict(zip(names, (W_enc, sae.b_enc, W_dec, sae.b_dec), strict=True))
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()} | {"k": torch.tensor(5)}
    path = tmp_path_factory.mktemp("plain") / f"mine{suffix}"
    if suffix == ".pt":
        tensors["stats_last_nonzero"] = torch.zeros(
            96
        )  # so that the names match no class of dictionary_learning
        torch.save(tensors, path)
    else:
        save_file(tensors, path)
    assert import_autoencoder(path).fingerprint == sae.fingerprint


def test_k_is_in_the_metadata_in_a_tensor_in_the_source_or_an_argument(
    made: SparseAutoencoder, tmp_path: Path
) -> None:
    bare = save(made, tmp_path / "bare.safetensors")
    stated = save(made, tmp_path / "stated.safetensors", {"k": "5"})
    tensor = save(made, tmp_path / "tensor.safetensors", k=torch.tensor(5))
    for source, k in ((stated, None), (tensor, None), (f"{bare}#k=5", None), (bare, 5), (stated, 5)):
        sae = import_autoencoder(source, k)
        assert (sae.fingerprint, sae.architecture) == (made.fingerprint, "topk")
    assert import_autoencoder(stated).name == "stated.safetensors"
    with pytest.raises(UserError, match=r"give the number, as --k 32 or .*bare\.safetensors#k=32"):
        import_autoencoder(bare)
    with pytest.raises(UserError, match="says k = 5, got k = 4: leave k out"):
        import_autoencoder(f"{stated}#k=4")
    with pytest.raises(UserError, match="k must be between 1 and the 96 latents, got 97"):
        import_autoencoder(f"{bare}#k=97")
    with pytest.raises(UserError, match="expected a whole number after #k=, got 'many'"):
        import_autoencoder(f"{bare}#k=many")
    with pytest.raises(UserError, match="says k = 'many', expected one whole number"):
        import_autoencoder(save(made, tmp_path / "many.safetensors", {"k": "many"}))


def test_what_was_imported_and_saved_here_keeps_its_origin(made: SparseAutoencoder, tmp_path: Path) -> None:
    imported = import_autoencoder(save(made, tmp_path / "mine.safetensors", threshold=torch.full((96,), 0.5)))
    save_autoencoder(imported, tmp_path / "saved")
    again = import_autoencoder(tmp_path / "saved")
    assert (again.fingerprint, again.trained_on) == (imported.fingerprint, imported.trained_on)
    assert again.trained_on["imported"]["source"] == str(tmp_path / "mine.safetensors")


def test_thresholds_decide_where_there_is_no_k(made: SparseAutoencoder, tmp_path: Path) -> None:
    threshold = torch.linspace(0.1, 2, 96)
    given = save(made, tmp_path / "given.safetensors", threshold=threshold)
    logarithm = save(made, tmp_path / "log.safetensors", log_threshold=threshold.log())
    one = save(made, tmp_path / "one.safetensors", threshold=torch.tensor(0.5))
    zeros = save(made, tmp_path / "zeros.safetensors", threshold=torch.zeros(96))
    below = save(made, tmp_path / "below.safetensors", threshold=torch.full((96,), -3.0))
    assert torch.equal(_threshold(given), threshold)
    torch.testing.assert_close(_threshold(logarithm), threshold)
    assert torch.equal(_threshold(one), torch.full((96,), 0.5))
    assert torch.equal(_threshold(below), torch.zeros(96))
    assert import_autoencoder(zeros).architecture == "standard"
    assert import_autoencoder(given).architecture == "jumprelu"
    with pytest.raises(UserError, match="a threshold, which has no k, got k = 5"):
        import_autoencoder(given, k=5)
    both = save(made, tmp_path / "both.safetensors", {"k": "5"}, threshold=threshold)
    with pytest.raises(UserError, match="does not say which of them chooses"):
        import_autoencoder(both)
    assert import_autoencoder(both, k=5).fingerprint == made.fingerprint


def _threshold(path: Path) -> torch.Tensor:
    threshold = import_autoencoder(path).threshold
    assert threshold is not None
    return threshold


def test_an_encoder_that_does_not_subtract_b_dec_gives_the_same_latents(
    made: SparseAutoencoder, tmp_path: Path, states: torch.Tensor
) -> None:
    """W_enc h + b = W_enc (h - b_dec) + (b + W_enc b_dec), by the file's metadata or by the name of the bias."""
    raw = states @ made.W_enc.T + made.b_enc
    told = save(made, tmp_path / "told.safetensors", {"k": "5", "apply_b_dec_to_input": "False"})
    named = save(
        made, tmp_path / "named.safetensors", {"k": "5"}, **{"b_dec": None, "decoder.bias": made.b_dec}
    )
    for path, why in ((told, "as the file says"), (named, "as its name suggests")):
        sae = import_autoencoder(path)
        torch.testing.assert_close(sae.pre_activations(states), raw, rtol=1e-4, atol=1e-3)
        assert (
            sae.trained_on["imported"]["says"]["b_dec"]
            == f"not subtracted from the state before encoding, {why}"
        )
    kept = import_autoencoder(save(made, tmp_path / "kept.safetensors", {"k": "5"}))
    assert kept.trained_on["imported"]["says"]["b_dec"].startswith("subtracted from")


def test_openais_files(made: SparseAutoencoder, tmp_path: Path) -> None:
    """Files of OpenAI's Autoencoder.state_dict(): the ReLU SAE loads, the Top-K SAE normalises states and fails."""
    tensors = {
        "encoder.weight": made.W_enc,
        "decoder.weight": made.W_dec.T,
        "pre_bias": made.b_dec,
        "latent_bias": made.b_enc,
        "stats_last_nonzero": torch.zeros(96, dtype=torch.long),
        "latents_mean_square": torch.zeros(96),
    }
    torch.save(tensors | {"activation": "ReLU", "activation_state_dict": {}}, tmp_path / "relu.pt")
    sae = import_autoencoder(tmp_path / "relu.pt")
    assert sae.architecture == "standard"
    assert all(torch.equal(getattr(sae, name), getattr(made, name)) for name in NAMES)
    torch.save(tensors | {"activation": "TopK", "activation_state_dict": {"k": 5}}, tmp_path / "topk.pt")
    with pytest.raises(UserError, match="divides each state by its own standard deviation"):
        import_autoencoder(tmp_path / "topk.pt")


def test_what_is_wrong_is_one_sentence(
    made: SparseAutoencoder, make_autoencoder: Any, tmp_path: Path
) -> None:
    numbers = itertools.count()

    def expect(reason: str, sae: SparseAutoencoder = made, **more: Any) -> None:
        path = save(sae, tmp_path / f"{next(numbers)}.safetensors", {"k": "5"}, **more)
        with pytest.raises(UserError, match=reason):
            import_autoencoder(path)

    expect(
        r"no SAE that can be read: expected a tensor W_dec \(or decoder\.weight\).*holds W_enc", W_dec=None
    )
    expect("holds both b_dec and pre_bias", pre_bias=made.b_dec.clone())
    expect("as many latents as dimensions", make_autoencoder(24, 24, 5))
    expect(r"expected W_dec of shape \(96, 24\) or \(24, 96\).*got \(96, 23\)", W_dec=made.W_dec[:, 1:])
    expect(r"as its biases have 95 latents", b_enc=made.b_enc[1:])
    expect("W_enc holds NaN or infinity", W_enc=made.W_enc * torch.nan)
    expect("W_dec as torch.int8, expected floating point", W_dec=made.W_dec.to(torch.int8))
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(UserError, match=r"table\.csv is no file of an SAE"):
        import_autoencoder(tmp_path / "table.csv")
    with pytest.raises(UserError, match="does not exist: give a folder or a file"):
        import_autoencoder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no SAE: expected one of the files"):
        import_autoencoder(tmp_path / "empty")


def test_a_folder_with_one_plain_file_is_read_and_several_are_not(
    made: SparseAutoencoder, tmp_path: Path
) -> None:
    save(made, tmp_path / "mine.safetensors", {"k": "5"})
    assert import_autoencoder(tmp_path).fingerprint == made.fingerprint
    assert import_autoencoder(tmp_path).name == tmp_path.name
    save(made, tmp_path / "other.safetensors", {"k": "5"})
    with pytest.raises(UserError, match="and it has 2 of the latter: name one"):
        import_autoencoder(tmp_path)
