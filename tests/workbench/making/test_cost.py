"""The cost that is told before a training is the cost that is found after it, in whatever can be counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data.activations import select_documents
from data.corpus import Collection, Corpus
from data.encoders import Encoder
from data.errors import UserError
from sae.checkpoint import save_autoencoder
from sae.train import TrainConfig, TrainStep, train
from workbench.jobs.progress import StageProgress
from workbench.making import cost
from workbench.making.stages import activations, store_folder, text_source

CONFIG = TrainConfig(n_tokens=12_000, n_latents=256, k=4, batch_size=256, checkpoint_every=40)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    return tmp_path


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_counts_and_bytes_are_those_of_the_training(
    folder: Path, tiny_collection: Collection, encoder: Encoder
) -> None:
    expected = cost.estimate(tiny_collection, encoder, CONFIG, 4, measured=False)
    assert (expected.seconds, expected.stored, expected.streams, expected.fits) == (None, False, False, True)

    rows = select_documents(encoder, tiny_collection.corpus.texts, 3_000, CONFIG.seed)
    with StageProgress() as progress:
        store = activations(encoder, tiny_collection, rows, progress)
    assert expected.reading.documents == len(rows)
    assert expected.reading.tokens == store.n_tokens
    assert expected.store_bytes == pytest.approx(size(store.folder), rel=0.06)

    last: list[TrainStep] = []
    sae = train(CONFIG, store, folder / "run", on_step=last.append)
    assert expected.token_views == last[-1].tokens
    assert expected.checkpoint_bytes == pytest.approx(size(folder / "run"), rel=0.03)
    save_autoencoder(sae, folder / "sae")
    assert expected.sae_bytes == pytest.approx(size(folder / "sae"), rel=0.03)

    again = cost.estimate(tiny_collection, encoder, CONFIG, 4)
    assert again.stored
    assert again.seconds_encode == 0
    assert again.seconds == again.seconds_train > 0
    assert again.disk_bytes < expected.disk_bytes


def test_a_long_text_is_estimated_and_the_interval_holds_the_count(
    folder: Path, tiny_collection: Collection, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = cost.measure_reading(tiny_collection, encoder, replace(CONFIG, n_tokens=10**6), 1)
    assert exact.exact
    assert exact.tokens == int(encoder.count_tokens(tiny_collection.corpus.texts).sum())
    many = Corpus(*(list(column) * 10 for column in vars(tiny_collection.corpus).values()))
    long = Collection("long", many, tiny_collection.queries, {})
    monkeypatch.setattr(cost, "CHARACTERS_COUNTED", 200_000)
    for seed in range(3):
        config = replace(CONFIG, n_tokens=10**6, seed=seed)
        reading = cost.measure_reading(long, encoder, config, 1)
        assert not reading.exact
        assert reading.documents == len(many)
        assert reading.low <= reading.tokens <= reading.high
        assert reading.low <= 10 * exact.tokens * 1.02
        assert reading.high >= 10 * exact.tokens * 0.98
    part = cost.measure_reading(long, encoder, replace(CONFIG, n_tokens=60_000), 1)
    assert (part.low, part.tokens, part.high) == (60_000, 60_000, 60_000)
    assert part.rows is None
    assert not cost.cost_of(long, encoder, CONFIG, part, None).stored
    rows = select_documents(encoder, many.texts, 60_000, CONFIG.seed)
    manifest = store_folder(encoder, text_source(long, rows)) / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    name = cost.corpus_fingerprint(many)
    (manifest.parent / "plan.json").write_text(f'{{"source": {{"fingerprint": "{name}"}}}}')
    assert cost.cost_of(long, encoder, CONFIG, part, None).stored


def test_cost_grows_with_what_is_asked(folder: Path, tiny_collection: Collection, encoder: Encoder) -> None:
    speeds = cost.Speeds(encode=1_000, train=2_000)

    def told(config: TrainConfig, **options: int) -> cost.Cost:
        reading = cost.measure_reading(tiny_collection, encoder, config, 2)
        return cost.cost_of(tiny_collection, encoder, config, reading, speeds, **options)

    small = told(CONFIG)
    assert small.memory_bytes > cost.RUNTIME_BYTES + encoder.weight_bytes
    assert small.seconds == small.reading.tokens / 1_000 + small.token_views / 2_000
    wider = told(replace(CONFIG, n_latents=1024))
    assert wider.memory_bytes > small.memory_bytes
    assert wider.disk_bytes > small.disk_bytes
    longer = told(replace(CONFIG, n_tokens=18_000))
    assert longer.seconds > small.seconds
    assert longer.store_bytes > small.store_bytes
    seeds = told(CONFIG, n_seeds=3)
    assert seeds.seconds_encode == small.seconds_encode
    assert seeds.seconds_train == 3 * small.seconds_train
    streamed = told(CONFIG, disk_budget=1000)
    assert streamed.streams
    assert streamed.disk_bytes < small.disk_bytes
    assert streamed.seconds_encode > small.seconds_encode
    dense = told(replace(CONFIG, architecture="batchtopk"))
    assert dense.memory_bytes > small.memory_bytes


def test_the_trainer_is_measured_and_leaves_nothing(folder: Path) -> None:
    states = np.random.default_rng(0).standard_normal((500, 32)).astype(np.float16)
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    assert cost.measure_training(CONFIG, states, "cpu", seconds=0.02) > 0
    assert torch.equal(before, torch.random.get_rng_state())
    assert list(folder.iterdir()) == []


def test_no_documents_is_a_sentence(encoder: Encoder, tiny_collection: Collection) -> None:
    empty = Collection("empty", Corpus([], [], []), tiny_collection.queries, {})
    with pytest.raises(UserError, match="empty holds no documents"):
        cost.estimate(empty, encoder, CONFIG, 2)
