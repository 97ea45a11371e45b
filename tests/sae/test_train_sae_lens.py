"""SAELens's architectures: SAELens's latents up to rounding, and runs that resume to the bit as in `sae.train`."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sae_lens import SAE

import sae.run_folder
from data.encoders import Encoder
from data.errors import UserError
from data.run_log import read_log
from data.streaming import StreamedStates
from sae.in_memory import ArraySource
from sae.metrics import fraction_of_variance_unexplained, l0
from sae.model import SparseAutoencoder
from sae.optimizer import learning_rate
from sae.sae_lens_trainer import SaeLensTrainer, controlled
from sae.train import Architecture, TrainConfig, TrainStep
from sae.train_sae_lens import train_sae_lens

ARCHITECTURES: tuple[Architecture, ...] = ("batchtopk", "jumprelu", "matryoshka", "standard")
CONFIG = TrainConfig(
    n_tokens=14 * 500,
    n_latents=96,
    k=4,
    batch_size=500,
    checkpoint_every=4,
    log_every=1,
    peak_learning_rate=1e-2,
    architecture="batchtopk",
)

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def same(one: SparseAutoencoder, other: SparseAutoencoder) -> bool:
    return one.fingerprint == other.fingerprint


def dense(sae: SparseAutoencoder, states: torch.Tensor) -> torch.Tensor:
    activations, indices = sae.encode(states)
    return torch.zeros(len(states), sae.n_latents).scatter_add(1, indices.long(), activations)


class Disturbed(ArraySource):
    """A source that calls a function before each batch."""

    def __init__(self, source: ArraySource, number: int, disturb: Callable[[Any], None]) -> None:
        super().__init__(source.states)
        object.__setattr__(self, "disturbance", (number, disturb))

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[Any]:
        number, disturb = self.disturbance  # type: ignore[attr-defined]
        for this, batch in enumerate(super().batches(batch_size, seed, start), start):
            if this == number:
                disturb(batch)
            yield batch


@each_architecture
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_latents_are_those_of_saelens_own_inference_sae(
    architecture: Architecture, offset: float, source: ArraySource, tmp_path: Path
) -> None:
    config = replace(CONFIG, architecture=architecture, n_tokens=40 * 500, peak_learning_rate=3e-3)
    source = ArraySource((3 * source.states + offset).astype(np.float16))
    trainer = SaeLensTrainer(config, 24, dead_after=4)
    trainer.start(source.sample(1000, 0))
    for batch, _ in zip(source.batches(500, 0, 0), range(40), strict=False):
        trainer.step(batch)
    ours = trainer.autoencoder()

    trainer.sae.fold_activation_norm_scaling_factor(trainer.scale)
    trainer.sae.save_inference_model(tmp_path)
    theirs = SAE.load_from_disk(tmp_path, fold_W_dec_norm=True)
    states = torch.from_numpy(source.states[:300]).float()
    with torch.no_grad():
        expected = theirs.encode(states)
        torch.testing.assert_close(dense(ours, states), expected, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(
            ours.decode(*ours.encode(states)), theirs.decode(expected), atol=1e-2, rtol=1e-3
        )
    assert (expected > 0).any(1).float().mean() > 0.2
    assert ours.architecture == ("standard" if architecture == "standard" else "jumprelu")
    torch.testing.assert_close(ours.W_dec.norm(dim=1), torch.ones(96))


@pytest.mark.slow
@each_architecture
def test_training_lowers_fvu_at_about_the_wanted_l0(
    architecture: Architecture, make_states: Any, tmp_path: Path
) -> None:
    states = make_states(6_000, 24)
    held_out = torch.from_numpy(states[5_000:])
    config = replace(
        CONFIG, architecture=architecture, n_tokens=600 * 250, batch_size=250, peak_learning_rate=3e-3
    )
    trained = train_sae_lens(config, ArraySource(states[:5_000]), tmp_path)
    activations, indices = trained.encode(held_out)
    fvu = fraction_of_variance_unexplained(held_out, trained.decode(activations, indices))
    lines = read_log(tmp_path / "log.jsonl")
    assert fvu < (0.5 if architecture == "standard" else 0.3)
    assert 3.2 < l0(activations) < 5
    assert lines[-1]["fvu"] == pytest.approx(fvu, rel=0.25)


@each_architecture
def test_an_interrupted_run_is_resumed_to_the_bit(
    architecture: Architecture, source: ArraySource, tmp_path: Path
) -> None:
    config = replace(CONFIG, architecture=architecture)
    before = signal.getsignal(signal.SIGINT)
    interrupting = Disturbed(source, 9, lambda _: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train_sae_lens(config, interrupting, tmp_path / "run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert [path.name for path in (tmp_path / "run").glob("checkpoint-*")] == ["checkpoint-000000010"]
    resumed = train_sae_lens(config, source, tmp_path / "run", resume=True)
    whole = train_sae_lens(config, source, tmp_path / "whole")
    assert same(resumed, whole)
    assert same(whole, train_sae_lens(config, source, tmp_path / "whole", resume=True))
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("run", "whole")]
    for resumed_line, line in zip(*logs, strict=True):
        for timing in ("tokens_per_second", "seconds_left"):
            del resumed_line[timing], line[timing]
        assert resumed_line == line
    assert not [path for path in (tmp_path / "run").rglob("*") if path.suffix in (".pt", ".pkl", ".bin")]


@pytest.mark.slow
def test_a_stream_from_the_encoder_is_a_source_and_resumes_to_the_bit(
    encoder: Encoder, tmp_path: Path
) -> None:
    texts = [f"document number {number} speaks of {'many ' * (number % 7)}things" for number in range(20)]
    stream = StreamedStates(encoder, texts, buffer_bytes=100 * 2 * 384)
    config = replace(CONFIG, n_tokens=20 * 64, batch_size=64, checkpoint_every=6)
    whole = train_sae_lens(config, stream, tmp_path / "whole")
    log = read_log(tmp_path / "whole" / "log.jsonl")
    assert log[-1]["fvu"] < 0.5 * log[0]["fvu"]

    def interrupt(step: TrainStep) -> None:
        if step.step == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_sae_lens(config, stream, tmp_path / "run", on_step=interrupt)
    assert same(whole, train_sae_lens(config, stream, tmp_path / "run", resume=True))


def test_the_seed_decides_the_weights_and_leaves_torchs_own_alone(
    source: ArraySource, tmp_path: Path
) -> None:
    torch.manual_seed(7)
    one = train_sae_lens(CONFIG, source, tmp_path / "one")
    drawn = torch.rand(1)
    again = train_sae_lens(CONFIG, source, tmp_path / "again")
    other = train_sae_lens(replace(CONFIG, seed=1), source, tmp_path / "other")
    assert same(one, again)
    assert not same(one, other)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(1))


def test_a_batch_with_nan_stops_training_and_keeps_the_state(source: ArraySource, tmp_path: Path) -> None:
    def spoil(batch: Any) -> None:
        batch[5, 5] = np.nan

    with pytest.raises(UserError, match=r"stopped at batch 6 .*NaN or infinity.* after step 6 is kept in"):
        train_sae_lens(CONFIG, Disturbed(source, 6, spoil), tmp_path / "run")
    resumed = train_sae_lens(CONFIG, source, tmp_path / "run", resume=True)
    assert same(resumed, train_sae_lens(CONFIG, source, tmp_path / "whole"))


def test_a_full_disk_stops_training_and_keeps_the_last_checkpoint(
    source: ArraySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, value: Any) -> None:
        if value["step"] >= 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_json(path, value)

    write_json = sae.run_folder.write_json
    with monkeypatch.context() as patch:
        patch.setattr(sae.run_folder, "write_json", full)
        with pytest.raises(UserError, match=r"stopped at batch 8 .*full.* after step 4 is kept in"):
            train_sae_lens(CONFIG, source, tmp_path / "run")
    resumed = train_sae_lens(CONFIG, source, tmp_path / "run", resume=True)
    assert same(resumed, train_sae_lens(CONFIG, source, tmp_path / "whole"))


def test_the_log_tells_what_happened(source: ArraySource, tmp_path: Path) -> None:
    config = replace(CONFIG, log_every=4, architecture="jumprelu")
    lines: list[TrainStep] = []
    trained = train_sae_lens(config, source, tmp_path, trained_on={"encoder": "minilm"}, on_step=lines.append)
    log = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in log] == [line.step for line in lines] == [4, 8, 12, 14]
    for line in log:
        assert line["tokens"] == line["step"] * 500
        assert line["learning_rate"] == learning_rate(line["step"] - 1, 14, 1e-2, 0.05)
        assert line["sparsity_coefficient"] > 0
        assert line["loss"] > 0
    assert log[-1]["seconds_left"] == 0
    assert log[-1]["fvu"] < log[0]["fvu"]
    assert trained.trained_on["encoder"] == "minilm"
    assert trained.trained_on["training"]["architecture"] == "jumprelu"
    assert (trained.k, trained.trained_on["training"]["k"]) == (96, 4)


@pytest.mark.parametrize("architecture", ["jumprelu", "standard"])
def test_a_given_coefficient_stays_and_a_greater_one_leaves_fewer_latents(
    architecture: Architecture, source: ArraySource, tmp_path: Path
) -> None:
    config = replace(CONFIG, architecture=architecture, n_tokens=60 * 500, checkpoint_every=60)
    last = []
    for coefficient in (0.001, 1.0):
        folder = tmp_path / str(coefficient)
        train_sae_lens(replace(config, sparsity_coefficient=coefficient), source, folder)
        log = read_log(folder / "log.jsonl")
        assert {line["sparsity_coefficient"] for line in log} == {coefficient}
        last.append(log[-1]["l0"])
    assert last[0] > 2 * last[1]


def test_the_control_rests_at_the_wanted_l0_and_pushes_toward_it() -> None:
    assert controlled(0.3, 16, 16) == 0.3
    assert controlled(0.3, 20, 16) > 0.3 > controlled(0.3, 12, 16) > controlled(0.3, 0, 16) > 0


def test_runs_that_cannot_be_are_refused_in_one_sentence(source: ArraySource, tmp_path: Path) -> None:
    train_sae_lens(CONFIG, source, tmp_path)
    with pytest.raises(UserError, match="holds a run at step 14: resume it, or choose another folder"):
        train_sae_lens(CONFIG, source, tmp_path)
    with pytest.raises(UserError, match="begun with architecture batchtopk, not matryoshka"):
        train_sae_lens(replace(CONFIG, architecture="matryoshka"), source, tmp_path, resume=True)
    for change, sentence in (
        ({"architecture": "topk"}, "train that with sae.train.train"),
        ({"weight_decay": 0.1}, "no weight decay, got 0.1"),
        ({"architecture": "jumprelu", "auxiliary_weight": 0.5}, "jumprelu has no auxiliary loss"),
    ):
        with pytest.raises(UserError, match=sentence):
            train_sae_lens(replace(CONFIG, **change), source, tmp_path / "new")
