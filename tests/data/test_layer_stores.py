"""Stores of several layers from one pass equal the stores of one pass per layer."""

from __future__ import annotations

from pathlib import Path

import pytest

import data.activations
import data.layers
from data.activations import write_store
from data.encoder_config import Layer
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.layers import write_stores

TEXTS = [f"document {i} says " + "word " * (i % 7) for i in range(20)]
SOURCE = {"name": "twenty", "fingerprint": "0"}
LAYERS: list[Layer] = [None, 2, "blocks.0.mlp.out.hook_out"]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (data.activations, data.layers):
        monkeypatch.setattr(module, "DOCUMENTS_PER_SHARD", 8)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=32, device="cpu"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def folders(root: Path) -> dict[Layer, Path]:
    return {layer: root / str(layer) for layer in LAYERS}


def test_each_store_is_byte_for_byte_its_own(encoder: Encoder, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    stores = write_stores(folders(tmp_path), encoder, TEXTS, SOURCE, lambda *done: seen.append(done))
    for layer in LAYERS:
        config = EncoderConfig(max_length=32, device="cpu", layer=layer)
        alone = write_store(tmp_path / "alone" / str(layer), Encoder.load(config), TEXTS, SOURCE)
        assert contents(alone.folder) == contents(stores[layer].folder)
        assert len(alone.shard_tokens) == 3
    assert seen[-1] == (stores[None].n_tokens,) * 2


def test_what_is_there_is_not_encoded_again(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = {None: tmp_path / "final", 2: tmp_path / "2"}
    write_store(two[None], encoder, TEXTS, SOURCE)
    requested_layers: list[list[Layer]] = []
    whole = Encoder.encode_layers

    def counted(self: Encoder, texts: list[str], layers: list[Layer], *rest: object) -> object:
        requested_layers.append(list(layers))
        return whole(self, texts, layers, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "encode_layers", counted)
    write_stores(two, encoder, TEXTS, SOURCE)
    assert requested_layers == [[2]] * 3
    write_stores(two, encoder, TEXTS, SOURCE)
    assert len(requested_layers) == 3


def test_a_folder_of_another_text_is_refused_before_anything_is_encoded(
    encoder: Encoder, tmp_path: Path
) -> None:
    write_store(tmp_path / "2", encoder.at_layer(2), TEXTS[:3], {"name": "three"})
    with pytest.raises(UserError, match="another text or encoder"):
        write_stores({2: tmp_path / "2", 3: tmp_path / "3"}, encoder, TEXTS, SOURCE)
    assert not list((tmp_path / "3").glob("shard-*"))
