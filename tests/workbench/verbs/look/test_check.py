"""The verb check: what is damaged, what rests on it, and what can be made again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import UserError
from retrieval.study import Study
from workbench.verbs.look import check

FOLLOW = (  # files that follow from the rest, and come back byte for byte
    "contexts/value.npy",
    "vocabularies/latents/index/counts.npy",
    "vocabularies/latents/index/indptr.npy",
    "vocabularies/stems/terms.json",
    "vocabularies/stems/index/documents.npy",
    "vocabularies/latents/queries.npz",
    "query_vectors.npy",
)


@pytest.fixture
def folder(tiny_study: Study, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_study.path, tmp_path / "study"))


def flip(path: Path) -> bytes:
    """Change one bit; returns what was there."""
    content = path.read_bytes()
    path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    return content


def answer(capsys: pytest.CaptureFixture[str], run: Callable[[], None]) -> dict[str, object]:
    capsys.readouterr()
    run()
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_a_sound_study_and_a_sound_sae(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, lambda: check.run(folder, as_json=True))["sound"] is True
    assert answer(capsys, lambda: check.run(folder / "sae", as_json=True))["sound"] is True
    with pytest.raises(UserError, match="neither a study"):
        check.run(folder / "tokens")


def test_what_follows_from_the_rest_comes_back_byte_for_byte(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: flip(folder / name) for name in FOLLOW}
    with pytest.raises(UserError, match=f"damaged in {len(FOLLOW)} files"):
        check.run(folder, as_json=True)
    named = {damage["file"] for damage in json.loads(capsys.readouterr().out)["damage"]}
    assert named == set(FOLLOW)
    repaired = answer(capsys, lambda: check.run(folder, repair=True, as_json=True))
    outcomes = {damage["file"]: damage["outcome"] for damage in repaired["damage"]}  # type: ignore[attr-defined]
    assert outcomes == dict.fromkeys(FOLLOW, "made again, byte for byte as it was")
    assert {name: (folder / name).read_bytes() for name in FOLLOW} == before
    Study.open(folder)


def test_what_follows_from_nothing_stays_and_so_does_what_is_made_of_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Contexts are not made again from tokens that are damaged too."""
    for name in ("tokens/activations.npy", "contexts/value.npy"):
        flip(folder / name)
    damaged = (folder / "contexts/value.npy").read_bytes()
    with pytest.raises(
        UserError, match=r"tokens/activations\.npy .* a copy, or the collection|contexts/value\.npy"
    ):
        check.run(folder, repair=True, as_json=True)
    outcomes = {each["file"]: each["outcome"] for each in json.loads(capsys.readouterr().out)["damage"]}
    assert outcomes["tokens/activations.npy"] == "left as it is"
    assert outcomes["contexts/value.npy"] == "left as it is, since tokens/activations.npy is damaged too"
    assert (folder / "contexts/value.npy").read_bytes() == damaged


def test_a_damaged_sae_is_named(folder: Path) -> None:
    flip(folder / "sae" / "sae_weights.safetensors")
    with pytest.raises(UserError, match=r"sae_weights\.safetensors is damaged"):
        check.run(folder / "sae")
