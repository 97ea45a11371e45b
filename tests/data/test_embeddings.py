"""Input embeddings without the blocks above them equal layer 0 of a whole pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import data.layer_reader
from data.embeddings import Embeddings
from data.encoders import Encoder, EncoderConfig
from data.layer_reader import LayerReader

TEXTS = [f"document {i} says " + "word " * (i % 7) for i in range(20)]


@pytest.fixture
def encoder() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=32, device="cpu"))


def count_passes(encoder: Encoder) -> list[int]:
    """Grows by one whenever the last block of the model runs."""
    ran: list[int] = []
    blocks = next(
        module for module in encoder._loaded.model.modules() if isinstance(module, torch.nn.ModuleList)
    )
    blocks[-1].register_forward_hook(lambda *_: ran.append(1))
    return ran


def test_they_equal_layer_0_to_the_bit_and_no_block_runs(encoder: Encoder) -> None:
    expected = encoder.at_layer(0).encode(TEXTS, "query")
    embeddings = Embeddings.of(encoder)
    embeddings.encode(TEXTS[:1])
    ran = count_passes(encoder)
    found = embeddings.encode(TEXTS, "query")
    assert not ran
    np.testing.assert_array_equal(found.states.values, expected.states.values)
    np.testing.assert_array_equal(found.token_ids, expected.token_ids)
    assert not found.pooled.any()
    assert embeddings.describe() == encoder.at_layer(0).describe()
    encoder.encode(TEXTS[:1])
    assert ran  # other passes through the same model are whole


def test_a_model_whose_first_block_is_not_found_is_read_whole(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = encoder.at_layer(0).encode(TEXTS)
    blocks = [m for m in encoder._loaded.model.modules() if isinstance(m, torch.nn.ModuleList)][-1]
    for found in (None, blocks[1]):  # the second block gets other states
        reader = LayerReader(encoder._loaded.model, "minilm")
        monkeypatch.setattr(data.layer_reader, "first_block", lambda _, found=found: found)
        read = Embeddings(encoder.at_layer(0).config, encoder._loaded, reader).encode(TEXTS)
        np.testing.assert_array_equal(read.states.values, expected.states.values)
