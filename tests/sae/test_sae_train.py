"""A run that is killed, interrupted or stopped by NaN resumes to the weights of an undisturbed run."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.errors import UserError
from data.files import read_json, write_json
from data.run_log import Log, interrupts_deferred, read_log
from sae.in_memory import ArraySource
from sae.metrics import fraction_of_variance_unexplained
from sae.model import SparseAutoencoder
from sae.optimizer import WEIGHTS
from sae.train import TrainConfig, TrainStep, train

SCRIPT = Path(__file__).with_name("train_until_killed.py")
CONFIG = TrainConfig(
    n_tokens=30 * 600,
    n_latents=128,
    k=4,
    batch_size=600,
    checkpoint_every=7,
    log_every=1,
    peak_learning_rate=1e-2,
)


def same_weights(one: SparseAutoencoder, other: SparseAutoencoder) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in WEIGHTS)


def run_script(*arguments: object) -> int:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, cwd=SCRIPT.parents[2], env=None, timeout=120).returncode


@pytest.mark.slow
def test_killed_runs_end_with_the_weights_of_one_that_was_not_to_the_bit(tmp_path: Path) -> None:
    assert run_script(tmp_path / "whole", tmp_path / "whole.safetensors") == 0
    for kill_at in (3, -24, 39):
        assert run_script(tmp_path / "run", tmp_path / "run.safetensors", kill_at) == -signal.SIGKILL
    assert run_script(tmp_path / "run", tmp_path / "run.safetensors") == 0
    whole, run = (load_file(tmp_path / f"{name}.safetensors") for name in ("whole", "run"))
    for name in WEIGHTS:
        assert torch.equal(whole[name], run[name]), name
    assert [line["step"] for line in read_log(tmp_path / "run" / "log.jsonl")] == list(range(1, 41))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-000000040", "log.jsonl"]


def test_training_lowers_fvu_on_states_it_has_not_seen(tmp_path: Path, make_states: Any) -> None:
    states = make_states(4_000, 24)
    held_out = torch.from_numpy(states[3_000:])
    trained = train(replace(CONFIG, n_tokens=300 * 600), ArraySource(states[:3_000]), tmp_path)
    fvu = fraction_of_variance_unexplained(held_out, trained.decode(*trained.encode(held_out)))
    assert fvu < 0.35
    torch.testing.assert_close(trained.W_dec.norm(dim=1), torch.ones(128))


def test_the_seed_decides_the_weights(tmp_path: Path, source: ArraySource) -> None:
    one, again = (train(CONFIG, source, tmp_path / name) for name in ("one", "again"))
    other = train(replace(CONFIG, seed=1), source, tmp_path / "other")
    assert same_weights(one, again)
    assert not same_weights(one, other)


def test_ctrl_c_in_the_middle_of_a_step_is_resumed_to_the_bit(tmp_path: Path, source: ArraySource) -> None:
    class Interrupting(ArraySource):
        def batches(self, batch_size: int, seed: int, start: int) -> Iterator[Any]:
            for number, batch in enumerate(super().batches(batch_size, seed, start), start):
                if number == 10:
                    signal.raise_signal(signal.SIGINT)
                yield batch

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(CONFIG, Interrupting(source.states), tmp_path / "run")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert [path.name for path in (tmp_path / "run").glob("checkpoint-*")] == ["checkpoint-000000011"]
    resumed = train(CONFIG, source, tmp_path / "run", resume=True)
    assert same_weights(resumed, train(CONFIG, source, tmp_path / "whole"))


def test_a_process_that_ignores_ctrl_c_keeps_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_deferred() as interrupted:
            signal.raise_signal(signal.SIGINT)
            assert not interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_keeps_the_last_checkpoint(
    tmp_path: Path, source: ArraySource, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def save_until_full(tensors: Any, path: Path) -> None:
        if "000000014" in str(path):
            path.write_bytes(b"as much as there was room for")
            raise error
        save_file(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr("sae.run_folder.save_file", save_until_full)
        with pytest.raises(
            UserError, match=r"batch 14 \(.*disk or quota is full.*\); the state after step 7 is kept"
        ):
            train(CONFIG, source, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-000000007", "log.jsonl"]
    resumed = train(CONFIG, source, tmp_path / "run", resume=True)
    assert same_weights(resumed, train(CONFIG, source, tmp_path / "whole"))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_a_disk_too_full_for_the_log_stops_training_and_keeps_the_state(
    tmp_path: Path, source: ArraySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullAtTwelve(Log):
        def write(self, line: Any) -> None:
            if line["step"] == 12:
                self._file.close()
                self._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115 - the log closes it
            super().write(line)

    with monkeypatch.context() as patch:
        patch.setattr("sae.train.Log", FullAtTwelve)
        with pytest.raises(
            UserError, match=r"batch 12 \(.*disk or quota is full.*\); the state after step 12 is kept"
        ):
            train(CONFIG, source, tmp_path / "run")
    resumed = train(CONFIG, source, tmp_path / "run", resume=True)
    assert same_weights(resumed, train(CONFIG, source, tmp_path / "whole"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_that_run_away_replace_no_checkpoint(tmp_path: Path, source: ArraySource) -> None:
    config = replace(CONFIG, peak_learning_rate=1e20, warmup_fraction=1.0)
    with pytest.raises(UserError, match=r"stopped at batch .* lower learning rate\); .* kept"):
        train(config, source, tmp_path)
    for checkpoint in tmp_path.glob("checkpoint-*"):
        for tensor in load_file(checkpoint / "state.safetensors").values():
            assert torch.isfinite(tensor).all()


def test_a_batch_with_nan_stops_training_and_keeps_the_state(tmp_path: Path, source: ArraySource) -> None:
    class Broken(ArraySource):
        def batches(self, batch_size: int, seed: int, start: int) -> Iterator[Any]:
            for number, batch in enumerate(super().batches(batch_size, seed, start), start):
                if number == 12:
                    batch[5, 5] = np.nan
                yield batch

    with pytest.raises(UserError, match=r"stopped at batch 12 .*NaN or infinity.* kept in"):
        train(CONFIG, Broken(source.states), tmp_path / "run")
    resumed = train(CONFIG, source, tmp_path / "run", resume=True)
    assert same_weights(resumed, train(CONFIG, source, tmp_path / "whole"))


def test_a_finished_run_resumes_to_what_it_was(tmp_path: Path, source: ArraySource) -> None:
    lines: list[TrainStep] = []
    trained = train(CONFIG, source, tmp_path, trained_on={"encoder": "minilm"}, on_step=lines.append)
    again = train(CONFIG, source, tmp_path, trained_on={"encoder": "minilm"}, resume=True)
    assert same_weights(trained, again)
    assert trained.trained_on == again.trained_on
    assert trained.trained_on["encoder"] == "minilm"
    assert trained.trained_on["training"]["n_latents"] == 128
    assert [line.step for line in lines] == [line["step"] for line in read_log(tmp_path / "log.jsonl")]


def test_the_log_tells_what_happened(tmp_path: Path, source: ArraySource) -> None:
    config = replace(CONFIG, log_every=10, n_tokens=25 * 600)
    train(config, source, tmp_path)
    log = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in log] == [10, 20, 25]
    assert [line["tokens"] for line in log] == [6_000, 12_000, 15_000]
    for line in log:
        assert line["n_steps"] == 25
        assert 0 < line["fvu"] < 1.5
        assert 0 < line["l0"] <= 4
        assert 0 <= line["dead_latents"] <= 128
        assert line["tokens_per_second"] > 0
    assert log[-1]["seconds_left"] == 0
    assert log[-1]["fvu"] < log[0]["fvu"]


def test_latents_that_never_fire_are_counted_dead_after_an_epoch(tmp_path: Path, source: ArraySource) -> None:
    """With one direction in the states and k = 1, few latents ever fire; an epoch is 3 batches of 600."""
    states = np.outer(np.linspace(1, 2, 2_000), np.ones(24)).astype(np.float16)
    lines: list[TrainStep] = []
    train(replace(CONFIG, k=1, peak_learning_rate=1e-6), ArraySource(states), tmp_path, on_step=lines.append)
    assert [line.dead_latents for line in lines[:3]] == [0, 0, 0]
    assert lines[-1].dead_latents > 100


def test_runs_that_do_not_match_are_refused_in_one_sentence(tmp_path: Path, source: ArraySource) -> None:
    train(CONFIG, source, tmp_path / "run", trained_on={"encoder": "minilm"})
    with pytest.raises(UserError, match=r"holds a run at step 30: resume it, or choose another folder"):
        train(CONFIG, source, tmp_path / "run", trained_on={"encoder": "minilm"})
    with pytest.raises(UserError, match=r"begun with k 4, not 5"):
        train(replace(CONFIG, k=5), source, tmp_path / "run", trained_on={"encoder": "minilm"}, resume=True)
    with pytest.raises(UserError, match=r"begun with encoder minilm, not bert"):
        train(CONFIG, source, tmp_path / "run", trained_on={"encoder": "bert"}, resume=True)
    (tmp_path / "run" / "checkpoint-000000030" / "state.safetensors").write_bytes(b"short")
    with pytest.raises(UserError, match="is damaged"):
        train(CONFIG, source, tmp_path / "run", trained_on={"encoder": "minilm"}, resume=True)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_tokens": 599}, "599 tokens do not fill one batch of 600"),
        ({"batch_size": 0}, "at least 1 token, got 0"),
        ({"k": 0}, "k must be between 1 and the 128 latents, got 0"),
        ({"n_latents": 3}, "k must be between 1 and the 3 latents, got 4"),
        ({"auxiliary_weight": -1.0}, "auxiliary_weight must be 0 or a positive number, got -1.0"),
        ({"peak_learning_rate": float("nan")}, "peak_learning_rate must be 0 or a positive number, got nan"),
        ({"log_every": 0}, "log_every counts steps"),
        ({"warmup_fraction": 1.5}, "warmup_fraction in 0..1, got 1.5"),
        ({"architecture": "gated"}, "'gated' is unknown: expected one of topk, batchtopk, "),
        ({"sparsity_coefficient": 1.0}, "topk has k, and no sparsity_coefficient"),
        ({"architecture": "standard", "sparsity_coefficient": -1.0}, "of 0 or more, got -1.0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        replace(CONFIG, **settings)


def test_another_architecture_is_sent_where_it_is_trained(tmp_path: Path, source: ArraySource) -> None:
    with pytest.raises(UserError, match=r"train batchtopk with sae\.train_sae_lens"):
        train(replace(CONFIG, architecture="batchtopk"), source, tmp_path)


def test_a_checkpoint_older_than_a_setting_resumes_with_its_default(
    tmp_path: Path, source: ArraySource
) -> None:
    trained = train(CONFIG, source, tmp_path)
    run = tmp_path / "checkpoint-000000030" / "run.json"
    saved = read_json(run)
    for setting in ("architecture", "auxiliary_weight", "sparsity_coefficient"):
        del saved["config"][setting]
    write_json(run, saved)
    assert same_weights(trained, train(CONFIG, source, tmp_path, resume=True))
    with pytest.raises(UserError, match=r"begun with auxiliary_weight 0.0, not 0.5"):
        train(replace(CONFIG, auxiliary_weight=0.5), source, tmp_path, resume=True)


def test_array_batches_continue_from_any_start(source: ArraySource) -> None:
    whole, later = source.batches(600, 5, 0), source.batches(600, 5, 7)
    expected = [next(whole) for _ in range(12)][7:]
    for batch in expected:
        np.testing.assert_array_equal(batch, next(later))
    epoch = np.concatenate([batch for batch, _ in zip(source.batches(500, 1, 0), range(4), strict=False)])
    np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(source.states, axis=0))
