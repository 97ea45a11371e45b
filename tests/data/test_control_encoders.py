"""A random-weight twin shares everything with its original except the weights, and is recorded as a control."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig, BertModel

from data.control_encoders import RandomTwin, random_twin, seeded
from data.encoders import Encoder, EncoderConfig, resolve_model
from data.errors import UserError

TEXTS = ["Compute the convolution of two arrays.", "", "Sort an array."]


@pytest.fixture
def cls_model(tmp_path: Path) -> Path:
    """A small BERT whose sentence-transformers files ask for cls pooling, saved without a pooler."""
    config = BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(resolve_model("minilm")).save_pretrained(tmp_path)
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("random:minilm", RandomTwin("minilm", 0)),
        ("random:minilm:3", RandomTwin("minilm", 3)),
        ("random:sentence-transformers/gtr:12", RandomTwin("sentence-transformers/gtr", 12)),
        ("random:/folder/with:colon", RandomTwin("/folder/with:colon", 0)),
        ("minilm", None),
    ],
)
def test_names(name: str, twin: RandomTwin | None) -> None:
    assert random_twin(name) == twin


@pytest.mark.parametrize("name", ["random:", "random:random:minilm"])
def test_a_twin_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="expected random:MODEL"):
        Encoder.load(EncoderConfig(name))


def test_twin_is_another_encoder_of_the_same_make(encoder: Encoder) -> None:
    twin = Encoder.load(EncoderConfig("random:minilm:1", max_length=64, device="cpu"))
    original, random = encoder.encode(TEXTS), twin.encode(TEXTS)
    np.testing.assert_array_equal(original.token_ids, random.token_ids)
    assert original.states.values.shape == random.states.values.shape
    assert not np.allclose(original.states.values, random.states.values, atol=0.1)
    assert (twin.pooling, twin.d_model) == (encoder.pooling, encoder.d_model)
    assert twin.describe()["control"] == {
        "kind": "random weights, never trained",
        "architecture": "minilm",
        "seed": 1,
    }
    assert set(encoder.describe()) == {"config", "d_model", "pooling", "fingerprint"}


def test_weights_are_transformers_own_initialisation_from_the_seed(cls_model: Path) -> None:
    with seeded(5):
        expected = AutoModel.from_config(AutoConfig.from_pretrained(cls_model))
    twin = Encoder.load(EncoderConfig(f"random:{cls_model}:5"))
    assert twin.pooling == "cls"
    ids = AutoTokenizer.from_pretrained(cls_model)(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        states = expected.eval()(**ids).last_hidden_state[0].numpy()
    np.testing.assert_allclose(twin.encode(TEXTS[:1]).states.values, states, rtol=2e-3, atol=2e-3)


def test_a_seed_gives_the_same_fingerprint_and_leaves_the_callers_numbers_alone(cls_model: Path) -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    fingerprints = [
        Encoder.load(EncoderConfig(f"random:{cls_model}:{seed}")).fingerprint for seed in (1, 1, 2)
    ]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]
    assert torch.equal(torch.rand(3), expected)


def test_weights_that_a_checkpoint_lacks_do_not_change_its_fingerprint(cls_model: Path) -> None:
    """The folder has no pooler, which `AutoModel` then draws."""
    fingerprints = {Encoder.load(EncoderConfig(str(cls_model))).fingerprint for _ in range(2)}
    assert len(fingerprints) == 1
