"""Models that a received study names: their code is not run, and the hub is not asked for them without a yes."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from data import downloads, model_files
from data.encoder_config import EncoderConfig
from data.errors import UserError
from data.models import load_model
from data.reading import with_found_model
from data.remote_code import VARIABLE
from retrieval.study import Study

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("data", "sae", "retrieval", "analyses", "workbench", "benchmarks")
LOADERS = ("from_pretrained", "from_config")


def loads_of_models(source: str) -> Iterator[tuple[int, bool]]:
    """(line, whether trust_remote_code is said) of every call that loads a model by transformers."""
    for function in [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]:
        said = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
            and any(
                isinstance(key, ast.Constant) and key.value == "trust_remote_code" for key in node.value.keys
            )
        }
        for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
            called = call.func
            if not isinstance(called, ast.Attribute) or called.attr not in LOADERS:
                continue
            if isinstance(called.value, ast.Name) and called.value.id == "SAE":
                continue  # SAELens's, from its own list: weights and a configuration
            names = [word.arg or getattr(word.value, "id", "") for word in call.keywords]
            yield call.lineno, any(name == "trust_remote_code" or name in said for name in names)


@pytest.mark.slow
def test_every_load_of_a_model_says_whether_its_code_may_run() -> None:
    found = {
        f"{file}:{line}": said
        for room in ROOMS
        for file in sorted((REPOSITORY / room).rglob("*.py"))
        for line, said in loads_of_models(file.read_text(encoding="utf-8"))
    }
    assert len(found) > 8
    assert [place for place, said in found.items() if not said] == []


def test_the_walk_sees_what_is_not_said() -> None:
    head = "def f(x):\n    y = {'%s': 1}\n    "
    silent = head % "a" + "A.from_pretrained(x); A.from_config(x, **y); A().from_config(x)"
    assert [said for _, said in loads_of_models(silent)] == [False, False, False]
    said_twice = head % "trust_remote_code" + "A.from_config(x, **y); A.from_config(trust_remote_code=0)"
    assert [said for _, said in loads_of_models(said_twice)] == [True, True]


def received(folder: Path, model: str) -> Study:
    """A study whose manifest names a model."""
    manifest = {"format": 2, "encoder": {"config": {"model": model}, "fingerprint": "f"}}
    return Study(folder, manifest)


def test_code_beside_a_received_study_neither_prompts_nor_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "study" / "encoder"
    model.mkdir(parents=True)
    config = {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M", "AutoTokenizer": "own.T"},
    }
    (model / "config.json").write_text(json.dumps(config))
    (model / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": ["own.T", None]}}))
    (model / "own.py").write_text(f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\n")
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("a prompt"))
    for name in (str(model), "encoder"):
        with pytest.raises(UserError, match="brings Python code of its own"):
            _ = received(tmp_path / "study", name).encoder
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were looked for, none of which is found."""
    hosts: list[str] = []

    def refuse(host: object, *_: object, **__: object) -> None:
        hosts.append(str(host))
        raise OSError("no network in this test")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)  # the hub's client tries again, and waits between
    monkeypatch.setattr(downloads, "_named_by_files", set())
    monkeypatch.delenv(downloads.VARIABLE, raising=False)
    return hosts


@pytest.mark.parametrize(
    "name",
    ["some-lab/an-encoder", "random:some-lab/an-encoder:3", "an-encoder", "../../no-such-model", "a b/c"],
)
def test_the_hub_is_not_asked_for_what_a_study_names(name: str, tmp_path: Path, asked: list[str]) -> None:
    with pytest.raises(UserError, match=r"study .* is .*not on this machine.*--download"):
        _ = received(tmp_path, name).encoder
    assert not asked


def test_a_model_in_the_cache_is_read_from_there_alone(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cache lacks is not fetched either: here all but the configuration."""
    cached = tmp_path / "config.json"
    cached.write_text('{"model_type": "bert"}')
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: str(cached))
    config = with_found_model(EncoderConfig("some-lab/an-encoder"), "study x", tmp_path)
    assert config.model == "some-lab/an-encoder"
    with pytest.raises(UserError, match="could not be loaded"):
        load_model(config.model)
    assert not asked


@pytest.mark.slow
def test_the_hub_is_asked_once_the_user_says_so_or_names_the_model(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert model_files.model_file("some-lab/an-encoder", "config.json") is None
    assert asked
    asked.clear()
    with pytest.raises(UserError, match="--download"):
        _ = received(tmp_path, "some-lab/an-encoder").encoder
    assert not asked
    monkeypatch.setenv(downloads.VARIABLE, "1")
    with pytest.raises(UserError, match="could not be loaded"):
        _ = received(tmp_path, "some-lab/an-encoder").encoder
    assert asked
