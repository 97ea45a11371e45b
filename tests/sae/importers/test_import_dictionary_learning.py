"""`ae.pt` files of dictionary_learning: trained and saved by the library's own `trainSAE`, or by `torch.save`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from data.errors import UserError
from sae.importers import import_autoencoder

pytestmark = pytest.mark.slow
SIZES = {"activation_dim": 24, "dict_size": 96}


class Library:
    """The library's modules. The library imports nnsight, a large package for running language models, which SAEs
    do not need: an empty module replaces it where it is not installed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        if importlib.util.find_spec("nnsight") is None:
            nnsight = ModuleType("nnsight")
            patch.setattr(nnsight, "LanguageModel", object, raising=False)
            patch.setitem(sys.modules, "nnsight", nnsight)
        self.dictionary = importlib.import_module("dictionary_learning.dictionary")
        self.top_k = importlib.import_module("dictionary_learning.trainers.top_k")
        self.batch = importlib.import_module("dictionary_learning.trainers.batch_top_k")
        self.matryoshka = importlib.import_module("dictionary_learning.trainers.matryoshka_batch_top_k")
        self.jumprelu = importlib.import_module("dictionary_learning.trainers.jumprelu")
        self.standard = importlib.import_module("dictionary_learning.trainers.standard")
        self.gated = importlib.import_module("dictionary_learning.trainers.gdm")
        self.training = importlib.import_module("dictionary_learning.training")

    def load(self, name: str, path: Path) -> Any:
        """The SAE as the library's `load_dictionary` loads it."""
        places = (self.dictionary, self.top_k, self.batch, self.matryoshka)
        module = next(place for place in places if hasattr(place, name))
        return getattr(module, name).from_pretrained(path)


@pytest.fixture(scope="module")
def library() -> Any:
    if importlib.util.find_spec("dictionary_learning") is None:
        pytest.skip("needs dictionary-learning: pip install --no-deps dictionary-learning==0.1.0")
    with pytest.MonkeyPatch.context() as patch:
        yield Library(patch)


def trainers(library: Library) -> dict[str, dict[str, Any]]:
    common = {
        **SIZES,
        "layer": 3,
        "lm_name": "a-model",
        "device": "cpu",
        "lr": 1e-2,
        "warmup_steps": 1,
        "steps": 30,
    }
    batched = {"k": 5, "threshold_start_step": 5, "threshold_beta": 0.5}
    return {
        "AutoEncoder": {**common, "trainer": library.standard.StandardTrainer, "sparsity_warmup_steps": 1},
        "AutoEncoderTopK": {**common, **batched, "trainer": library.top_k.TopKTrainer},
        "BatchTopKSAE": {**common, **batched, "trainer": library.batch.BatchTopKTrainer},
        "MatryoshkaBatchTopKSAE": {
            **common,
            **batched,
            "group_fractions": [0.25, 0.75],
            "trainer": library.matryoshka.MatryoshkaBatchTopKTrainer,
        },
        "JumpReluAutoEncoder": {
            **common,
            "trainer": library.jumprelu.JumpReluTrainer,
            "sparsity_warmup_steps": 1,
        },
        "GatedAutoEncoder": {**common, "trainer": library.gated.GatedSAETrainer, "sparsity_warmup_steps": 1},
    }


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("AutoEncoder", "standard"),
        ("AutoEncoderTopK", "topk"),
        ("BatchTopKSAE", "jumprelu"),
        ("MatryoshkaBatchTopKSAE", "jumprelu"),
        ("JumpReluAutoEncoder", "jumprelu"),
        ("GatedAutoEncoder", "jumprelu"),
    ],
)
def test_what_trainsae_leaves_gives_the_librarys_latents(
    name: str, architecture: str, normalised: bool, library: Library, states: Any, tmp_path: Path, agree: Any
) -> None:
    config = trainers(library)[name]
    library.training.trainSAE(
        data=[states[torch.randperm(len(states))[:64]].clone() for _ in range(130)],
        trainer_configs=[config],
        steps=30,
        save_steps=[20],
        save_dir=str(tmp_path),
        normalize_activations=normalised,
        device="cpu",
    )
    theirs = library.load(name, tmp_path / "trainer_0" / "ae.pt")
    ours = import_autoencoder(tmp_path / "trainer_0")
    agree(ours, theirs.encode, theirs.decode)
    assert ours.architecture == architecture
    imported = ours.trained_on["imported"]
    assert imported["format"] == "dictionary_learning"
    assert (imported["says"]["class"], imported["says"]["model"], imported["says"]["layer"]) == (
        name,
        "a-model",
        3,
    )
    assert import_autoencoder(tmp_path).fingerprint == ours.fingerprint
    earlier = import_autoencoder(tmp_path / "trainer_0" / "checkpoints" / "ae_20.pt")
    assert earlier.trained_on["imported"]["says"]["class"] == name
    assert earlier.fingerprint != ours.fingerprint


