"""A study is what was written, or says which of its files is not."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from damages import ALL, OF_ARRAYS, OF_JSON

from data.checksums import FILES, listed, signed
from data.errors import UserError
from retrieval.study import Study
from retrieval.validity import findings, verdicts
from retrieval.validity.folder import PER_QUERY
from retrieval.validity.structure import checks_of

DAMAGES = {**ALL, **OF_ARRAYS, **OF_JSON}


@pytest.fixture(scope="module")
def folder(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("validity") / "study"
    shutil.copytree(tiny_study.path, path)
    return path


@pytest.fixture
def restored(folder: Path) -> Iterator[Path]:
    """The study, which is as before when the test ends; the manifest comes last, as in a build."""
    manifest = (folder / "study.json").read_bytes()
    yield folder
    (folder / "study.json").write_bytes(manifest)


def put_back(path: Path, content: bytes) -> None:
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def core(folder: Path) -> list[str]:
    """The files that the study lists, but for parts that are not there any more."""
    names = json.loads((folder / "study.json").read_text())[FILES]
    return sorted(name for name in names if (folder / name).is_file())


def test_every_file_is_listed_and_the_study_opens(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {*core(folder)} == {name for name in names if name != "study.json" and not name.startswith(".")}
    Study.open(folder)
    assert not findings(folder, Study.open(folder).manifest)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_named_whichever_it_is(restored: Path, name: str) -> None:
    """Each damage to each file, also by whoever can list it as sound: then ranges and types are looked at."""
    chance = random.Random(7)
    for file in core(restored):
        path = restored / file
        if name not in ALL and not (name in OF_ARRAYS and path.suffix == ".npy"):
            continue
        before = path.read_bytes()
        DAMAGES[name](path, chance)
        try:
            removed = name == "missing" and checks_of(file) is None and file != PER_QUERY
            if removed:  # which the study then does not keep
                Study.open(restored)
            else:
                with pytest.raises(UserError, match=r"`workbench check .*` says") as raised:
                    Study.open(restored)
                assert file in str(raised.value)
        finally:
            put_back(path, before)
    Study.open(restored)


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_arrays_that_their_maker_calls_sound_are_looked_at(restored: Path, name: str) -> None:
    """Whoever makes a study can list any content: what would send a compiled loop astray is still refused."""
    chance = random.Random(3)
    for file in core(restored):
        path = restored / file
        if path.suffix != ".npy":
            continue
        before = path.read_bytes()
        OF_ARRAYS[name](path, chance)
        record = json.loads((restored / "study.json").read_text())
        (restored / "study.json").write_text(json.dumps(signed({**record, FILES: listed(restored)})))
        try:
            with pytest.raises(UserError, match="is damaged"):
                Study.open(restored)
        finally:
            put_back(path, before)
            (restored / "study.json").write_text(json.dumps(record))


def test_the_manifest_is_as_written(restored: Path) -> None:
    path = restored / "study.json"
    record = json.loads(path.read_text())
    record["pooling"] = "max"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"study\.json is damaged: its content is not what was written"):
        Study.open(restored)


@pytest.mark.parametrize("name", ["../other", "/dev/zero", "tokens/../../other", ""])
def test_a_manifest_that_lists_what_is_elsewhere_is_refused(restored: Path, name: str) -> None:
    path = restored / "study.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(signed({**record, FILES: record[FILES] | {name: ["0"]}})))
    with pytest.raises(UserError, match=r"study\.json is damaged: it lists"):
        Study.open(restored)


@pytest.mark.parametrize(
    ("key", "value"),
    [("format", True), ("counts", {}), ("sae", {"n_latents": "8"}), ("encoder", []), ("pooling", "mean")],
)
def test_a_manifest_of_other_types_is_refused(restored: Path, key: str, value: object) -> None:
    path = restored / "study.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(signed({**record, key: value})))
    with pytest.raises(UserError, match="format" if key == "format" else key):
        Study.open(restored)


def test_what_was_found_sound_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study that has not changed opens without a look into its files; a touched one is read again."""
    Study.open(folder)
    read: list[str] = []
    from retrieval.validity import folder as validity

    def hashed(paths: Iterator[Path]) -> list[str]:
        from data.checksums import sha256

        each = list(paths)
        read.extend(path.name for path in each)
        return [sha256(path) for path in each]

    monkeypatch.setattr(validity, "sha256_of_all", hashed)
    Study.open(folder)
    assert not read
    (folder / "vectors.npy").touch()
    Study.open(folder)
    assert read == ["vectors.npy"]


def test_a_verdict_of_another_version_or_place_says_nothing(folder: Path, tmp_path: Path) -> None:
    Study.open(folder)
    assert verdicts.sound_before(folder)
    shutil.copytree(folder, tmp_path / "copy")
    assert not verdicts.sound_before(tmp_path / "copy")


def test_a_part_that_is_written_is_listed_and_one_that_a_kill_left_unlisted_is_neither(folder: Path) -> None:
    """A file is listed before it takes its name, with what it held before: a kill between the two loses nothing."""
    from data import checksums
    from data.files import new_file

    with new_file(folder / "part.json") as temporary:
        temporary.write_text("[1]")
    first = json.loads((folder / "study.json").read_text())[FILES]["part.json"]
    temporary = folder / ".part"
    temporary.write_text("[2]")
    checksums.list_before_rename(folder / "part.json", temporary)  # and killed here
    temporary.write_text("[4]")
    checksums.list_before_rename(
        folder / "part.json", temporary
    )  # and there again: the first content still stands
    Study.open(folder)
    temporary.unlink()
    assert json.loads((folder / "study.json").read_text())[FILES]["part.json"][1:] == first
    Study.open(folder)
    (folder / "part.json").write_text("[3]")
    with pytest.raises(UserError, match=r"part\.json is damaged"):
        Study.open(folder)
    (folder / "part.json").unlink()  # a part that is removed is one that the study does not keep
    Study.open(folder)


def test_another_sae_in_the_folder_is_refused(restored: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from sae.checkpoint import save_autoencoder

    study = Study.open(restored)
    kept = tmp_path / "sae"
    shutil.copytree(restored / "sae", kept)
    save_autoencoder(replace(study.sae, b_dec=study.sae.b_dec + 1), restored / "sae")
    with pytest.raises(UserError, match="was made with an SAE of weights"):
        _ = Study.open(restored).sae
    shutil.rmtree(restored / "sae")
    shutil.copytree(kept, restored / "sae")
