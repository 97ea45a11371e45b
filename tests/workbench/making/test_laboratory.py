"""The SAE laboratory from the command line: train, import, judge, compare, sweep."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.files import read_json, write_json
from retrieval.study import Study
from sae.checkpoint import load_autoencoder

pytestmark = pytest.mark.slow

Command = Callable[..., int]
SMALL = ("--latents", 64, "--k", 4, "--tokens", "4k", "--batch", 64)


@pytest.fixture
def run(command: Command, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a verb with --json; returns what it printed."""

    def call(*arguments: object) -> Any:
        assert command(*arguments, "--json") == 0
        return json.loads(capsys.readouterr().out)

    return call


@pytest.mark.slow
def test_a_family_is_trained_indexed_judged_and_compared(
    run: Callable[..., Any], documents: Path, tmp_path: Path
) -> None:
    family, studies = tmp_path / "saes" / "family", [tmp_path / f"study-seed-{seed}" for seed in (3, 4)]
    trained = run("train", "--text", documents, *SMALL, "--seed", 3, "--seeds", 2, "--out", family)
    assert [sae["trained_on"]["training"]["seed"] for sae in trained] == [3, 4]
    assert load_autoencoder(family / "seed-3").fingerprint != load_autoencoder(family / "seed-4").fingerprint
    assert len(list((tmp_path / "artifacts" / "activations").iterdir())) == 1  # both read the same states

    indexed = run("index", "--sae", family, "--collection", documents, "--out", tmp_path / "study", "--quick")
    assert [study["study"] for study in indexed] == [str(study) for study in studies]

    cards = run("sae-card", family, "--study", studies[0])
    assert [card["study"]["name"] for card in cards] == ["study-seed-3"] * 2
    assert {variant["name"] for variant in cards[0]["variants"]} == {
        "sae", "random_directions", "random_encoder"
    }  # fmt: skip
    assert (studies[0] / "cards").is_dir()

    compared = run("compare-saes", *studies)
    assert {row["measure"]: row["n"] for row in compared["spread"]}["latent nDCG@10"] == 2
    itself = run("compare-saes", family / "seed-3", family / "seed-3")
    assert {row["share"] for row in itself["recurrence"] if row["group"] == "all"} == {1.0}
    assert run("compare-saes", family)["names"] == ["seed-3", "seed-4"]
    assert [job["state"] for job in run("jobs")] == [
        "finished"
    ] * 6  # train, index, card, and three comparisons


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["batchtopk", "standard"])
def test_other_architectures_are_trained_and_indexed(
    run: Callable[..., Any], documents: Path, tmp_path: Path, architecture: str
) -> None:
    sae = run("train", "--text", documents, *SMALL, "--architecture", architecture, "--out", tmp_path / "sae")
    assert sae["trained_on"]["training"]["architecture"] == architecture
    assert sae["architecture"] == {"batchtopk": "jumprelu"}.get(architecture, architecture)
    run("index", "--sae", tmp_path / "sae", "--collection", documents, "--out", tmp_path / "study", "--quick")
    study = Study.open(tmp_path / "study")
    assert study.search("a cat")["doc_id"].size
    assert np.asarray(study.tokens.activations).any()


@pytest.mark.slow
def test_an_sae_that_names_no_encoder_is_taken_with_the_one_its_user_names(
    run: Callable[..., Any], command: Command, documents: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    run("train", "--text", documents, *SMALL, "--layer", "blocks.2.hook_out", "--out", tmp_path / "sae")
    config = read_json(tmp_path / "sae" / "cfg.json")
    write_json(tmp_path / "sae" / "cfg.json", config | {"metadata": {"model_name": "somebody's"}})
    (tmp_path / "sae" / "checksums.json").unlink()  # somebody else's has none
    assert "encoder" not in run("import-sae", tmp_path / "sae", "--out", tmp_path / "unnamed")["trained_on"]
    index = (
        "index",
        "--sae",
        tmp_path / "unnamed",
        "--collection",
        documents,
        "--out",
        tmp_path / "study",
        "--quick",
    )
    assert command(*index) == 2
    assert "name it with --encoder (and --layer)" in capsys.readouterr().err
    run(*index, "--encoder", "minilm", "--layer", "blocks.2.hook_out")
    trained_on = Study.open(tmp_path / "study").manifest["sae"]["trained_on"]
    assert trained_on["encoder_given_by_user"] is True
    assert trained_on["encoder"]["config"]["layer"] == "blocks.2.hook_out"
    assert trained_on["imported"]["says"]["model"] == "somebody's"
    named = run(
        "import-sae", tmp_path / "sae", "--encoder", "minilm", "--layer", "2", "--out", tmp_path / "named"
    )
    assert named["trained_on"]["encoder"]["config"]["layer"] == 2
    assert command("import-sae", tmp_path / "sae", "--out", tmp_path / "named") == 2
    assert "exists and is not this SAE: choose another folder" in capsys.readouterr().err


@pytest.mark.slow
def test_a_control_encoder_is_made_and_labelled(
    run: Callable[..., Any], documents: Path, tmp_path: Path
) -> None:
    made = run("pretrain", "--text", documents, "--tokens", "600", "--batch", 4, "--out", tmp_path / "mlm")
    assert "never trained for retrieval" in made["kind"]
    trained = run(
        "train", "--text", documents, *SMALL, "--encoder", tmp_path / "mlm", "--out", tmp_path / "sae"
    )
    assert trained["trained_on"]["encoder"]["control"]["kind"] == made["kind"]


@pytest.mark.slow
def test_layers_are_swept_and_drawn(run: Callable[..., Any], documents: Path, tmp_path: Path) -> None:
    sweep = (
        "sweep-layers", "--collection", documents, *SMALL, "--layers", "0,blocks.1.hook_out,final",
        "--out", tmp_path / "sweep",
    )  # fmt: skip
    rows = run(*sweep)
    assert [row["layer"] for row in rows if (row["system"], row["measure"]) == ("latent", "nDCG@10")] == [
        "embeddings", "blocks.1.hook_out", "final"
    ]  # fmt: skip
    assert all(row["fvu"] is not None for row in rows)
    assert (tmp_path / "sweep" / "layers.html").stat().st_size > 100_000
    assert run(*sweep) == rows


def test_training_streams_where_the_states_would_not_fit(
    run: Callable[..., Any], documents: Path, tmp_path: Path
) -> None:
    streamed = run("train", "--text", documents, *SMALL, "--disk", "1k", "--out", tmp_path / "streamed")
    assert not (tmp_path / "artifacts" / "activations").exists()
    stored = run("train", "--text", documents, *SMALL, "--out", tmp_path / "stored")
    assert streamed["trained_on"]["distinct_tokens"] == stored["trained_on"]["distinct_tokens"]


def test_the_cost_is_told_and_nothing_is_made(
    run: Callable[..., Any], documents: Path, tmp_path: Path
) -> None:
    cost = run("train", "--text", documents, *SMALL, "--cost", "--out", tmp_path / "sae")
    assert cost["reading"]["documents"] == 8
    assert cost["seconds"] > 0
    assert not (tmp_path / "sae").exists()
