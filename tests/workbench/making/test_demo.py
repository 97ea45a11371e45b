"""The main job, small: stages are kept, interrupts lose none of them, and the second run computes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.files import read_json
from retrieval.study import Study
from workbench.jobs import progress
from workbench.making import demo
from workbench.making.demo import DemoRecipe, build_demo
from workbench.page import serve

SMALL = DemoRecipe(collection="limit:80", n_latents=256, k=4, tokens=20_000, epochs=2, queries=10)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_an_interrupt_at_any_stage_loses_no_finished_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = progress.StageProgress.__call__
    seen: list[str] = []
    stop_at: set[str] = set()

    def interrupt(self: progress.StageProgress, stage: str, done: int, total: int, note: str = "") -> None:
        report(self, stage, done, total, note)
        seen.append(stage)
        if stage in stop_at:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.StageProgress, "__call__", interrupt)
    stages = ["Encode the text", "Train the SAE", "Latents of the documents", "Index", "Evaluation"]
    for stage in stages:
        stop_at.clear()
        stop_at.add(stage)
        with pytest.raises(KeyboardInterrupt):
            build_demo(SMALL)
        assert not (folder / "studies" / "limit:80").exists()
    stop_at.clear()
    after_encoding = seen[seen.index("Train the SAE") :]
    assert "Encode the text" not in after_encoding
    study = Study.open(build_demo(SMALL))
    assert study.manifest["collection"]["n_queries"] == 10
    assert study.evaluation["cosine"]["R@1000"] == 1.0
    leftovers = [path for path in folder.rglob(".*") if path.name.endswith((".tmp", ".old", ".building"))]
    assert leftovers == []

    seen.clear()
    monkeypatch.setattr(demo, "_make", pytest.fail)
    assert build_demo(SMALL) == study.path
    assert seen == []


def test_another_recipe_is_another_demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(recipe: DemoRecipe, study: Path, sae: Path) -> str:
        made.append(sae.name)
        study.mkdir(parents=True, exist_ok=True)
        (study / "study.json").write_text('{"fingerprint": "f"}')
        return "f"

    monkeypatch.setattr(demo, "_make", make)
    build_demo(SMALL)
    build_demo(SMALL)
    build_demo(DemoRecipe(collection="limit:80", seed=1))
    assert len(made) == 2
    assert len(set(made)) == 2
    assert read_json(folder / "demo.json")["study"] == "f"


def test_the_app_listens_on_this_machine_only(tmp_path: Path) -> None:
    command = serve.app_command([tmp_path], 8765)
    assert command[command.index("--server.address") + 1] == "127.0.0.1"
    assert command[-2:] == ["--", str(tmp_path)]
