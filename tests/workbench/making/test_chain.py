"""The chain: one command from documents to a complete study, which goes on wherever it was stopped."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import UserError
from data.readers.tabular import Columns
from retrieval.study import Study
from workbench.jobs import progress
from workbench.making import stages
from workbench.making.chain import chain_cost as costs
from workbench.making.chain.wanted import PRESETS, Wanted
from workbench.making.cost import Speeds
from workbench.making.defaults import DEFAULTS, PAPER
from workbench.making.part import Size
from workbench.making.parts import PARTS
from workbench.markup.formats import duration

SMALL = ("--latents", 64, "--k", 4, "--tokens", "4k", "--batch", 64, "--max-length", 16, "--device", "cpu")


@pytest.fixture
def few_parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A study is complete with these: the others take long, and have tests of their own."""
    names = ["vocabulary", "words", "repetition"]
    monkeypatch.setattr(stages, "parts_of", lambda _: [PARTS[name] for name in names])
    monkeypatch.setattr(costs, "parts_of", lambda _: [PARTS[name] for name in names])
    monkeypatch.setattr(stages, "describe_study", lambda study, progress: None)
    monkeypatch.setattr(costs, "measure_speeds", lambda *_: Speeds(1e4, 1e4))
    monkeypatch.setattr(costs, "measure_encoding", lambda *_: (None, 1e4))
    return names


@pytest.mark.slow
def test_killed_between_stages_it_goes_on(
    documents: Path,
    tmp_path: Path,
    few_parts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., int],
) -> None:
    seen: list[str] = []
    stop_at: list[str] = []
    report, enter = progress.StageProgress.__call__, progress.StageProgress.enter

    def stopped(stage: str) -> None:
        seen.append(stage)
        if stage in stop_at:
            raise KeyboardInterrupt

    def spied(self: progress.StageProgress, stage: str, done: int, total: int, note: str = "") -> None:
        report(self, stage, done, total, note)
        stopped(stage)

    def entered(self: progress.StageProgress, title: str) -> None:
        enter(self, title)
        stopped(title)

    monkeypatch.setattr(progress.StageProgress, "__call__", spied)
    monkeypatch.setattr(progress.StageProgress, "enter", entered)
    study, sae = tmp_path / "study", tmp_path / "artifacts" / "saes" / "study"
    parts = [PARTS[name].title for name in few_parts]
    for stage in ("Latents of the documents", parts[-1]):
        seen.clear()
        stop_at[:] = [stage]
        assert command("make", documents, "--out", study, *SMALL) == 130
        assert seen[-1] == stage
    assert (sae / "cfg.json").is_file()
    written = (sae / "sae_weights.safetensors").stat().st_mtime_ns
    seen.clear()
    stop_at.clear()
    assert command("make", documents, "--out", study, *SMALL) == 0
    assert seen == [parts[-1]]  # all else is kept
    assert (sae / "sae_weights.safetensors").stat().st_mtime_ns == written
    made = Study.open(study)
    assert all(PARTS[name].is_kept(made) for name in few_parts)
    assert not list(tmp_path.rglob("*.training"))

    again = tmp_path / "again"  # the SAE that is there, and nothing is trained
    seen.clear()
    assert command("make", documents, "--out", again, "--sae", sae, "--queries", 3) == 0
    assert "Train the SAE" not in seen
    assert Study.open(again).sae.fingerprint == made.sae.fingerprint
    assert len(Study.open(again).queries) == 3


def test_what_is_wanted_is_one_exact_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("my docs.csv").write_text("nr,words\n1,a\n")
    wanted = Wanted("my docs.csv", columns=Columns("nr", "words", None), training=PRESETS["trial"].table)
    assert wanted.default_name == "my-docs"
    argv, title = wanted.within(200_000).command()
    assert title == "Make my-docs"
    assert shlex.join(argv) == (
        f"make '{tmp_path}/my docs.csv' --out {tmp_path}/studies/my-docs --sae-out {tmp_path}/saes/my-docs "
        "--encoder minilm --latents 1024 --k 16 --tokens 200k --epochs 3 --batch 1024 --id-column nr "
        "--text-column words"
    )
    (tmp_path / "studies" / "my-docs").mkdir(parents=True)
    assert replace(wanted, split="dev").default_name == "my-docs-2"
    with pytest.raises(UserError, match="choose another name"):
        replace(wanted, name="my-docs").command()
    with pytest.raises(UserError, match="is not one"):
        replace(wanted, name="../escape").command()
    with_sae, _ = Wanted("hf:BeIR/scifact", "train", sae="/saes/a", name="scifact").command()
    assert with_sae[1:] == [
        *("hf:BeIR/scifact", "--out", f"{tmp_path}/studies/scifact", "--sae", "/saes/a", "--split", "train")
    ]


@pytest.mark.parametrize(("seconds", "n_tokens"), [(120.0, 100_000), (3600.0, 100_000), (3600.0, 5_000_000)])
def test_a_preset_trains_on_as_many_tokens_as_its_time_allows(seconds: float, n_tokens: int) -> None:
    size, speeds = Size(500, n_tokens, 1024, 0, 6000.0), Speeds(6000.0, 15_000.0)
    tokens = costs.tokens_within(seconds, DEFAULTS, size, speeds)
    rest = costs.chain_cost(size, None).seconds
    spent = tokens / speeds.train + min(tokens / DEFAULTS.epochs, n_tokens) / speeds.encode
    assert spent <= max(seconds - rest, seconds / 4) + 1
    most = min(PAPER.n_tokens, costs.MOST_PASSES * n_tokens)
    assert tokens <= most
    assert tokens == most or spent > 0.85 * max(seconds - rest, seconds / 4)
    assert costs.tokens_within(0.1, DEFAULTS, size, speeds) == 10 * DEFAULTS.batch_size


@pytest.mark.slow
def test_the_cost_is_said_for_every_phase(
    documents: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("make", documents, *SMALL, "--cost") == 0
    said = capsys.readouterr().out
    assert "reads    8 documents" in said
    assert [line.split()[0] for line in said.splitlines()] == [
        "reads",
        "train",
        "index",
        "complete",
        "in",
        "disk",
    ]
    assert not (tmp_path / "artifacts").exists()
    cost = costs.chain_cost(Size(500, 100_000, 1024, 0, 6000.0), None)
    assert cost.seconds == pytest.approx(sum(map(cost.of_phase, costs.PHASES)))
    assert duration(cost.of_phase(costs.TRAIN)) == "0 s"
