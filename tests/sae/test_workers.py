"""Two processes train the same SAE as one, and end together, whatever ends one of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from data.files import read_json
from data.run_log import read_log
from sae.optimizer import WEIGHTS
from sae.workers import ALONE, Workers

SCRIPT = Path(__file__).with_name("train_together.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that two processes of `train_together.py` write, on CPU."""
    folder = tmp_path_factory.mktemp("together")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, str(SCRIPT), str(folder)],
        cwd=SCRIPT.parents[2],
        timeout=300,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def assert_same(trained: Path, one: str, other: str, tolerance: float) -> None:
    weights, others = (load_file(trained / f"{name}.safetensors") for name in (one, other))
    for name in WEIGHTS:
        torch.testing.assert_close(weights[name], others[name], rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.slow
def test_two_processes_train_what_one_does(trained: Path) -> None:
    assert_same(trained, "together.0", "together.1", tolerance=0)
    assert_same(trained, "together.0", "alone.0", tolerance=2e-4)
    one, two = (read_log(trained / name / "log.jsonl") for name in ("alone", "together"))
    assert [line["step"] for line in two] == list(range(1, 41))
    for name in ("loss", "l0", "fvu", "learning_rate"):
        np.testing.assert_allclose([line[name] for line in one], [line[name] for line in two], rtol=1e-3)
    assert two[-1]["loss"] < 0.95 * two[0]["loss"]
    assert two[-2]["dead_latents"] > 10  # so the auxiliary loss was summed too


@pytest.mark.slow
def test_a_source_may_give_each_worker_its_share_alone(trained: Path) -> None:
    for rank in range(2):
        assert_same(trained, f"parted.{rank}", f"together.{rank}", tolerance=0)


@pytest.mark.slow
def test_what_ends_one_ends_both_and_is_resumed_to_the_bit(trained: Path) -> None:
    ends = [read_json(trained / f"ends.{rank}.json") for rank in range(2)]
    assert ends[0] == ends[1]
    kept = f"the state after step {{}} is kept in {trained / 'ended'}"
    assert ends[0] == [
        f"UserError: training stopped at batch 10 (shard 3 is damaged); {kept.format(10)}",
        "KeyboardInterrupt: ",
        "UserError: training stopped at batch 30 (token states hold NaN or infinity: encode the text again, "
        f"in float32); {kept.format(30)}",
    ]
    assert_same(trained, "ended.0", "together.0", tolerance=0)
    assert_same(trained, "ended.1", "together.1", tolerance=0)
    assert [line["step"] for line in read_log(trained / "ended" / "log.jsonl")] == list(range(1, 41))
    assert [path.name for path in (trained / "ended").glob("checkpoint-*")] == ["checkpoint-000000040"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_shares_are_the_batch(size: int) -> None:
    batch = np.arange(20).reshape(10, 2)
    shares = [Workers(rank, size).share(batch) for rank in range(size)]
    np.testing.assert_array_equal(np.concatenate(shares), batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert Workers.from_environment() == ALONE
    assert ALONE.is_first
    assert ALONE.device("cuda") == "cuda"
    assert Workers(3, 8, 1).device("cuda") == "cuda:1"
    assert Workers(3, 8, 1).device("cpu") == "cpu"