def modules(library: Library) -> dict[str, Any]:
    return {
        "AutoEncoder": library.dictionary.AutoEncoder(**SIZES),
        "AutoEncoderNew": library.dictionary.AutoEncoderNew(*SIZES.values()),
        "MatryoshkaBatchTopKSAE": library.matryoshka.MatryoshkaBatchTopKSAE(
            **SIZES, k=5, group_sizes=[32, 64]
        ),
        "JumpReluAutoEncoder": library.dictionary.JumpReluAutoEncoder(**SIZES),
        "GatedAutoEncoder": library.dictionary.GatedAutoEncoder(**SIZES),
    }


@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize(
    "name",
    ["AutoEncoder", "AutoEncoderNew", "MatryoshkaBatchTopKSAE", "JumpReluAutoEncoder", "GatedAutoEncoder"],
)
def test_the_class_is_told_by_the_configuration_or_by_the_tensors(
    name: str, configured: bool, library: Library, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    theirs = modules(library)[name]
    randomise(theirs)
    torch.save(theirs.state_dict(), tmp_path / "ae.pt")
    if configured:
        (tmp_path / "config.json").write_text(json.dumps({"trainer": {"dict_class": name, "k": 5}}))
    ours = import_autoencoder(tmp_path)
    if name == "AutoEncoder":  # the library normalises its decoder on loading
        theirs = library.load(name, tmp_path / "ae.pt")
    agree(ours, theirs.encode, theirs.decode)
    assert ours.trained_on["imported"]["says"]["class"] == name


def test_top_k_and_batchtopk_look_alike_and_the_user_decides(
    library: Library, tmp_path: Path, agree: Any, randomise: Any
) -> None:
    theirs = library.top_k.AutoEncoderTopK(**SIZES, k=5)
    randomise(theirs)
    torch.save(theirs.state_dict(), tmp_path / "ae.pt")
    with pytest.raises(UserError, match=r"a threshold and k = 5.*add #k=5 to read it as a Top-K SAE"):
        import_autoencoder(tmp_path)
    agree(import_autoencoder(f"{tmp_path}#k=5"), theirs.encode, theirs.decode)
    agree(import_autoencoder(tmp_path, k=5), theirs.encode, theirs.decode)
    with pytest.raises(UserError, match="says k = 5, got k = 6"):
        import_autoencoder(tmp_path, k=6)
    older = {name: tensor for name, tensor in theirs.state_dict().items() if name not in ("k", "threshold")}
    torch.save(older, tmp_path / "ae.pt")
    with pytest.raises(UserError, match="give the number, as --k 32"):
        import_autoencoder(tmp_path)
    agree(import_autoencoder(tmp_path, k=5), theirs.encode, theirs.decode)
    (tmp_path / "config.json").write_text(json.dumps({"trainer": {"dict_class": "BatchTopKSAE", "k": 5}}))
    with pytest.raises(UserError, match="has no tensor threshold"):
        import_autoencoder(tmp_path)


class Arbitrary:
    """An object whose unpickling would run code."""

    def __reduce__(self) -> Any:
        return print, ("this must never be printed",)


def test_what_a_pickle_could_run_never_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"encoder.weight": Arbitrary()}, tmp_path / "ae.pt")
    with pytest.raises(UserError, match="weights-only loader refuses it, and nothing else is tried"):
        import_autoencoder(tmp_path)
    torch.save(torch.nn.Linear(2, 3), tmp_path / "ae.pt")
    with pytest.raises(UserError, match="weights-only loader refuses"):
        import_autoencoder(tmp_path)
    assert capsys.readouterr().out == ""


def test_damaged_and_foreign_files_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ae.pt"
    names = {"encoder.weight": (96, 24), "encoder.bias": (96,), "decoder.weight": (24, 96), "b_dec": (24,)}
    tensors = {name: torch.ones(shape) for name, shape in names.items()}
    torch.save(tensors, path)
    whole = path.read_bytes()
    for length in (0, 3, 200, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"damaged or cut short|weights-only loader refuses"):
            import_autoencoder(path)
    torch.save([1, 2], path)
    with pytest.raises(UserError, match="holds a list, expected an SAE's state_dict"):
        import_autoencoder(path)
    torch.save({"fc1.weight": torch.ones(3)}, path)
    with pytest.raises(
        UserError, match=r"is no SAE that can be read: expected a tensor W_enc .*holds fc1\.weight"
    ):
        import_autoencoder(path)
    torch.save(tensors | {"b_dec": torch.ones(23)}, path)
    with pytest.raises(UserError, match=r"expected b_dec of shape \(24,\)"):
        import_autoencoder(path, k=5)
    (tmp_path / "config.json").write_text(json.dumps({"trainer": {"dict_class": "IdentityDict"}}))
    with pytest.raises(UserError, match="holds a IdentityDict, which cannot be loaded"):
        import_autoencoder(path)
