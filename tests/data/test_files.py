"""Files are complete or absent, whatever happens to their writer, and arrays are what their reader expects."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import exchange, files
from data.arrays import create_array, map_array
from data.errors import UserError
from data.files import create_file, new_file, new_folder, read_json, replace_folder
from data.locks import only_maker
from data.tables import read_parquet


def ended_process() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.mark.parametrize("host", ["", f"-{files.HOST}-0123abcd"])
def test_what_a_killed_writer_left_is_swept_by_the_next(tmp_path: Path, host: str) -> None:
    gone, here = ended_process(), os.getpid()
    (tmp_path / f".a.json.{gone}{host}.tmp").write_text("half")
    (tmp_path / f".a.json.{here}{host}.tmp").write_text("still being written")
    (tmp_path / f".b.json.{gone}{host}.tmp").write_text("of another file")
    with new_file(tmp_path / "a.json") as temporary:
        temporary.write_text("whole")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.json", f".a.json.{here}{host}.tmp", f".b.json.{gone}{host}.tmp"}


def test_litter_of_another_machine_stays(tmp_path: Path) -> None:
    (tmp_path / f".a.{ended_process()}-ffff-0123abcd.tmp").write_text("half")
    with new_folder(tmp_path / "a"):
        pass
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_a_killed_writer_moved_aside_gets_its_name_back(tmp_path: Path) -> None:
    (tmp_path / f".a.{ended_process()}.old").mkdir()
    files.sweep(tmp_path / "a")
    assert (tmp_path / "a").is_dir()


@pytest.mark.parametrize("can", [True, False])
def test_a_folder_is_replaced_as_a_whole(tmp_path: Path, can: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can:
        monkeypatch.setattr(files, "exchange", lambda a, b: False)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["old", "old/new"]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_names_are_exchanged_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert exchange.exchange(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a" / "b").exists()
    assert not exchange.exchange(tmp_path / "a", tmp_path / "nothing")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 4 KB here: each kind of write says so with its path, mapped arrays too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with (
            pytest.raises(UserError, match=r"a\.npy could not be written, since its disk"),
            new_file(tmp_path / "a.npy") as path,
        ):
            np.save(path.open("wb"), np.zeros(10_000))
        with (
            pytest.raises(UserError, match="folder could not be written"),
            new_folder(tmp_path / "folder") as new,
        ):
            create_array(new / "a.npy", np.float64, (10_000,))
        with pytest.raises(UserError, match=r"a\.json could not be written"):
            files.write_json(tmp_path / "a.json", list(range(10_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_a_second_maker_is_refused_or_waits(tmp_path: Path) -> None:
    out, waits = tmp_path / "study", threading.Event()
    order: list[str] = []

    def second() -> None:
        def waiting(sentence: str) -> None:
            assert f"process {os.getpid()}" in sentence
            waits.set()

        with only_maker(out, waiting):
            order.append("second")

    with only_maker(out):
        with (
            pytest.raises(UserError, match=rf"study is being made by process {os.getpid()}"),
            only_maker(out),
        ):
            pass
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(30)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert not list(tmp_path.iterdir())


@given(
    st.sampled_from(["<f4", "<i4", ">i4", "<i8", "<u2"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.sampled_from(["<f4", "<i4"]),
    st.lists(st.sampled_from([None, 0, 1, 2, 3]), min_size=1, max_size=3),
)
def test_an_array_is_what_is_expected_or_refused(
    dtype: str, shape: list[int], expected: str, form: list[int | None]
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npy"
        array = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
        np.save(path, array)
        fits = dtype == expected and len(shape) == len(form)
        if fits and all(want in (None, got) for got, want in zip(shape, form, strict=True)):
            assert np.array_equal(map_array(path, expected, form), array)
        else:
            with pytest.raises(UserError, match=r"a\.npy is damaged: expected"):
                map_array(path, expected, form)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", ""])
def test_json_that_is_none_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_a_table_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(UserError, match=r"a\.parquet is damaged"):
        read_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"b\.parquet is missing"):
        read_parquet(tmp_path / "b.parquet")


def test_a_file_that_is_there_is_not_created_again(tmp_path: Path) -> None:
    path = tmp_path / "one"
    create_file(path, lambda temporary: temporary.write_text("first"))
    create_file(path, lambda temporary: temporary.write_text("second"))
    assert path.read_text() == "first"

    def late(temporary: Path) -> None:
        temporary.write_text("mine")
        (tmp_path / "two").write_text("another process's")

    create_file(tmp_path / "two", late)
    assert (tmp_path / "two").read_text() == "another process's"
    with pytest.raises(KeyboardInterrupt):
        create_file(tmp_path / "three", _interrupted)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "two"]


def _interrupted(temporary: Path) -> None:
    temporary.write_text("half")
    raise KeyboardInterrupt
